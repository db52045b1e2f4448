"""Launches that fail, are interrupted or find all trained: what the record says of them, and that they go on."""

from __future__ import annotations

import pytest

from runners.launch import remaining
from runners.record.reading import read_launches, read_trials
from runners.record.writing import Record
from tests.runners.launches import Silent, _launch


@pytest.mark.slow
def test_a_failed_trial_is_recorded_and_the_others_go_on(make_plan, places) -> None:
    plan = make_plan()
    broken = plan.trials[1].fingerprint
    (places.trials / broken).mkdir(parents=True)
    (places.trials / broken / "checkpoint.pt").write_bytes(b"damaged")
    monitor = Silent()
    outcome = _launch(plan, places, monitor=monitor)
    assert sorted(outcome.failed) == [plan.trials[1].name]
    assert len(outcome.trained) == 3
    failed = [trial for trial in read_trials(places.uri) if trial.state == "failed"]
    assert [(trial.variant, trial.seed) for trial in failed] == [("hierarchical", 0)]
    assert "CheckpointError" in failed[0].error
    assert "is damaged" in failed[0].error
    (recorded,) = read_launches(places.uri)
    assert recorded.state == "failed"

    (places.trials / broken / "checkpoint.pt").unlink()  # mended: running again trains only what is missing
    assert _launch(plan, places, retry_failed=True).trained == [plan.trials[1].name]
    assert remaining(plan, read_trials(places.uri), places).to_train == ()


@pytest.mark.slow
def test_an_interrupted_launch_says_so_and_goes_on(make_plan, places) -> None:
    plan = make_plan()

    class Interrupting(Silent):
        def progressed(self, job, progress) -> None:
            super().progressed(job, progress)
            if job.name == "hierarchical/0" and progress.epoch == 1:
                raise KeyboardInterrupt

    outcome = _launch(plan, places, monitor=Interrupting())
    assert (outcome.interrupted, outcome.trained) == (True, ["bottleneck/0"])
    states = {(trial.variant, trial.seed): trial.state for trial in read_trials(places.uri)}
    assert states == {("bottleneck", 0): "complete", ("hierarchical", 0): "interrupted"}
    assert read_launches(places.uri)[0].state == "interrupted"

    monitor = Silent()
    assert len(_launch(plan, places, monitor=monitor).trained) == 3
    assert remaining(plan, read_trials(places.uri), places).to_train == ()
    whole = [
        trial for trial in read_trials(places.uri) if trial.state == "complete" and trial.variant == "hierarchical"
    ]
    client = Record(places.uri, places.artifacts).client
    for trial in whole:  # the continued run holds the curve from its beginning
        assert [point.step for point in client.get_metric_history(trial.run_id, "pckh")] == [1, 2]


def _raise(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


@pytest.mark.slow
def test_a_trained_trial_is_not_lost_when_its_record_cannot_be_closed(make_plan, places, monkeypatch) -> None:
    plan = make_plan()
    with monkeypatch.context() as patched:
        patched.setattr("runners.keepsakes.keep", _raise)
        assert len(_launch(plan, places).failed) == 4
    monkeypatch.setattr("runners.trial.train_epoch", _raise)  # nothing must be trained again
    assert len(_launch(plan, places, retry_failed=True).trained) == 4
    assert not list(places.trials.glob("*/checkpoint.pt"))


@pytest.mark.slow
def test_a_picture_that_cannot_be_drawn_does_not_fail_the_trial(make_plan, places, monkeypatch) -> None:
    monkeypatch.setattr("runners.keepsakes._draw", _raise)
    assert len(_launch(make_plan(), places).trained) == 4


@pytest.mark.slow
def test_a_sweep_that_ends_early_is_recorded_as_failed(make_plan, places) -> None:
    outcome = _launch(make_plan(), places, executor=_raise)
    assert outcome.error == "OSError: the disk is full"
    assert read_launches(places.uri)[0].state == "failed"


@pytest.mark.slow
def test_a_job_that_fails_before_it_has_a_run_is_recorded(make_plan, places) -> None:
    def fail_all(jobs, monitor) -> None:
        for job in jobs:
            monitor.failed(job, "its process ended without a word")

    _launch(make_plan(), places, executor=fail_all)
    assert [trial.state for trial in read_trials(places.uri)] == ["failed"] * 4
    assert {trial.error for trial in read_trials(places.uri)} == {"its process ended without a word"}


@pytest.mark.slow
def test_a_launch_that_reuses_everything_is_recorded(finished, places) -> None:
    _launch(finished, places, executor=_raise)
    assert [launch.state for launch in read_launches(places.uri)] == ["complete", "complete"]
