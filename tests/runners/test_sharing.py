"""Training what a plan asks for while others train parts of it: waiting, taking, going on."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runners.interruption import StopRequest
from runners.job import Job, Resources
from runners.lease import Claim, find_lease, hold
from runners.outcome import Outcome
from runners.record.recorded import RecordedTrial
from runners.sharing import Watch, train_each_once
from runners.worker import is_of_surroundings
from search_space import InputError
from tests.runners.launches import Silent
from tests.runners.test_lease import ELSEWHERE, _leave

CLAIM = Claim(heartbeat_s=0.05)


class Executor:
    """Runs nothing, and keeps the names of the jobs that it was given, round by round."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.jobs: list[Job] = []
        self.turned_away_once: set[str] = set()
        self.fails_with: dict[str, str] = {}
        self.silent = False

    def __call__(self, jobs, monitor) -> None:
        self.rounds.append([job.name for job in jobs])
        self.jobs += jobs
        if self.silent:
            return
        for job in jobs:
            if job.name in self.turned_away_once:
                self.turned_away_once.remove(job.name)
                monitor.held(job, None)
            elif job.name in self.fails_with:
                monitor.failed(job, self.fails_with[job.name])
            else:
                monitor.finished(job)


@pytest.fixture
def launched(make_plan, places):
    """A plan's trials and their jobs, an executor, a monitor, and a function that trains them with these."""
    plan = make_plan()
    context = {"study": "small", "scale": "tiny", "launch": "mine", "experiment_id": "1", "places": places}
    jobs = {
        trial.fingerprint: Job.of(
            trial, plan.counts[trial.variant.id], resources=Resources(), claim=replace(CLAIM, known=("old",)), **context
        )
        for trial in plan.trials
    }
    executor, monitor = Executor(), Silent()
    watch = Watch(monitor, Outcome(reused=0))
    return plan.trials, executor, watch, lambda trials: train_each_once(trials, jobs, executor, watch)


def _held(places, trial, ends: threading.Event) -> threading.Thread:
    """A thread that holds a trial's lease until it is told to end."""
    begun = threading.Event()

    def train() -> None:
        with hold(places.folder(trial.fingerprint), "another", Claim()):
            begun.set()
            ends.wait(30)

    thread = threading.Thread(target=train)
    thread.start()
    assert begun.wait(10)
    return thread


def _run_of(trial, run_id: str, state: str, error: str | None = None) -> RecordedTrial:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    identity = ("another", trial.variant.id, trial.seed, "tiny", trial.fingerprint)
    return RecordedTrial(run_id, "e", *identity, state, {}, {}, {}, start, error=error, launch="another")


def test_a_launch_goes_on_with_others_and_then_waits(launched, places) -> None:
    trials, executor, watch, train = launched
    ends = threading.Event()
    other = _held(places, trials[0], ends)
    waiting = threading.Timer(0.5, ends.set)
    waiting.start()
    train(trials)
    other.join()
    waiting.join()
    # The other launch has left it unfinished: this one trains it.
    assert executor.rounds == [[trial.name for trial in trials[1:]], [trials[0].name]]
    assert watch.monitor.told.count(("held", trials[0].name)) == 1
    assert len(watch.outcome.trained) == 4


@pytest.mark.parametrize("state", ["complete", "failed", "interrupted"])
def test_what_another_launch_made_of_a_trial_is_taken(launched, places, monkeypatch, state: str) -> None:
    trials, executor, watch, train = launched
    ends = threading.Event()
    other = _held(places, trials[0], ends)
    runs = [_run_of(trials[0], "old", "complete"), _run_of(trials[0], "new", state, "no memory")]
    monkeypatch.setattr("runners.sharing.read_trials", lambda uri, fingerprint: runs)
    waiting = threading.Timer(0.2, ends.set)
    waiting.start()
    train(trials[:1])
    other.join()
    name, outcome = trials[0].name, watch.outcome
    assert (outcome.elsewhere, outcome.trained) == ([name] * (state == "complete"), [name] * (state == "interrupted"))
    assert bool(executor.rounds) is (state == "interrupted")
    failed = {name: "failed in another launch, of the study another: no memory"} if state == "failed" else {}
    assert outcome.failed == failed
    assert (("taken", name) in watch.monitor.told) is (state == "complete")


@pytest.mark.parametrize("here", [True, False])
def test_what_others_need_is_taken_with_its_weights_or_trained(launched, places, monkeypatch, here: bool) -> None:
    trials, executor, watch, train = launched
    first, second = trials[0], replace(trials[1], teacher=trials[0])
    executor.turned_away_once = {first.name}  # completed elsewhere, below another folder of runs, say
    monkeypatch.setattr("runners.sharing.read_trials", lambda uri, key: [_run_of(first, "new", "complete")])
    if here:
        places.folder(first.fingerprint).mkdir(parents=True)
        places.weights(first.fingerprint).write_bytes(b"weights")
    train([first, second])
    if here:
        assert executor.rounds == [[first.name], [second.name]]
        assert watch.outcome.elsewhere == [first.name]
    else:
        assert executor.rounds == [[first.name], [first.name], [second.name]]
        assert "new" in executor.jobs[1].claim.known  # or its worker would turn it away again


def test_a_job_that_its_worker_turns_away_is_looked_at_again(launched) -> None:
    """Another launch was quicker between the look at the lease and the worker's."""
    trials, executor, watch, train = launched
    executor.turned_away_once = {trials[1].name}
    train(trials[:3])
    assert executor.rounds == [[trial.name for trial in trials[:3]], [trials[1].name]]
    assert watch.outcome.trained == [trials[0].name, trials[2].name, trials[1].name]


def test_what_a_lost_worker_of_this_launch_had_completed_is_finished(launched, monkeypatch) -> None:
    """It was lost after the record had the result and before the launch heard of it; the next worker turns it away."""
    trials, executor, watch, train = launched
    executor.turned_away_once = {trials[0].name}
    run = replace(_run_of(trials[0], "new", "complete"), launch="mine")
    monkeypatch.setattr("runners.sharing.read_trials", lambda uri, fingerprint: [run])
    train(trials[:1])
    assert executor.rounds == [[trials[0].name]]
    assert watch.outcome.trained == [trials[0].name]


def test_a_record_that_is_away_ends_no_sweep(launched, monkeypatch) -> None:
    trials, executor, watch, train = launched

    def away(uri: str, fingerprint: str) -> None:
        raise InputError.at(uri, "is away")

    monkeypatch.setattr("runners.sharing.read_trials", away)
    executor.turned_away_once = {trials[0].name}
    train(trials[:2])
    assert watch.outcome.trained == [trials[1].name, trials[0].name]
    watch.failed(executor.jobs[0], "its process was lost")
    assert watch.outcome.failed == {executor.jobs[0].name: "its process was lost"}


def test_an_executor_that_says_nothing_of_a_job_has_failed_it(launched) -> None:
    trials, executor, watch, train = launched
    executor.silent = True
    train(trials[:1])
    assert watch.outcome.failed == {trials[0].name: "the executor did not say how it ended"}


def test_a_stale_lease_is_named_to_the_worker(launched, places) -> None:
    trials, executor, _, train = launched
    _leave(places.folder(trials[0].fingerprint), replace(ELSEWHERE, heartbeat_s=0.05))
    train(trials[:2])
    assert executor.rounds == [[trials[1].name], [trials[0].name]]
    mark = find_lease(places.folder(trials[0].fingerprint)).mark
    assert [job.claim for job in executor.jobs] == [
        replace(CLAIM, known=("old",)),
        replace(CLAIM, known=("old",), takes_over=mark),
    ]


def test_what_begins_from_a_held_trial_waits_with_it(launched, places) -> None:
    trials, executor, _, train = launched
    chain = [trials[0], replace(trials[1], begins_from=trials[0]), replace(trials[2], begins_from=None), trials[3]]
    ends = threading.Event()
    other = _held(places, trials[0], ends)
    waiting = threading.Timer(0.3, ends.set)
    waiting.start()
    train(chain)
    other.join()
    assert executor.rounds == [[trials[2].name, trials[3].name], [trials[0].name], [trials[1].name]]


@pytest.mark.parametrize("needs", ["begins_from", "teacher"])
def test_what_needs_a_trial_that_its_surroundings_ended_is_not_to_blame_either(launched, needs) -> None:
    trials, executor, watch, train = launched
    chain = [trials[0], replace(trials[1], **{needs: trials[0]}), replace(trials[2], **{needs: trials[1]})]
    executor.fails_with["bottleneck/0"] = "DiskFullError: [Errno 28] no room"
    train(chain)
    errors = watch.outcome.failed
    assert len(errors) == 3
    assert all(is_of_surroundings(error) for error in errors.values())  # so that the next launch goes on with them
    assert errors[trials[1].name].endswith(f"could not be trained: {trials[0].name}")


def test_a_launch_that_waits_can_be_stopped(launched, places) -> None:
    trials, executor, _, train = launched
    ends = threading.Event()
    other = _held(places, trials[0], ends)
    stop = StopRequest(places.trials / ".stop.mine")
    asking = threading.Timer(0.2, stop.make)
    asking.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            train(trials[:1])
    finally:
        ends.set()
        other.join()
    assert executor.rounds == []
