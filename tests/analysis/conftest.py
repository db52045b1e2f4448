"""A hand-made study with everything that can happen to a trial, and what the record might hold of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analysis.frame import trial_frame
from analysis.table import build_table
from analysis.table_model import Provenance, Table
from blocks.count import Counts
from runners.planning import Plan, PlannedTrial
from runners.record.recorded import RecordedTrial, State
from search_space import expand, read_overrides, read_study
from search_space.conditions import active_settings

SAMPLE = r"""
study: sample
title: A sample
base: {block.type: bottleneck, model.binary: true}
seeds: [0, 1]
variants:
  - id: bottleneck
    label: 'Bottleneck & 100% #1_a ~b ^c \d {e} $f$ <g> [h] | `i` *j* --k ± – é'
    baseline: true
    paper: bottleneck
  - {id: hierarchical, label: Hierarchical, set: {block.type: hierarchical}, paper: hierarchical}
  - {id: wider, label: '[wider]', set: {block.width: 1.0}, paper: wider}
  - {id: deeper, label: Deeper, set: {block.type: hierarchical, block.depth: 4}}
  - {id: real, label: Real, set: {model.binary: false}}
  - {id: average, label: Average pooling, set: {model.pooling: average}}
table:
  caption: Sample of 50% & more_or_less
  label: tab:sample_1
  row_header: Block (α = 0.5)
  columns:
    - {metric: params, header: "# params", best: min}
    - {config: block.depth, header: depth}
    - {config: model.pooling, header: pooling}
    - {metric: pckh, best: max}
    - {delta: pckh}
    - {metric: pckh_wrist, best: max}
    - {metric: validation_loss, best: auto, mark: always, aggregate: median}
    - {metric: seconds, aggregate: mean}
    - {n: true}
    - {paper: table2, column: params, header: "# params (paper)"}
    - {paper: table2, column: PCKh}
"""

COUNTS = {
    "bottleneck": Counts(3_503_120, 3_300_000, 2_150_000_000, 310_000_000, 1_300_000),
    "hierarchical": Counts(6_237_456, 6_000_000, 3_900_000_000, 310_000_000, 1_900_000),
    "wider": Counts(11_312_000, 11_000_000, 7_100_000_000, 310_000_000, 2_700_000),
    "deeper": Counts(6_250_000, 6_000_000, 3_900_000_000, 310_000_000, 1_900_000),
    "real": Counts(3_503_120, 0, 0, 2_460_000_000, 14_100_000),
    "average": Counts(3_503_120, 3_300_000, 2_150_000_000, 310_000_000, 1_300_000),
}
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

MakePlan = Callable[..., Plan]
Record = Callable[..., RecordedTrial]


@pytest.fixture
def make_plan(tmp_path: Path) -> MakePlan:
    """Makes a plan from a study's text, with counts by hand and fingerprints that can be read: `fp-hierarchical-0`."""

    def make(text: str, counts: Mapping[str, Counts] | None = None, overrides: Iterable[str] = ()) -> Plan:
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        expanded = expand(read_study(path), "tiny", read_overrides(texts=tuple(overrides)))
        trials = tuple(PlannedTrial(t, f"fp-{t.variant.id}-{t.seed}", "synthetic-1") for t in expanded.trials)
        return Plan(expanded, trials, counts or {variant.id: Counts(1000) for variant in expanded.variants})

    return make


@pytest.fixture
def record() -> Record:
    """Makes a run of a planned trial as the record would return it."""

    def make(plan: Plan, name: str, state: State = "complete", hours: float = 0, **fields: Any) -> RecordedTrial:
        trial = next(trial for trial in plan.trials if trial.name == name)
        return RecordedTrial(
            run_id=fields.pop("run_id", f"run-{name}"),
            experiment_id="1",
            study=fields.pop("study", plan.expanded.study.name),
            variant=fields.pop("variant", trial.variant.id),
            seed=trial.seed,
            scale="tiny",
            fingerprint=trial.fingerprint,
            state=state,
            metrics=fields.pop("metrics", {}),
            settings=active_settings(trial.config),
            provenance=fields.pop("provenance", {"host": "here"}),
            started=START + timedelta(hours=hours),
            error=fields.pop("error", None),
            **fields,
        )

    return make


@pytest.fixture
def sample_plan(make_plan: MakePlan) -> Plan:
    return make_plan(SAMPLE, COUNTS)


@pytest.fixture
def sample_records(sample_plan: Plan, record: Record) -> list[RecordedTrial]:
    def metrics(pckh: float, wrist: float, loss: float, seconds: float) -> dict[str, float]:
        return {"pckh": pckh, "pckh_wrist": wrist, "validation_loss": loss, "seconds": seconds}

    failed = "RuntimeError: {out} of 100% memory_\n  File 'x.py', line 3\n"
    return [
        record(sample_plan, "bottleneck/0", metrics=metrics(67.0, 57.0, 0.0123, 48.2)),
        record(sample_plan, "bottleneck/1", metrics=metrics(67.4, 57.6, 0.0125, 50.9)),
        record(sample_plan, "hierarchical/0", metrics=metrics(75.7, 57.3, 0.0110, 61.0)),
        record(sample_plan, "hierarchical/1", metrics=metrics(76.3, 58.1, 0.0112, 63.0)),
        record(sample_plan, "wider/0", metrics=metrics(60.1, 50.0, 0.0111, 150.0)),
        record(sample_plan, "wider/1", "failed", metrics=metrics(99.0, 99.0, 0.0001, 1.0), error=failed),
        record(sample_plan, "deeper/0", "running", metrics=metrics(12.0, 12.0, 0.5, 10.0)),
        record(sample_plan, "real/0", "failed", error=failed),
        record(sample_plan, "real/1", "failed", error="ValueError: loss is nan"),
        record(sample_plan, "average/0", study="other", metrics=metrics(50.0, 40.0, 0.02, 47.0)),
        record(sample_plan, "average/1", study="other", metrics=metrics(65.0, 62.5, 0.03, 47.0)),
    ]


@pytest.fixture
def sample_table(sample_plan: Plan, sample_records: list[RecordedTrial]) -> Table:
    return build_table(sample_plan, trial_frame(sample_plan, sample_records))


GROUPED = """
study: grouped
title: Groups of columns and rows
seeds: [0, 1, 2]
variants:
  - {id: bottleneck, label: Bottleneck, baseline: true, paper: bottleneck}
  - {id: wider, label: Wider, group: "Width & others", set: {block.width: 1.0}, paper: wider}
  - {id: narrow, label: Narrow, group: "Width & others", set: {block.width: 0.25}}
  - {id: hierarchical, label: Hierarchical, group: Structure, set: {block.type: hierarchical}, paper: hierarchical}
  - {id: multi_scale, label: Multi-scale, group: Structure, set: {block.type: multi_scale}, paper: multi_scale}
table:
  siunitx: SIUNITX
  row_header: Block
  columns:
    - {metric: params, group: Cost}
    - {metric: binary_macs, group: Cost}
    - {metric: size_bytes, group: Cost}
    - {metric: pckh_head, group: PCKh by joint, best: max, second: true, mark: always}
    - {metric: pckh_knee, group: PCKh by joint, best: max, second: true, aggregate: mean, mark: always}
    - {metric: pckh_ankle, group: PCKh by joint, best: max, second: true, aggregate: max}
    - {metric: pckh, best: max, second: true}
    - {delta: pckh, interval: 95}
    - {ratio: seconds}
    - {paper: table2, column: PCKh, header: PCKh, group: Paper}
    - {n: true}
"""


@pytest.fixture
def make_grouped(make_plan: MakePlan, record: Record) -> Callable[..., Table]:
    """Makes a table with groups of columns and of rows, a best and a second best, notes and a failed row."""

    def make(siunitx: bool = False) -> Table:
        sizes = {"bottleneck": 3_503_120, "wider": 11_312_000, "narrow": 812_345, "hierarchical": 6_237_456}
        counts = {
            name: Counts(size, size - 100_000, size * 600, 310_000_000, size // 3)
            for name, size in (sizes | {"multi_scale": 4_043_000}).items()
        }
        plan = make_plan(GROUPED.replace("SIUNITX", str(siunitx).lower()), counts)
        levels = {"bottleneck": 67.2, "wider": 70.7, "narrow": 9.3, "hierarchical": 76.0}
        recorded = []
        for variant, level in levels.items():
            for seed in (0, 1, 2):
                spread = (seed - 1) * (0.4 if variant != "narrow" else 10.1)
                recorded.append(
                    record(
                        plan,
                        f"{variant}/{seed}",
                        "interrupted" if (variant, seed) == ("wider", 2) else "complete",
                        metrics={
                            "pckh": level + spread,
                            "pckh_head": level + 15 + spread,
                            "pckh_knee": level - 9 + spread,
                            "pckh_ankle": level - 9 + 2 * spread,
                            "seconds": 50.0 + level + seed,
                        },
                    )
                )
        recorded += [
            record(plan, f"multi_scale/{seed}", "failed", error="RuntimeError: 9 % left") for seed in (0, 1, 2)
        ]
        return build_table(plan, trial_frame(plan, recorded))

    return make


@pytest.fixture
def provenance() -> Provenance:
    """Of a table with more runs than a line holds."""
    return Provenance(
        studies=(("grouped", "5e" * 32), ("other", "a1" * 32)),
        runs=tuple(f"{number:032x}" for number in range(7)),
        code="hglab 0.1.0, training code 1",
        made="2026-03-01T12:00:00+00:00",
    )
