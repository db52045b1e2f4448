"""What launches of one search leave to each other and take from each other, and what is never done twice."""

from __future__ import annotations

import optuna
import pytest

from runners.job import Job, Progress
from runners.lease import Claim, hold
from runners.record.recorded import RecordedTrial
from runners.search import asker as asker_module
from runners.search import job_runs, repeats, storage
from runners.search import ledger as ledger_module
from tests.runners.search.conftest import DISCRETE, _record, quality

pytestmark = pytest.mark.slow


@pytest.fixture
def recorded(monkeypatch) -> dict[str, RecordedTrial]:
    """What the record holds, by fingerprint."""
    known: dict[str, RecordedTrial] = {}
    monkeypatch.setattr(job_runs, "read_trials", lambda uri, wanted: [known[wanted]] if wanted in known else [])
    return known


def test_a_trial_that_is_just_being_proposed_is_left_to_who_proposes_it(make_launch, monkeypatch) -> None:
    """Between its creation and its launch's name a sampler may think for seconds."""
    one, two = make_launch(launch="one"), make_launch(launch="two")
    begun = one.asker.ledger.ask()
    job = two.next()
    assert job.variant != f"p{begun.number}"
    assert one.asker.ledger.trials()[begun.number].user_attrs.get(storage.LAUNCH) != "two"
    gone = make_launch(launch="three", ended=lambda launch: launch in ("one", "two"))
    assert [trial.number for trial in gone.asker.ledger.left_behind()] == [0, 1]


def test_a_launch_that_ended_is_gone_even_where_no_record_says_so(make_launch) -> None:
    one = make_launch(launch="one")
    one.asker.ledger.ask()
    one.asker.ledger.end()
    assert [trial.number for trial in make_launch(launch="two").asker.ledger.left_behind()] == [0]


def test_a_trial_that_another_launch_has_ended_meanwhile_stays_as_it_is(make_launch) -> None:
    """A laptop that was closed while another launch took its trial over and completed it."""
    slept = make_launch(launch="slept")
    job = slept.next()
    slept.asker.progressed(job, Progress(1, 2, {"pckh": 1.0}))
    other = make_launch(launch="other", ended=lambda launch: launch == "slept")
    taken = other.next()
    assert taken.fingerprint == job.fingerprint
    other.finish(taken)
    slept.asker.progressed(job, Progress(2, 2, {"pckh": 1.0}))
    slept.asker.finished(job)
    assert slept.result.trials[0].values["pckh"] == pytest.approx(quality(job))
    assert isinstance(slept.next(), Job)


def test_a_trial_is_told_once(make_launch) -> None:
    launch = make_launch()
    job = launch.next()
    launch.finish(job)
    before = launch.result.trials
    launch.asker.finished(job)
    launch.asker.failed(job, "its process ended without a word")
    launch.asker.pruned(job, 1)
    assert launch.result.trials == before
    assert launch.outcome.failed == {}


def test_what_the_record_holds_complete_has_not_failed(make_launch, recorded) -> None:
    """A worker that was lost just after its trial was complete."""
    launch = make_launch()
    job = launch.next()
    launch.asker.progressed(job, Progress(1, 2, {"pckh": 5.0}))
    recorded[job.fingerprint] = _record(job)
    launch.asker.failed(job, "its process ended without a word")
    told = launch.result.trials[0]
    assert (told.state, told.values["pckh"], told.reused) == ("complete", 77.0, False)
    assert launch.outcome.failed == {}
    assert launch.outcome.trained == [job.name]


@pytest.mark.parametrize("end", ["hours", "in vain"])
def test_a_trial_held_elsewhere_is_waited_for_when_nothing_else_begins(
    make_launch, make_search, monkeypatch, tmp_path, recorded, end
) -> None:
    monkeypatch.setattr(asker_module, "_POLL_S", 0.0)
    monkeypatch.setattr(ledger_module, "MOST_REPEATED", 15)
    launch = make_launch(make_search(DISCRETE, replaced={"trials: 8": "trials: 8\n  hours: 1"}))
    job = launch.next()
    with hold(job.places.folder(job.fingerprint), "another", Claim()):
        launch.asker.held(job, None)
        if end == "hours":
            monkeypatch.setattr(ledger_module.Ledger, "seconds", 3700.0)
        else:
            launch.to_the_end()
        assert launch.next() == "wait"
        assert launch.next() == "wait"
        recorded[job.fingerprint] = _record(job)
        assert launch.next() == "done"
    assert launch.result.trials[0].values["pckh"] == 77.0
    assert launch.asker.reason is not None


def test_a_trial_that_failed_elsewhere_has_failed(make_launch, monkeypatch, recorded) -> None:
    monkeypatch.setattr(asker_module, "_POLL_S", 0.0)
    launch = make_launch()
    job = launch.next()
    launch.asker.held(job, None)
    recorded[job.fingerprint] = _record(job, "failed")
    launch.to_the_end()
    assert launch.result.trials[0].state == "failed"
    assert "it broke" in launch.result.trials[0].error
    assert job.fingerprint not in [each.fingerprint for each in launch.given[1:]]


def test_not_too_many_points_wait_for_what_still_trains(make_launch, make_search, monkeypatch) -> None:
    monkeypatch.setattr(ledger_module.Ledger, "_is_through", lambda ledger: False)  # as of a space that has more
    launch = make_launch(make_search(DISCRETE))
    jobs = [launch.next() for _ in range(4)]
    assert launch.next() == launch.next() == "wait"
    assert len(launch.result.trials) == 4 + repeats._MOST_WAITING
    for job in jobs:
        launch.finish(job)
    assert {trial.state for trial in launch.result.trials} == {"complete"}


def test_a_retry_that_was_killed_is_not_taken_for_what_it_retries(make_launch) -> None:
    launch = make_launch()
    launch.asker.failed(launch.next(), "ValueError: bad luck")
    launch.to_the_end()
    again = make_launch(launch="again", retry_failed=True)
    left = again.next()
    assert left.variant == "p8"
    plain = make_launch(launch="plain", ended=lambda launch: True)
    plain.to_the_end()
    assert [job.variant for job in plain.given] == ["p8"]
    assert plain.result.counted == 8
    assert plain.result.trials[8].state == "complete"
    assert plain.result.trials[8].duplicate_of is None


def test_a_repetition_that_was_killed_half_noted_gives_way_to_what_it_repeats(make_launch, make_search) -> None:
    launch = make_launch(make_search(DISCRETE))
    jobs = [launch.next() for _ in range(4)]
    ledger = launch.asker.ledger
    begun = ledger.ask()
    point = ledger.point(begun)
    same = next(job for job in jobs if launch.result.trials[int(job.variant[1:])].point == dict(point))
    ledger.note(begun, {storage.FINGERPRINT: same.fingerprint})  # killed before it says of what it is a repetition
    later = make_launch(make_search(DISCRETE), "later", ended=lambda launch: True)
    assert [later.next().fingerprint for _ in range(4)] == [job.fingerprint for job in jobs]
    assert later.next() == "done"  # all four points have been tried
    assert later.result.trials[begun.number].duplicate_of == int(same.variant[1:])


def test_a_point_that_was_killed_between_two_dimensions_is_the_same_point(
    make_launch, make_search, tmp_path, monkeypatch
) -> None:
    search = make_search(replaced={"trials: 8": "trials: 8\n  sampler: random"})
    whole = make_launch(search, folder=tmp_path / "whole")
    wanted = whole.next()
    killed = make_launch(search, "killed", folder=tmp_path / "parts")
    with monkeypatch.context() as patched:

        def kill(*args, **kwargs) -> None:
            raise ZeroDivisionError

        patched.setattr(optuna.Trial, "suggest_float", kill)
        with pytest.raises(ZeroDivisionError):
            killed.next()
    later = make_launch(search, "later", folder=tmp_path / "parts", ended=lambda launch: True)
    assert later.next().fingerprint == wanted.fingerprint


def test_launches_that_ask_at_once_do_not_propose_the_same(make_launch, make_search) -> None:
    search = make_search(replaced={"trials: 8": "trials: 8\n  sampler: random"})
    one, two = make_launch(search, launch="one"), make_launch(search, launch="two")
    asked = [one.asker.ledger.ask()]
    two.asker.ledger.study.sampler = one.asker.ledger.study.sampler  # as if both had counted the trials at once
    asked.append(two.asker.ledger.study.ask())
    points = [launch.asker.ledger.point(trial) for launch, trial in zip((one, two), asked, strict=True)]
    assert points[0] != points[1]


def test_a_killed_launch_of_another_machine_is_waited_for_until_it_shows_whether_it_lives(
    make_launch, monkeypatch
) -> None:
    killed = make_launch(launch="killed")
    left = killed.next()
    later = make_launch(launch="later")  # whose record knows nothing of the other
    later.to_the_end()
    assert len(later.given) == 7
    assert later.next() == "wait"
    now = ledger_module.time.monotonic()
    monkeypatch.setattr(ledger_module.time, "monotonic", lambda: now + 61.0)
    assert later.next().fingerprint == left.fingerprint


def test_who_lives_is_not_waited_for(make_launch) -> None:
    one, two = make_launch(launch="one"), make_launch(launch="two")
    one.next()
    two.to_the_end()
    assert two.next() == "wait"
    one.asker.ledger.beat()
    assert two.next() == "done"


def test_time_of_a_launch_counts_once(make_launch, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(ledger_module.time, "monotonic", lambda: now[0])
    launch = make_launch()
    now[0] = 100.0
    launch.asker.ledger.beat()  # teachers were trained before
    launch.asker.begin()
    assert launch.asker.ledger.seconds == 100.0


def test_changed_data_ends_the_launch(make_launch, monkeypatch) -> None:
    """Every further trial would fail at once, and be spent."""
    launch = make_launch()
    launch.finish(launch.next())
    launch.asker.failed(launch.next(), "DataError: there are no 900 images")
    assert isinstance(launch.next(), Job)
    monkeypatch.setattr(job_runs, "data_version", lambda data, root: "b")
    launch.asker.failed(launch.given[-1], "DataError: the data is b here and now; the trial was planned on a")
    assert launch.next() == "done"
    assert "the trial was planned on a" in launch.asker.reason


def test_a_grid_is_laid_out_one_by_one(make_launch, make_search) -> None:
    """What waits is read from the storage again and again."""
    search = make_search(DISCRETE, replaced={"trials: 8": "trials: 8\n  sampler: grid", "[2, 4]": "[2, 3]"})
    launch = make_launch(search)
    launch.next()
    assert len(launch.result.trials) == 1
    later = make_launch(search, "later", ended=lambda launch: True)
    later.to_the_end()
    assert len(later.given) == len(later.result.trials) == search.space.size == 3
    assert later.asker.reason == "every point of the grid has been tried"
