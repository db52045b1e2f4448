"""Two studies made by hand and the table of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analysis.frame import trial_frame
from analysis.joined import join_tables
from analysis.joined_part import Part
from analysis.provenance import provenance
from analysis.table import build_table
from analysis.table_model import Table
from blocks.count import Counts

FIRST = """
study: first
title: The first
seeds: [0, 1]
variants:
  - {id: base, label: Base, baseline: true}
  - {id: wider, label: Wider, set: {block.width: 1.0}, paper: wider}
table:
  caption: First
  columns:
    - {metric: params, best: min}
    - {metric: pckh, best: max}
    - {delta: pckh}
    - {metric: seconds, aggregate: mean}
    - {n: true}
    - {paper: table2, column: PCKh}
"""
SECOND = """
study: second
title: The second
seeds: [0, 1]
base: {training.epochs: 9}
variants:
  - {id: base, label: Second base, baseline: true}
  - {id: real, label: Real, set: {model.binary: false}, paper: final}
table:
  caption: Second
  row_header: Network
  columns:
    - {config: training.epochs, header: epochs}
    - {metric: params}
    - {metric: pckh}
    - {delta: pckh}
    - {metric: pckh_wrist}
    - {metric: pckh, aggregate: max}
    - {metric: seconds, aggregate: mean}
    - {n: true}
    - {paper: table4, column: PCKh}
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def make_part(make_plan, record) -> Callable[..., Part]:
    """Makes a study's part from its text, the values of its trials by name, and the sizes of its networks."""

    def make(text: str, values: dict[str, dict[str, float]], params: dict[str, int] | None = None, **changes) -> Part:
        plan = make_plan(text, {name: Counts(size) for name, size in params.items()} if params else None)
        # Trials of two studies made by hand must not share fingerprints, nor runs.
        study = plan.expanded.study.name
        trials = tuple(replace(trial, fingerprint=f"{study}-{trial.name}") for trial in plan.trials)
        plan = replace(plan, trials=trials, **changes)
        runs = [record(plan, name, run_id=f"{study}-{name}", metrics=metrics) for name, metrics in values.items()]
        table = build_table(plan, trial_frame(plan, runs))
        return Part(plan, replace(table, provenance=provenance(plan, table, now=NOON)))

    return make


@pytest.fixture
def parts(make_part) -> list[Part]:
    first = make_part(
        FIRST,
        {
            "base/0": {"pckh": 50.0, "seconds": 40.0},
            "base/1": {"pckh": 50.2, "seconds": 50.0},
            "wider/0": {"pckh": 60.0, "seconds": 90.0},
            "wider/1": {"pckh": 60.2, "seconds": 90.0},
        },
        {"base": 3_500_000, "wider": 11_300_000},
    )
    second = make_part(
        SECOND,
        {
            "base/0": {"pckh": 40.0, "pckh_wrist": 33.0, "seconds": 4000.0},
            "real/0": {"pckh": 80.0, "pckh_wrist": 44.0, "seconds": 5000.0},
            "real/1": {"pckh": 80.2, "pckh_wrist": 44.4, "seconds": 5400.0},
        },
        {"base": 53_000, "real": 54_000},
    )
    return [first, second]


@pytest.fixture
def joined(parts) -> Table:
    return join_tables(parts)


def said(table: Table) -> str:
    return " ".join(note.text for note in table.notes if note.mark is None)
