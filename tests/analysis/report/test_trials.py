"""What a report says of trials: each is there, whatever became of it."""

from __future__ import annotations

import shutil

from analysis.report.trials import dates, explained, failures, states, trial_lines


def test_every_planned_trial_is_there(sample_plan, sample_records) -> None:
    lines = trial_lines(sample_plan, sample_records)
    assert [(line.variant, line.seed) for line in lines[:4]] == [
        ("bottleneck", 0),
        ("bottleneck", 1),
        ("hierarchical", 0),
        ("hierarchical", 1),
    ]
    assert len(lines) == len(sample_plan.trials) == 12
    assert states(lines) == {"complete": 7, "running": 1, "failed": 3, "missing": 1}
    missing = [line for line in lines if line.run is None]
    assert [(line.variant, line.seed, line.state) for line in missing] == [("deeper", 1, "missing")]


def test_a_failure_has_its_error_and_its_traceback(sample_plan, sample_records, places, keep_file) -> None:
    keep_file("run-real/1", "error.txt", "Traceback (most recent call last):\n  ...\nValueError: loss is nan\n")
    found = {
        failure.trial.run.run_id: failure for failure in failures(trial_lines(sample_plan, sample_records), places)
    }
    assert set(found) == {"run-wider/1", "run-real/0", "run-real/1"}
    assert found["run-real/1"].first == "ValueError: loss is nan"
    assert found["run-real/1"].full.startswith("Traceback")
    assert found["run-real/0"].first == "RuntimeError: {out} of 100% memory_"
    assert "x.py" in found["run-real/0"].full


def test_a_traceback_that_lies_nowhere_is_said(sample_plan, sample_records, places, keep_file, tmp_path) -> None:
    keep_file("run-real/0", "error.txt", "Traceback")
    shutil.rmtree(tmp_path / "kept")
    found = {
        failure.trial.run.run_id: failure for failure in failures(trial_lines(sample_plan, sample_records), places)
    }
    assert found["run-real/0"].full.startswith("RuntimeError: ")
    assert "x.py" in found["run-real/0"].full
    assert "\nNo traceback: its files are not in " in found["run-real/0"].full
    assert "No traceback" not in found["run-real/1"].full


def test_what_explains_the_runs(sample_plan, record) -> None:
    runs = [
        record(sample_plan, "bottleneck/0", provenance={"host": "one", "torch": "2.13", "process": "1"}, hours=2),
        record(sample_plan, "bottleneck/1", provenance={"host": "two", "torch": "2.13", "process": "2"}, hours=5),
    ]
    lines = trial_lines(sample_plan, runs)
    assert explained(lines) == {"host": ("one", "two"), "torch": ("2.13",)}
    first, last = dates(lines)
    assert (last - first).total_seconds() == 3 * 3600
    assert dates(trial_lines(sample_plan, [])) is None
