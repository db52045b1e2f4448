"""Sweeps that lose workers and nodes, under a real Ray: what was trained is not trained again, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runners.files import MODEL
from runners.job import Places
from runners.record.reading import read_trials
from runners.record.writing import Record
from tests.cli.conftest import environment
from tests.runners.launches import _launch
from tests.runners.sweeps import EPOCHS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]
ROOT = Path(__file__).resolve().parents[2]
MACHINE_DEPENDENT = {"seconds", "peak_memory_mb"}


def _sweep(name: str, folder: Path) -> dict[str, Any]:
    """Run a sweep of tests/runners/sweeps.py as a process, and give what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.runners.sweeps", name, str(folder)],
        cwd=ROOT,
        env={key: value for key, value in environment().items() if key != "OMP_NUM_THREADS"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _histories(places: Places, fingerprint: str, metric: str) -> list[list[float]]:
    """The values of a metric by epoch, in each run of a trial, oldest first."""
    client = Record(places.uri, places.artifacts).client
    runs = [trial.run_id for trial in read_trials(places.uri) if trial.fingerprint == fingerprint]
    return [[point.value for point in client.get_metric_history(run, metric)] for run in runs]


def _assert_continued(places: Places, lost: str) -> None:
    """The trial called `lost` was begun twice, the second time from where the first had come to."""
    fingerprint = next(t.fingerprint for t in read_trials(places.uri) if f"{t.variant}/{t.seed}" == lost)
    before, after = _histories(places, fingerprint, "seconds")
    # Seconds of training are measured: two runs agree in them only if the second has the epochs of the first.
    assert 2 <= len(before) < EPOCHS == len(after)
    assert after[: len(before)] == before


def _assert_each_complete_once(places: Places) -> None:
    complete = [trial for trial in read_trials(places.uri) if trial.state == "complete"]
    assert len(complete) == len({trial.fingerprint for trial in complete}) == 4
    assert all(trial.metrics["epoch"] == EPOCHS for trial in complete)
    assert "running" not in {trial.state for trial in read_trials(places.uri)}


def test_a_node_that_is_lost_costs_no_epoch(tmp_path, make_plan) -> None:
    told = _sweep("lose_a_node", tmp_path)
    assert (told["failed"], told["error"], len(told["trained"])) == ({}, None, 4)
    places = Places.below(tmp_path / "runs")
    _assert_each_complete_once(places)
    _assert_continued(places, told["killed"]["job"])
    assert len(read_trials(places.uri)) == 5, "only the trial of the lost node was begun again"

    # As if nothing had happened, bit for bit: another record, without Ray.
    calm = Places.below(tmp_path / "calm")
    _launch(make_plan(f"training.epochs={EPOCHS}", "data.train_images=32"), calm)
    metrics = [
        {
            trial.fingerprint: {name: value for name, value in trial.metrics.items() if name not in MACHINE_DEPENDENT}
            for trial in read_trials(places_.uri)
            if trial.state == "complete"
        }
        for places_ in (places, calm)
    ]
    assert metrics[0] == metrics[1]


def test_a_node_that_is_lost_with_its_disk_costs_no_epoch(tmp_path) -> None:
    told = _sweep("lose_a_node_with_its_disk", tmp_path)
    assert (told["failed"], told["error"], len(told["trained"])) == ({}, None, 4)
    places = Places.below(tmp_path / "runs")
    _assert_each_complete_once(places)
    _assert_continued(places, told["killed"]["job"])
    trials = read_trials(places.uri)
    assert len(trials) == 5, "only the trial of the lost node was begun again"
    lost = next(trial.fingerprint for trial in trials if trial.state != "complete")
    disks = {path.parts[-3] for path in (tmp_path / "disks").glob(f"*/trials/{lost}")}
    assert len(disks) == 2, "it went on where its folder was not"
    assert not list(places.trials.glob(f"{lost}*")), "nor did the launch have it"
    kept = {path.relative_to(tmp_path / "url").as_posix() for path in (tmp_path / "url").rglob("*") if path.is_file()}
    assert kept == {f"{trial.fingerprint}/{MODEL}" for trial in trials}


def test_a_lost_worker_is_replaced_and_an_error_is_not_repeated(tmp_path) -> None:
    told = _sweep("lose_workers", tmp_path)
    places = Places.below(tmp_path / "runs")
    events = [tuple(event) for event in told["told"]]
    assert events.count(("started", "hierarchical/1")) == 1, "what raised would raise again"
    assert list(told["failed"]) == ["hierarchical/1"]
    assert "IsADirectoryError" in told["failed"]["hierarchical/1"]
    assert events.count(("started", "bottleneck/0")) == 2
    assert sum(what == "finished" for what, _ in events) == 3
    _assert_continued(places, "bottleneck/0")

    # The same Ray once more, with two CPUs for a trial: two threads, and one worker for trial after trial.
    assert told["second"] == {"trained": told["second"]["trained"], "failed": {}}
    assert len(told["second"]["trained"]) == 4
    assert {(threads, omp) for _, _, threads, omp in told["threads"]} == {(2, "2")}
    assert len({process for _, process, _, _ in told["threads"]}) == 1
    assert len({name for name, _, _, _ in told["threads"]}) == 4
