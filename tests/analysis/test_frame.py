from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analysis.frame import IDENTITY, trial_frame
from runners.planning import Plan
from runners.record.recorded import RecordedTrial
from search_space.conditions import active_settings


def test_a_row_for_every_planned_trial(sample_plan: Plan, sample_records: list[RecordedTrial]) -> None:
    frame = trial_frame(sample_plan, sample_records)
    order = ["bottleneck", "hierarchical", "wider", "deeper", "real", "average"]
    assert list(zip(frame["variant"], frame["seed"], strict=True)) == [(v, s) for v in order for s in (0, 1)]
    assert list(frame.columns[: len(IDENTITY)]) == list(IDENTITY)
    assert list(frame["state"]) == (
        ["complete"] * 5 + ["failed", "running", "missing", "failed", "failed", "complete", "complete"]
    )
    assert set(frame["study"]) == {"sample"}


def test_a_trial_of_another_study_counts(sample_plan: Plan, sample_records: list[RecordedTrial]) -> None:
    frame = trial_frame(sample_plan, sample_records).set_index("variant")
    assert set(frame.loc["average", "trained_in"]) == {"other"}
    assert list(frame.loc["average", "metric.pckh"]) == [50.0, 65.0]


def test_nothing_recorded_gives_all_rows(sample_plan: Plan) -> None:
    frame = trial_frame(sample_plan, [])
    assert len(frame) == 12
    assert set(frame["state"]) == {"missing"}
    for name in ("run_id", "error", "started", "trained_in", "metric.pckh", "metric.seconds"):
        assert frame[name].isna().all()
    assert list(frame["metric.params"])[:3] == [3_503_120, 3_503_120, 6_237_456]


def test_columns_come_from_the_active_settings(sample_plan: Plan, sample_records: list[RecordedTrial]) -> None:
    frame = trial_frame(sample_plan, sample_records)
    for (_, row), trial in zip(
        frame.iterrows(), sorted(sample_plan.trials, key=lambda t: list(frame["fingerprint"]).index(t.fingerprint)),
        strict=True,
    ):  # fmt: skip
        given = {name[7:]: row[name] for name in frame.columns if name.startswith("config.") and pd.notna(row[name])}
        expected = {key: value for key, value in active_settings(trial.config).items() if value is not None}
        assert given == expected
    assert frame["config.block.depth"].dtype == "Int64"
    assert frame["config.model.relu"].dtype == "boolean"


def test_provenance_and_unknown_metrics_are_kept(sample_plan: Plan, record: Any) -> None:
    run = record(
        sample_plan, "deeper/1", provenance={"torch": "2.13", "host": "there"}, metrics={"pckh": 1.0, "nme_68": 3.5}
    )
    frame = trial_frame(sample_plan, [run]).set_index("fingerprint")
    row = frame.loc["fp-deeper-1"]
    assert (row["provenance.torch"], row["provenance.host"], row["metric.nme_68"]) == ("2.13", "there", 3.5)
    kinds = [name.partition(".")[0] for name in frame.columns if "." in name]
    assert kinds == sorted(kinds, key=["metric", "config", "provenance"].index)


@pytest.mark.parametrize(
    ("runs", "chosen"),
    [
        ([("complete", 0), ("complete", 2), ("complete", 1)], 1),
        ([("complete", 0), ("failed", 5), ("running", 9)], 0),
        ([("failed", 1), ("interrupted", 3), ("running", 2)], 1),
        ([("failed", 1), ("failed", 1)], 1),
    ],
)
def test_the_newest_complete_run_counts(
    runs: list[tuple[str, float]], chosen: int, sample_plan: Plan, record: Any
) -> None:
    recorded = [
        record(sample_plan, "deeper/0", state, hours, run_id=f"run{index}") for index, (state, hours) in enumerate(runs)
    ]
    frame = trial_frame(sample_plan, recorded).set_index("fingerprint")
    assert frame.loc["fp-deeper-0", "run_id"] == f"run{chosen}"


def test_runs_that_the_plan_does_not_ask_for_are_left_out(sample_plan: Plan, record: Any) -> None:
    run = replace(record(sample_plan, "deeper/0"), fingerprint="of-something-else")
    assert set(trial_frame(sample_plan, [run])["state"]) == {"missing"}


def test_analysis_needs_neither_torch_nor_ray_nor_mlflow() -> None:
    code = (
        "import sys, analysis; assert 'pandas' not in sys.modules; analysis.trial_frame, analysis.build_table;"
        "import analysis.render.terminal, analysis.render.latex, analysis.render.csv;"
        "bad = {'torch', 'ray', 'mlflow'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
