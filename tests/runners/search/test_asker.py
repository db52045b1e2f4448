"""What a search asks to be trained, and what it makes of what was; nothing is trained here."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runners.job import Job, Progress
from runners.record.recorded import RecordedTrial
from runners.search import job_runs
from runners.search import ledger as ledger_module
from runners.search.asker import HOPELESS
from runners.search.feasibility import judge
from tests.runners.search.conftest import DISCRETE, SEARCH, _record, quality

FEW_IN_VAIN = 15


def test_a_search_trains_as_many_trials_as_it_was_asked_for(make_launch) -> None:
    launch = make_launch()
    launch.to_the_end()
    assert len(launch.given) == 8
    assert launch.asker.reason is None
    assert launch.result.counted == 8
    assert launch.outcome.trained == [job.name for job in launch.given]
    best = max(launch.given, key=quality)
    assert launch.result.best.fingerprint == best.fingerprint
    assert launch.result.best.values["pckh"] == pytest.approx(quality(best))
    assert launch.heard.standing.best.number == launch.result.best.number
    assert launch.heard.standing.epochs_trained == 16


def test_a_repeated_point_is_told_and_not_trained(make_launch, make_search) -> None:
    search = make_search(DISCRETE, replaced={"trials: 8": "trials: 9"})
    assert search.space.size == 4
    launch = make_launch(search)
    launch.to_the_end()
    assert len({job.fingerprint for job in launch.given}) == len(launch.given) == 4
    assert launch.asker.reason == "all 4 points of the space have been tried"
    trials = launch.result.trials
    repeated = [trial for trial in trials if trial.duplicate_of is not None]
    assert len(repeated) == launch.heard.standing.repeated > 0
    for trial in repeated:
        assert trial.state == "complete"
        assert trial.values["pckh"] == trials[trial.duplicate_of].values["pckh"]


def test_a_search_that_finds_nothing_new_ends(make_launch, make_search, monkeypatch) -> None:
    monkeypatch.setattr(ledger_module, "MOST_REJECTED", FEW_IN_VAIN)
    search = make_search(SEARCH.replace("  space:", '  constraints: ["params <= 10"]\n  space:'))
    launch = make_launch(search)
    launch.to_the_end()
    assert launch.given == []
    assert launch.asker.reason.startswith(f"{FEW_IN_VAIN} points since the last that was trained break a constraint")


def test_a_point_proposed_while_it_trains_is_told_once_that_ends(make_launch, make_search, monkeypatch) -> None:
    monkeypatch.setattr(ledger_module, "MOST_REPEATED", FEW_IN_VAIN)
    launch = make_launch(make_search(DISCRETE))
    jobs = [launch.next() for _ in range(4)]  # all four points train at once
    assert all(isinstance(job, Job) for job in jobs)
    assert launch.next() in ("wait", "done")  # every further one waits for one of these
    waiting = [trial for trial in launch.result.trials if trial.state == "running" and trial.duplicate_of is not None]
    assert waiting
    for job in jobs:
        launch.finish(job)
    ended = launch.result.trials
    assert {trial.state for trial in ended} == {"complete"}
    repeated = [trial for trial in ended if trial.duplicate_of is not None]
    assert all(trial.values["pckh"] == ended[trial.duplicate_of].values["pckh"] for trial in repeated)


def test_a_recorded_trial_is_told_its_result(make_launch, monkeypatch) -> None:
    known: dict[str, RecordedTrial] = {}
    monkeypatch.setattr(job_runs, "read_trials", lambda uri, wanted: [known[wanted]] if wanted in known else [])
    probe = make_launch()
    job = probe.next()
    known[job.fingerprint] = _record(job)
    launch = make_launch(launch="two", ended=lambda launch: True)
    launch.to_the_end()
    assert job.fingerprint not in {each.fingerprint for each in launch.given}
    told = next(trial for trial in launch.result.trials if trial.fingerprint == job.fingerprint)
    assert (told.state, told.values["pckh"], told.run_id, told.reused) == ("complete", 77.0, "run", True)
    assert ("told", told.name, "complete") in launch.heard.events
    assert launch.result.counted == 8  # it counts, though it was not trained
    assert launch.result.best.number == told.number


def test_a_launch_gives_up_when_everything_fails(make_launch) -> None:
    launch = make_launch()
    while isinstance(job := launch.next(), Job):
        launch.asker.failed(job, "RuntimeError: no memory at all")
    assert len(launch.given) == HOPELESS
    assert (
        launch.asker.reason == f"the first {HOPELESS} trials have all failed; the last: RuntimeError: no memory at all"
    )


def test_points_that_break_a_constraint_are_never_trained(make_launch, make_search) -> None:
    constraint = '  constraints: ["params <= 5e3"]\n'
    search = make_search(SEARCH.replace("  space:", f"{constraint}  space:"))
    launch = make_launch(search)
    launch.to_the_end()
    assert len(launch.given) == 8
    assert all(job.counts["params"] <= 5e3 for job in launch.given)
    left_out = [trial for trial in launch.result.trials if trial.state == "infeasible"]
    assert left_out
    for trial in left_out:
        assert trial.values["params"] > 5e3
        assert trial.violations == {"params <= 5000": pytest.approx(trial.values["params"] / 5e3 - 1)}
    told = launch.asker.ledger.trials()
    assert all(told[trial.number].constraints["params <= 5000"] > 0 for trial in left_out)
    assert launch.heard.standing.infeasible == len(left_out)
    assert launch.result.counted == 8


def test_pruned_trials_count_and_keep_their_last_figures(make_launch, make_search) -> None:
    launch = make_launch(make_search(replaced={"trials: 8": "trials: 8\n  scheduler: asha"}, **{"training.epochs": 9}))
    job = launch.next()
    launch.asker.progressed(job, Progress(1, 9, {"pckh": 3.0}))
    launch.asker.pruned(job, 1)
    launch.to_the_end()
    assert len(launch.given) == 8
    pruned = launch.result.trials[0]
    assert (pruned.state, pruned.values["pckh"], pruned.epochs) == ("pruned", 3.0, 1)
    assert launch.heard.standing.pruned == 1
    curves = {name: (epochs, curve) for name, epochs, curve in launch.asker.ledger.curves()}
    assert curves["p0"] == (9, {1: 3.0})
    assert len(curves) == 8


def test_first_points_come_first_and_once(make_launch, make_search) -> None:
    first = "  first:\n    - {block.type: hierarchical, block.depth: 4, training.learning_rate: 0.01}\n"
    search = make_search(SEARCH + first)
    launch = make_launch(search)
    assert launch.next().label == search.label(search.first[0])
    again = make_launch(search, "two", ended=lambda launch: True)
    again.to_the_end()
    assert [dict(trial.point) for trial in again.result.trials].count(dict(search.first[0])) == 1


def test_a_result_that_is_no_number_is_a_failure(make_launch) -> None:
    launch = make_launch()
    job = launch.next()
    launch.asker.progressed(job, Progress(1, 2, {"pckh": float("nan")}))
    launch.asker.finished(job)
    assert launch.result.trials[0].state == "failed"
    assert launch.result.trials[0].error == "it reports no finite pckh"


def test_a_grid_is_gone_through_once(make_launch, make_search) -> None:
    search = make_search(DISCRETE, replaced={"trials: 8": "trials: 8\n  sampler: grid"})
    launch = make_launch(search)
    launch.to_the_end()
    assert len(launch.given) == len(launch.result.trials) == 4
    assert launch.asker.reason == "every point of the grid has been tried"


def test_several_objectives_have_a_front(make_launch, make_search) -> None:
    search = make_search(replaced={"trials: 8": "trials: 12\n  objectives: [pckh, params]"})
    launch = make_launch(search)
    launch.to_the_end()
    front = launch.result.front
    assert launch.result.best is None
    for trial in launch.result.complete:
        beaten = any(
            other.values["pckh"] >= trial.values["pckh"]
            and other.values["params"] <= trial.values["params"]
            and (other.values["pckh"], other.values["params"]) != (trial.values["pckh"], trial.values["params"])
            for other in launch.result.complete
        )
        assert (trial in front) is not beaten or any(
            other.number < trial.number
            and (other.values["pckh"], other.values["params"]) == (trial.values["pckh"], trial.values["params"])
            for other in front
        )


def test_a_latency_is_this_searchs_own(make_launch, monkeypatch) -> None:
    monkeypatch.setattr(
        job_runs, "read_trials", lambda uri, wanted: [_record(SimpleNamespace(fingerprint=wanted), latency_ms=50.0)]
    )
    launch = make_launch()
    launch.asker.judge = lambda config: judge(config, (), lambda config: 3.0)
    assert launch.next() == "done"
    assert {trial.values["latency_ms"] for trial in launch.result.trials} == {3.0}
    assert {trial.values["pckh"] for trial in launch.result.trials} == {77.0}


def test_samplers_learn_that_a_point_diverges(make_launch) -> None:
    launch = make_launch()
    error = "DivergedError: the loss is not finite after epoch 1"
    for _ in range(HOPELESS + 1):  # that is no reason to give up
        launch.asker.failed(launch.next(), error)
    launch.asker.failed(launch.next(), "ValueError: bad luck")
    launch.finish(launch.next())
    told = launch.asker.ledger.trials()
    assert [trial.state.name for trial in told[:8]] == ["PRUNED"] * 6 + ["FAIL", "COMPLETE"]
    assert [trial.constraints["does not diverge"] for trial in told] == [1.0] * 6 + [0.0] * 2
    assert [trial.state for trial in launch.result.trials] == ["failed"] * 7 + ["complete"]
    assert launch.result.trials[0].error == error
    again = make_launch(launch="again", retry_failed=True)
    again.to_the_end()
    assert [job.fingerprint for job in again.given] == [job.fingerprint for job in launch.given[:7]]
    assert {trial.state for trial in again.result.trials if trial.duplicate_of is None} == {"complete"}
