"""A search's storage that goes away in the middle, for a moment or for good."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy.exc import OperationalError

from runners.interruption import Interrupted
from runners.job import Progress
from runners.search import executors, patience
from runners.search.patience import Patient, StorageAway


class Storage:
    """A storage of which so many calls fail."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.answers = itertools.chain(itertools.repeat(error, failures), itertools.repeat(7))
        self.asked = 0

    def read(self) -> int:
        self.asked += 1
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


AWAY = OperationalError("SELECT 1", {}, Exception("the server has gone away"))


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> None:
    """A clock that goes on while one sleeps."""
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))


def test_a_storage_that_answers_again_is_asked_again() -> None:
    storage = Storage(3, AWAY)
    assert Patient(storage).read() == 7
    assert storage.asked == 4


def test_a_storage_that_stays_away_is_told_once_and_then_not_waited_for() -> None:
    storage = Storage(1000, AWAY)
    patient = Patient(storage)
    with pytest.raises(StorageAway, match="the server has gone away"):
        patient.read()
    before = storage.asked
    with pytest.raises(StorageAway):
        patient.read()
    assert storage.asked == before + 1


def test_another_error_is_raised_at_once() -> None:
    storage = Storage(1, ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        Patient(storage).read()
    assert storage.asked == 1


def test_a_trial_does_not_fail_because_the_storage_is_away(make_launch, monkeypatch) -> None:
    """Else its run would be recorded as failed, and never be trained again."""
    launch = make_launch()
    job = launch.next()

    def run_job(job, report) -> None:
        with pytest.raises(Interrupted):
            report(Progress(1, 2, {"pckh": 1.0}))
        raise Interrupted

    def note(*args, **kwargs) -> None:
        raise StorageAway("gone")

    monkeypatch.setattr(executors, "run_job", run_job)
    monkeypatch.setattr(type(launch.asker.ledger), "note", note)
    with pytest.raises(StorageAway):
        executors._run(job, launch.asker, None)
    monkeypatch.undo()
    launch.asker.ledger.end()
    assert launch.result.trials[0].state == "interrupted"
    assert launch.outcome.failed == {}
