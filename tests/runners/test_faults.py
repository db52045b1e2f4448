"""Faults in the middle of launches: a server that goes, a disk that fills up, memory that ends, a stop asked for."""

from __future__ import annotations

import errno
import os
import threading

import pytest
import torch

from runners.checkpoint import load_checkpoint
from runners.executors import run_inline
from runners.files import CHECKPOINT
from runners.interruption import StopRequest
from runners.job import Places, Resources
from runners.launch import launch, remaining
from runners.outcome import Outcome
from runners.record import names
from runners.record.buffer import outboxes
from runners.record.reading import read_trials
from runners.record.writing import Record
from tests.runners.launches import Silent
from tests.tracking import TrackingServer

pytestmark = pytest.mark.slow


def _launch(plan, places, monitor=None, resources=None) -> Outcome:
    rest = remaining(plan, read_trials(places.uri), places)
    return launch(plan, rest, places, resources or Resources(), run_inline, monitor or Silent(), prepare=lambda: None)


def _steps(places, trial) -> list[int]:
    history = Record(places.uri, places.artifacts).client.get_metric_history(trial.run_id, "pckh")
    return [point.step for point in history]


def test_a_server_that_dies_in_mid_trial_and_comes_back_has_every_epoch(make_plan, tmp_path) -> None:
    with TrackingServer(tmp_path) as server:
        places = Places.below(tmp_path / "runs", server.uri)
        plan = make_plan("training.epochs=4")
        starting: list[threading.Thread] = []

        class Killing(Silent):
            def progressed(self, job, progress) -> None:
                super().progressed(job, progress)
                if not starting:
                    server.kill()
                    starting.append(threading.Timer(3, server.start))
                    starting[0].start()

        outcome = _launch(plan, places, Killing())
        starting[0].join()
        assert sorted(outcome.trained) == sorted(trial.name for trial in plan.trials), outcome
        trials = read_trials(places.uri)
        assert [trial.state for trial in trials] == ["complete"] * 4
        assert [_steps(places, trial) for trial in trials] == [[1, 2, 3, 4]] * 4
        assert not outboxes(places.trials)
        assert not list(places.trials.glob("*/checkpoint*.pt"))


def test_a_disk_that_fills_up_interrupts_the_trial_and_the_next_launch_goes_on(make_plan, places, monkeypatch) -> None:
    plan = make_plan("training.epochs=3")
    sync, syncs = os.fsync, []

    def full(handle: int) -> None:
        if os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2].startswith(f".{CHECKPOINT}."):
            syncs.append(handle)
            if len(syncs) > 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    with monkeypatch.context() as patched:
        patched.setattr("runners.safe_file.os.fsync", full)
        outcome = _launch(plan, places)
    assert len(outcome.failed) == 4
    (first, *_) = (trial for trial in read_trials(places.uri))
    assert {trial.state for trial in read_trials(places.uri)} == {"interrupted"}, "it is not the trial's fault"
    folder = places.folder(first.fingerprint)
    assert f"DiskFullError: [Errno 28] {folder} has no room for checkpoint.pt: it needs" in first.error
    assert load_checkpoint(folder).epoch == 1
    assert not list(places.trials.glob("*/.checkpoint*"))
    monitor = Silent()
    rest = remaining(plan, read_trials(places.uri), places)
    outcome = launch(plan, rest, places, Resources(), run_inline, monitor, prepare=lambda: None)
    assert len(outcome.trained) == 4, outcome


def test_a_trial_out_of_memory_is_recorded_with_its_peak(make_plan, places, monkeypatch) -> None:
    plan = make_plan("training.epochs=1")

    def hungry(*_: object) -> None:
        torch.ones(600 * 2**20 // 4)

    monkeypatch.setattr("runners.trial.train_epoch", hungry)
    outcome = _launch(plan, places, resources=Resources(memory_mb=300))
    assert len(outcome.failed) == 4
    for trial in read_trials(places.uri):
        assert trial.state == "failed"
        assert trial.error.startswith("out of memory after a peak of "), trial.error
        assert "within 300 MiB and then 450 MiB more (RuntimeError: " in trial.error
        tags = Record(places.uri, places.artifacts).client.get_run(trial.run_id).data.tags
        assert tags[names.LARGER_MEMORY] == "450"
        assert float(tags[names.PEAK_MEMORY]) > 100


def test_a_trial_that_needs_the_larger_share_gets_it_once(make_plan, places, monkeypatch) -> None:
    from runners.trial import train_epoch

    plan = make_plan("training.epochs=2")

    def hungry(training, number):
        if number == 2:
            torch.ones(400 * 2**20 // 4)
        return train_epoch(training, number)

    monkeypatch.setattr("runners.trial.train_epoch", hungry)
    outcome = _launch(plan, places, resources=Resources(memory_mb=350))
    assert len(outcome.trained) == 4, outcome
    trials = read_trials(places.uri)
    assert [_steps(places, trial) for trial in trials] == [[1, 2]] * 4, "no epoch twice"


def test_a_damaged_checkpoint_is_passed_over_and_the_record_says_so(make_plan, places) -> None:
    plan = make_plan("training.epochs=4")

    class Interrupting(Silent):
        def progressed(self, job, progress) -> None:
            super().progressed(job, progress)
            if progress.epoch == 3:
                raise KeyboardInterrupt

    assert _launch(plan, places, Interrupting()).interrupted
    folder = places.folder(plan.trials[0].fingerprint)
    content = (folder / CHECKPOINT).read_bytes()
    (folder / CHECKPOINT).write_bytes(content[: len(content) // 2])
    assert len(_launch(plan, places).trained) == 4
    trial = [each for each in read_trials(places.uri) if each.fingerprint == plan.trials[0].fingerprint][-1]
    assert trial.state == "complete"
    assert _steps(places, trial) == [1, 2, 3, 4]
    told = Record(places.uri, places.artifacts).client.get_run(trial.run_id).data.tags[names.FALLBACK]
    assert told.endswith("goes on from the checkpoint before it, after epoch 2")


def test_a_launch_asked_to_stop_finishes_its_epoch_and_begins_no_other_trial(make_plan, places) -> None:
    plan = make_plan("training.epochs=3")

    class Asking(Silent):
        def progressed(self, job, progress) -> None:
            super().progressed(job, progress)
            StopRequest.of(job).make()

    monitor = Asking()
    assert _launch(plan, places, monitor).interrupted
    assert [what for what, _ in monitor.told] == ["started", "epoch 1"]
    (trial,) = read_trials(places.uri)
    assert (trial.state, trial.metrics["epoch"]) == ("interrupted", 1)
    assert load_checkpoint(places.folder(trial.fingerprint)).epoch == 1
    assert len(_launch(plan, places).trained) == 4
