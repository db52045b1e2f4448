"""A search over several launches: killed, stopped, shared or tried again, it goes on where it was."""

from __future__ import annotations

import pytest

from runners.job import Job, Progress
from runners.search import asker as asker_module
from runners.search import job_runs
from runners.search import ledger as ledger_module
from tests.runners.search.conftest import _record

pytestmark = pytest.mark.slow


def _points(result) -> list[tuple]:
    return [
        (trial.number, trial.state, dict(trial.point), trial.values.get("pckh"), trial.duplicate_of)
        for trial in result.trials
    ]


def test_more_trials_are_asked_for_later(make_launch, make_search) -> None:
    make_launch().to_the_end()
    again = make_launch(make_search(), "two")
    again.to_the_end()
    assert again.given == []
    more = make_launch(make_search(replaced={"trials: 8": "trials: 11"}), "three")
    more.to_the_end()
    assert len(more.given) == 3


@pytest.mark.parametrize(
    ("sampler", "killed_after"), [("tpe", 0), ("tpe", 11), ("nsga2", 9), ("random", 5), ("grid", 5)]
)
def test_a_search_that_was_killed_goes_on_exactly_where_it_was(
    make_launch, make_search, tmp_path, sampler, killed_after
) -> None:
    replaced = {"trials: 8": f"trials: 14\n  sampler: {sampler}"}
    if sampler == "grid":
        replaced["{log: [1e-4, 1e-1]}"] = "[1e-4, 1e-3, 1e-2, 1e-1]"
    search = make_search(replaced=replaced)
    whole = make_launch(search, folder=tmp_path / "whole")
    whole.to_the_end()
    first = make_launch(search, "killed", folder=tmp_path / "parts")
    first.to_the_end(killed_after)
    left = first.next()  # begun, never ended: the process is gone
    first.asker.progressed(left, Progress(1, 2, {"pckh": 1.0}))
    second = make_launch(search, "second", folder=tmp_path / "parts", ended=lambda launch: launch == "killed")
    second.to_the_end()
    assert second.given[0].fingerprint == left.fingerprint  # what was left comes first, and once
    assert _points(second.result) == _points(whole.result)
    trained = [job.fingerprint for job in (*first.given, *second.given)]
    assert len(set(trained)) == len(trained) - 1 == 14


@pytest.mark.slow
def test_a_gaussian_process_goes_on_exactly_where_it_was(make_launch, make_search, tmp_path) -> None:
    test_a_search_that_was_killed_goes_on_exactly_where_it_was(make_launch, make_search, tmp_path, "gp", 11)


@pytest.mark.parametrize("moment", ["asked", "suggested", "noted", "told"])
def test_a_kill_between_any_two_writes_loses_nothing(make_launch, make_search, tmp_path, monkeypatch, moment) -> None:
    search = make_search()
    whole = make_launch(search, folder=tmp_path / "whole")
    whole.to_the_end()
    first = make_launch(search, "killed", folder=tmp_path / "parts")
    first.to_the_end(3)
    broken = {"asked": "point", "suggested": "constrain", "noted": "same_before", "told": "finish"}[moment]

    def kill(*args, **kwargs) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(ledger_module.Ledger, broken, kill)
        with pytest.raises(ZeroDivisionError):
            first.to_the_end(1)
    second = make_launch(search, "second", folder=tmp_path / "parts", ended=lambda launch: True)
    second.to_the_end()
    assert _points(second.result) == _points(whole.result)


def test_what_a_killed_launch_completed_is_told_as_trained(make_launch, monkeypatch) -> None:
    first = make_launch()
    job = first.next()
    first.asker.progressed(job, Progress(1, 2, {"pckh": 5.0}))
    monkeypatch.setattr(job_runs, "read_trials", lambda uri, wanted: [_record(job)] * (wanted == job.fingerprint))
    second = make_launch(launch="two", ended=lambda launch: True)
    second.to_the_end()
    told = second.result.trials[0]
    assert (told.state, told.values["pckh"], told.reused) == ("complete", 77.0, False)


@pytest.mark.parametrize("retry", [False, True])
def test_a_trial_that_the_record_knows_to_have_failed(make_launch, monkeypatch, retry) -> None:
    probe = make_launch()
    job = probe.next()
    run = _record(job, "failed")
    monkeypatch.setattr(job_runs, "read_trials", lambda uri, wanted: [run] if wanted == job.fingerprint else [])
    launch = make_launch(launch="two", ended=lambda launch: True, retry_failed=retry)
    launch.to_the_end()
    assert (job.fingerprint in {each.fingerprint for each in launch.given}) is retry
    first = launch.result.trials[0]
    assert first.state == ("complete" if retry else "failed")
    if not retry:
        assert first.error == "failed before, in the study another: it broke"


def test_failed_trials_count_and_are_tried_again_on_request_only(make_launch) -> None:
    launch = make_launch()
    launch.asker.failed(launch.next(), "ValueError: bad luck")
    launch.to_the_end()
    assert len(launch.given) == 8
    assert launch.outcome.failed == {launch.given[0].name: "ValueError: bad luck"}
    assert launch.result.trials[0].error == "ValueError: bad luck"
    plain = make_launch(launch="two")
    plain.to_the_end()
    assert plain.given == []
    again = make_launch(launch="three", retry_failed=True)
    again.to_the_end()
    assert [job.fingerprint for job in again.given] == [launch.given[0].fingerprint]
    assert again.result.counted == 8
    assert again.result.trials[0].duplicate_of == 8
    assert again.heard.standing.failed == 0


def test_a_full_disk_ends_the_launch_and_leaves_the_trial_to_the_next(make_launch) -> None:
    launch = make_launch()
    job = launch.next()
    launch.asker.failed(job, "DiskFullError: no space left")
    assert launch.next() == "done"
    launch.asker.ledger.end()
    assert launch.result.trials[0].state == "interrupted"
    second = make_launch(launch="two")
    assert second.next().fingerprint == job.fingerprint


def test_two_launches_share_a_search(make_launch) -> None:
    one, two = make_launch(launch="one"), make_launch(launch="two")
    while isinstance(first := one.next(), Job):
        second = two.next()
        one.finish(first)
        if isinstance(second, Job):
            two.finish(second)
    assert len(one.given) + len(two.given) == 8
    assert len({job.fingerprint for job in (*one.given, *two.given)}) == 8


def test_what_a_living_launch_trains_is_left_to_it_until_it_falls_silent(make_launch, monkeypatch) -> None:
    one = make_launch(launch="one")
    job = one.next()
    two = make_launch(launch="two")
    assert two.next().fingerprint != job.fingerprint
    now = [0.0]
    monkeypatch.setattr(ledger_module.time, "monotonic", lambda: now[0])
    three = make_launch(launch="three")
    for _ in range(3):  # it is heard again and again
        for launch in (one, two):
            launch.asker.ledger.beat()
        assert list(three.asker.ledger.left_behind()) == []
        now[0] += 40.0
    now[0] += 40.0
    assert [trial.number for trial in three.asker.ledger.left_behind()] == [0, 1]


def test_a_trial_of_another_study_under_way_is_waited_for(make_launch, monkeypatch) -> None:
    monkeypatch.setattr(asker_module, "_POLL_S", 0.0)
    launch = make_launch()
    job = launch.next()
    launch.asker.held(job, None)
    others = [launch.next() for _ in range(3)]
    assert all(isinstance(each, Job) for each in others)
    assert others[0].fingerprint == job.fingerprint  # nobody holds its lease: it is given again
    launch.asker.held(job, None)
    monkeypatch.setattr(job_runs, "read_trials", lambda uri, wanted: [_record(job)] * (wanted == job.fingerprint))
    assert isinstance(launch.next(), Job)
    assert ("taken", job.variant) in launch.heard.events
    assert launch.result.trials[0].values["pckh"] == 77.0


def test_after_its_hours_nothing_new_begins(make_launch, make_search, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(ledger_module.time, "monotonic", lambda: now[0])
    search = make_search(replaced={"trials: 8": "trials: 8\n  hours: 1"})
    launch = make_launch(search)
    launch.to_the_end(2)
    now[0] = 1800.0
    launch.asker.ledger.beat()
    later = make_launch(search, "two")  # what the first took counts
    job = later.next()
    now[0] = 3700.0
    assert later.next() == "done"
    assert later.asker.reason == "its 1 hours are over"
    later.finish(job)  # what has begun goes to its end
    assert later.result.trials[2].state == "complete"


def test_a_launch_that_is_asked_to_stop_asks_for_nothing(make_launch) -> None:
    wanted = [False]
    launch = make_launch(stopped=lambda: wanted[0])
    job = launch.next()
    wanted[0] = True
    assert launch.next() == "done"
    launch.asker.ledger.end()
    assert launch.result.trials[0].state == "interrupted"
    assert make_launch(launch="two").next().fingerprint == job.fingerprint
