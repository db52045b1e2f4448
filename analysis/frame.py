"""The record as one tidy frame: a row for every trial that a study plans, trained or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.results import MISSING as MISSING
from runners.record.chosen import choose_runs
from search_space.conditions import active_settings
from search_space.keys import all_keys
from search_space.metrics import METRICS

if TYPE_CHECKING:
    from runners.planning import Plan, PlannedTrial
    from runners.record.recorded import RecordedTrial

IDENTITY = ("study", "variant", "label", "seed", "fingerprint", "state", "run_id", "trained_in", "error", "started")
"""The first columns of a frame, always there."""


def trial_frame(plan: Plan, recorded: Sequence[RecordedTrial]) -> pd.DataFrame:
    """One row for each planned trial, variant by variant and seed by seed, in the study's order.

    A trial's run is found by its fingerprint in all of `recorded`, whichever study trained it (`trained_in`): the
    newest complete run where there is one, else the newest of the others. Runs that the plan does not ask for are left
    out. Columns:

    - study, variant, label, seed, fingerprint: which trial the row is;
    - state: complete, failed, interrupted, running, or missing where the record holds no run;
    - run_id, trained_in, error, started: of the run, empty where there is none;
    - `metric.<name>`: the counts of the variant's network, and what the run reported last. **Whatever its state**: who
      compares takes the rows whose state is complete;
    - `config.<key>`: the settings that mean something for the trial (`search_space.conditions.active_settings`), the
      network's width given as `model.features`; empty where a key means nothing;
    - `provenance.<key>`: what explains the run and does not decide it.

    Args:
        plan: what `runners.planning.plan_study` returned.
        recorded: the record's runs, of this study and of any other.
    """
    chosen = choose_runs(recorded)
    position = {variant.id: place for place, variant in enumerate(plan.expanded.variants)}
    trials = sorted(plan.trials, key=lambda trial: position[trial.variant.id])
    rows = [_row(plan, trial, chosen.get(trial.fingerprint)) for trial in trials]
    frame = pd.DataFrame(rows, columns=_columns(plan, rows))
    frame["started"] = pd.to_datetime(frame["started"])
    return frame.astype({name: dtype for name in frame.columns if (dtype := _dtype(name, rows)) is not None})


def _row(plan: Plan, trial: PlannedTrial, run: RecordedTrial | None) -> dict[str, Any]:
    counts = plan.counts[trial.variant.id]
    counted = {name: getattr(counts, name) for name, metric in METRICS.items() if metric.counted}
    metrics: Mapping[str, float] = {**(run.metrics if run else {}), **counted}
    return {
        "study": plan.expanded.study.name,
        "variant": trial.variant.id,
        "label": trial.variant.label,
        "seed": trial.seed,
        "fingerprint": trial.fingerprint,
        "state": run.state if run else MISSING,
        "run_id": run.run_id if run else None,
        "trained_in": run.study if run else None,
        "error": run.error if run else None,
        "started": run.started if run else None,
        **{f"metric.{name}": value for name, value in metrics.items()},
        **{f"config.{key}": value for key, value in active_settings(trial.config).items()},
        **({f"provenance.{key}": value for key, value in run.provenance.items()} if run else {}),
    }


def _dtype(name: str, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The type of a column that pandas would not find: counts and switches stay so where some rows have none."""
    if name.startswith("metric."):
        return "float64"
    if not name.startswith("config."):
        return None
    kinds = {type(value) for row in rows if (value := row.get(name)) is not None}
    return "Int64" if kinds == {int} else "boolean" if kinds == {bool} else None


def _columns(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The frame's columns in order; those of the metrics that the study's table asks for stand even before any run."""
    asked = {getattr(column, kind, None) for column in _table_columns(plan) for kind in ("metric", "delta", "ratio")}
    there = {name for row in rows for name in row} | {f"metric.{name}" for name in asked if name}
    known = [*IDENTITY, *(f"metric.{name}" for name in METRICS), *(f"config.{key}" for key in all_keys())]
    first = [name for name in known if name in there or name in IDENTITY]
    rest = sorted(there - set(first))
    others = [name for name in rest if name.startswith("metric.")]
    place = next((index for index, name in enumerate(first) if name.startswith("config.")), len(first))
    return [*first[:place], *others, *first[place:], *(name for name in rest if name not in others)]


def _table_columns(plan: Plan) -> tuple[Any, ...]:
    return plan.expanded.study.spec.table.columns
