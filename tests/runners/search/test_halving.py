"""Which trials the scheduler stops: known values, and what it knows of trials that ended elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runners.job import Job, Progress
from runners.record.recorded import RecordedTrial
from runners.search import job_runs
from runners.search.halving import Halving, make_halving, rungs
from tests.runners.search.conftest import Launch

EPOCHS = 9


@pytest.fixture
def halved(make_search):
    """A function that reads a search of 9 epochs with a scheduler."""

    def make(scheduler: str = "asha", trials: int = 12):
        return make_search(
            replaced={"trials: 8": f"trials: {trials}\n  scheduler: {scheduler}"}, **{"training.epochs": EPOCHS}
        )

    return make


def _figure(job: Job, epoch: int) -> float:
    """A made-up PCKh: what a point comes to has little to do with what it begins with."""
    return float((int(job.fingerprint[:8], 16) >> (4 * (epoch > 2))) % 97)


def _decided(halving: Halving, figures: list[float], epoch: int = 1) -> list[bool]:
    return [halving.stops(f"p{at}", epoch, EPOCHS, {"pckh": figure}) for at, figure in enumerate(figures)]


def test_asha_keeps_the_best_third_of_those_that_came_so_far(halved) -> None:
    halving = make_halving(halved(), EPOCHS, lambda known: ())
    # Beside each: the quantile 2/3 of those before.
    assert _decided(halving, [5.0, 4.0, 6.0, 5.0, 6.0]) == [False, True, False, True, False]  # -, 5, 4.67, 5.33, 5.0
    assert not halving.stops("p0", 2, EPOCHS, {"pckh": 0.0}), "no rung lies there"
    assert not halving.stops("p0", 3, EPOCHS, {"pckh": 1.0}), "the first at the second rung"
    assert halving.stops("p2", 3, EPOCHS, {"pckh": 0.5})
    assert not halving.stops("p0", EPOCHS, EPOCHS, {"pckh": 0.0}), "it is done"


def test_a_metric_of_which_less_is_better(halved, make_search) -> None:
    scheduler = "scheduler: {name: asha, metric: validation_loss}"
    search = make_search(replaced={"trials: 8": f"trials: 8\n  {scheduler}"}, **{"training.epochs": EPOCHS})
    halving = make_halving(search, EPOCHS, lambda known: ())
    assert not halving.stops("p0", 1, EPOCHS, {"validation_loss": 0.5})
    assert halving.stops("p1", 1, EPOCHS, {"validation_loss": 0.6})
    assert not halving.stops("p2", 1, EPOCHS, {"validation_loss": 0.4})


@pytest.mark.parametrize(
    ("scheduler", "listed"),
    [
        ("none", []),
        ("asha", [[1, 3]]),
        ("{name: asha, grace: 2, reduction: 2}", [[2, 4, 8]]),
        ("{name: hyperband, reduction: 3}", [[1, 3], [3]]),
    ],
)
def test_rungs(halved, scheduler, listed) -> None:
    assert rungs(halved(scheduler), EPOCHS) == listed


def test_without_a_scheduler_nothing_is_stopped(halved) -> None:
    assert make_halving(halved("none"), EPOCHS, lambda known: ()) is None


def test_what_ended_elsewhere_is_compared_with(halved) -> None:
    ended = [("p7", EPOCHS, {1: 50.0, 3: 60.0, 9: 70.0}), ("p8", EPOCHS, {1: 40.0})]
    halving = make_halving(halved(), EPOCHS, lambda known: [each for each in ended if each[0] not in known])
    assert halving.stops("p0", 1, EPOCHS, {"pckh": 46.0})  # below the quantile 2/3 of 50 and 40
    assert not halving.stops("p1", 1, EPOCHS, {"pckh": 48.0})
    ended.append(("p9", EPOCHS, {1: 90.0, 3: 99.0}))  # another launch ends a trial meanwhile
    assert halving.stops("p2", 1, EPOCHS, {"pckh": 49.0})
    assert halving.stops("p1", 3, EPOCHS, {"pckh": 80.0})


class _Killed(Exception):  # noqa: N818
    pass


def _drive(
    launch: Launch, killed_at: tuple[int, int, str] | None = None, completed: dict[str, float] | None = None
) -> None:
    """Train to the end, or until a kill: trial, epoch, and whether before or after the scheduler has decided."""
    search, ledger = launch.asker.ledger.search, launch.asker.ledger
    halving = make_halving(search, EPOCHS, ledger.curves)
    assert halving is not None
    while isinstance(job := launch.next(), Job):
        for epoch in range(1, EPOCHS + 1):
            metrics = {"pckh": _figure(job, epoch)}
            launch.asker.progressed(job, Progress(epoch, EPOCHS, metrics))
            here = killed_at and (job.variant, epoch) == (f"p{killed_at[0]}", killed_at[1])
            if here and killed_at[2] == "before":
                raise _Killed
            if epoch == EPOCHS and completed is not None:
                completed[job.fingerprint] = metrics["pckh"]
            stops = halving.stops(job.variant, epoch, EPOCHS, metrics)
            if here:
                raise _Killed
            if stops:
                launch.asker.pruned(job, epoch)
                break
        else:
            launch.asker.finished(job)


def _told(launch: Launch) -> list[tuple]:
    return [(trial.number, trial.state, dict(trial.point), trial.epochs) for trial in launch.result.trials]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("epoch", [1, 3, EPOCHS])
def test_a_killed_search_stops_the_trials_that_it_would_have_stopped(
    make_launch, halved, tmp_path, monkeypatch, epoch, moment
) -> None:
    """At the last epoch the record may hold a trial complete of which the search was never told."""
    search = halved()
    whole = make_launch(search, folder=tmp_path / "whole")
    _drive(whole)
    reached = [trial.number for trial in whole.result.trials if trial.epochs >= epoch]
    assert {"complete", "pruned"} == {trial.state for trial in whole.result.trials}
    assert len(reached) >= 2
    for at in sorted({reached[1], reached[-1]}):
        folder, completed = tmp_path / f"parts{at}", {}

        def recorded(uri: str, wanted: str, completed=completed) -> list[RecordedTrial]:
            now = datetime(2026, 1, 1, tzinfo=UTC)
            figures = {"pckh": completed.get(wanted, 0.0), "epoch": float(EPOCHS)}
            run = RecordedTrial("run", "1", "found", "row", 0, "tiny", wanted, "complete", figures, {}, {}, now)
            return [run] * (wanted in completed)

        monkeypatch.setattr(job_runs, "read_trials", recorded)
        first = make_launch(search, "killed", folder=folder)
        with pytest.raises(_Killed):
            _drive(first, (at, epoch, moment), completed)
        second = make_launch(search, "second", folder=folder, ended=lambda launch: launch == "killed")
        _drive(second)
        assert _told(second) == _told(whole)


def test_a_trial_of_another_study_is_compared_with_by_its_curve(make_launch, halved, monkeypatch) -> None:
    probe = make_launch(halved())
    job = probe.next()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    figures = {"pckh": 99.0, "epoch": float(EPOCHS)}
    run = RecordedTrial("run", "1", "another", "row", 0, "tiny", job.fingerprint, "complete", figures, {}, {}, now)
    curve = ((0, 1.0), (1, 96.5), (2, 97.0), (3, float("nan")), (EPOCHS, 99.0))
    monkeypatch.setattr(job_runs, "read_trials", lambda uri, wanted: [run] * (wanted == job.fingerprint))
    monkeypatch.setattr(job_runs, "read_curves", lambda uri, runs, metric: {"run": curve} if metric == "pckh" else {})
    launch = make_launch(halved(), "two", ended=lambda launch: True)
    assert launch.next().fingerprint != job.fingerprint
    assert launch.asker.ledger.curves() == [("p0", EPOCHS, {1: 96.5, 2: 97.0, EPOCHS: 99.0})]
    halving = make_halving(halved(), EPOCHS, launch.asker.ledger.curves)
    assert halving.stops("p1", 1, EPOCHS, {"pckh": 96.0})
