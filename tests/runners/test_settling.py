"""Every run comes to an end in the record, and none that has come to one is given another."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from dataclasses import asdict, replace

import pytest

from runners.executors import run_inline
from runners.job import Job, Places, Resources, run_tags
from runners.launch import catch_up, launch, remaining
from runners.lease import Claim, Holder, hold
from runners.outcome import Outcome
from runners.record import names, reading
from runners.record.buffer import outboxes
from runners.record.liveness import this_machine
from runners.record.reading import read_launches, read_links, read_trials
from runners.record.writing import Record
from runners.runs_folder import runs_id
from runners.settling import OpenLaunches, close_left_over, ended_launches, launch_folder, settle
from runners.worker import run_job
from search_space import InputError
from tests.runners.launches import Silent, _launch
from tests.tracking import TrackingServer


@pytest.fixture
def record(places) -> Record:
    return Record(places.uri, places.artifacts)


def _job(plan, places: Places, record: Record, launch: str = "mine", **claim) -> Job:
    trial = plan.trials[0]
    return Job.of(
        trial,
        plan.counts[trial.variant.id],
        study="small",
        scale="tiny",
        launch=launch,
        experiment_id=record.experiment("small"),
        places=places,
        resources=Resources(),
        claim=Claim(**claim),
    )


def _begin(job: Job, record: Record, **tags: str) -> str:
    return record.start_run(job.experiment_id, job.name, {**run_tags(job), **tags})


GONE = {names.PROVENANCE: '{"host": "node3", "process": "4711"}'}


@pytest.mark.slow
def test_a_run_that_has_ended_since_it_was_read_is_left_as_it_is(make_plan, places, record) -> None:
    job = _job(make_plan(), places, record)
    run = _begin(job, record, **GONE)
    read = read_trials(places.uri)
    assert not read[0].ended
    record.end_run(run, "complete")
    close_left_over(record, read, {job.fingerprint}, places)
    assert [trial.state for trial in read_trials(places.uri)] == ["complete"]


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [True, False])
def test_a_run_whose_process_is_gone_is_ended_also_if_nobody_wants_its_trial(
    make_plan, places, record, wanted: bool
) -> None:
    job = _job(make_plan(), places, record)
    gone = {names.PROVENANCE: '{"host": "' + __import__("platform").node() + '", "process": "4194305"}'}
    _begin(job, record, **gone)
    close_left_over(record, read_trials(places.uri), {job.fingerprint} if wanted else set(), places)
    (trial,) = read_trials(places.uri)
    assert (trial.state, trial.ended) == ("interrupted", True)
    assert trial.error.startswith("its launch ended without a word")
    assert ("continued" in trial.error) is wanted


@pytest.mark.slow
def test_runs_of_another_folder_of_runs_are_left_alone(make_plan, places, record) -> None:
    """Two machines that share the tracking server only do not see each other's leases."""
    job = _job(make_plan(), places, record)
    run = _begin(job, record, **GONE, **{names.RUNS: "of another machine", names.LAUNCH: "theirs"})
    close_left_over(record, read_trials(places.uri), {job.fingerprint}, places)
    run_job(job, lambda progress: None)
    states = {trial.run_id: (trial.state, trial.ended) for trial in read_trials(places.uri)}
    assert states.pop(run) == ("running", False)
    assert list(states.values()) == [("complete", True)]


@pytest.mark.slow
def test_a_trial_is_read_as_it_was_at_one_moment(make_plan, places, record, monkeypatch) -> None:
    job = _job(make_plan(), places, record)
    run = _begin(job, record)
    grouped = reading._grouped

    def end_in_between(rows):
        found = grouped(rows)
        record.end_run(run, "complete")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(reading, "_grouped", end_in_between)
        (trial,) = read_trials(places.uri)
    assert (trial.state, trial.ended) == ("running", False)
    assert read_trials(places.uri)[0].state == "complete"


@pytest.mark.slow
def test_an_error_that_others_noted_goes_when_the_trial_completes(make_plan, places, record) -> None:
    job = _job(make_plan(), places, record)
    run = _begin(job, record)
    record.end_run(run, "interrupted", "taken for gone")
    record.end_run(run, "complete")
    (trial,) = read_trials(places.uri)
    assert (trial.state, trial.error) == ("complete", None)


@pytest.mark.slow
def test_which_launches_have_ended(places, record) -> None:
    tags = {names.KIND: names.LAUNCH_KIND, names.STUDY: "small", names.SCALE: "tiny"}
    experiment = record.experiment("small")
    over, killed, alive, elsewhere = (record.start_run(experiment, name, tags) for name in "abcd")
    record.end_run(over, "complete")
    process = subprocess.Popen(["true"])
    process.wait()
    gone = Holder("host", this_machine(), process.pid, 1, killed, "token", 30.0)
    launch_folder(places, killed).mkdir(parents=True)
    (launch_folder(places, killed) / "lease-1.json").write_text(json.dumps(asdict(gone)))
    with hold(launch_folder(places, alive), alive, Claim()):
        assert ended_launches(places) == {over, killed}, f"of {elsewhere} nothing can be said"


@pytest.mark.slow
def test_a_killed_launch_is_ended_by_the_next(make_plan, places, record) -> None:
    here = runs_id(places.trials)
    tags = {names.KIND: names.LAUNCH_KIND, names.STUDY: "small", names.SCALE: "tiny"}
    experiment = record.experiment("small")
    killed = record.start_run(experiment, "killed", {**tags, names.RUNS: here})
    alive = record.start_run(experiment, "alive", {**tags, names.RUNS: here})
    elsewhere = record.start_run(experiment, "elsewhere", {**tags, names.RUNS: "another folder"})
    with hold(launch_folder(places, alive), alive, Claim()):
        OpenLaunches(record, places).look(here)
        states = {each.run_id: each.state for each in read_launches(places.uri)}
    assert states == {killed: "interrupted", alive: "running", elsewhere: "running"}
    plan = make_plan("training.epochs=1")
    outcome = _launch(plan, places)
    states = {each.run_id: each.state for each in read_launches(places.uri)}
    assert states == {
        killed: "interrupted", alive: "interrupted", elsewhere: "running", outcome.launch: "complete",
    }  # fmt: skip
    assert not list(places.trials.glob(".launch-*")), "nothing is left lying about"


@pytest.mark.slow
def test_a_link_that_was_half_written_is_written_again(make_plan, small_study, places, record) -> None:
    plan = make_plan("training.epochs=1")
    _launch(plan, places)
    small_study.write_text(small_study.read_text().replace("study: small", "study: other"))
    tags = {
        names.KIND: names.LINK_KIND, names.STUDY: "small", names.VARIANT: "v", names.SEED: "0",
        names.FINGERPRINT: plan.trials[0].fingerprint,
    }  # fmt: skip
    half = record.start_run(record.experiment("other"), "half", tags)
    _launch(make_plan("training.epochs=1"), places)
    links = {link.run_id: link.state for link in read_links(places.uri)}
    assert links.pop(half) == "interrupted"
    assert list(links.values()) == ["complete"] * 4


@pytest.mark.slow
def test_an_sqlite_record_is_not_written_from_another_machine(make_plan, places, record) -> None:
    job = _job(make_plan(), places, record, boot="another machine since Tuesday")
    with pytest.raises(RuntimeError, match="the record is an SQLite file, and this is another machine"):
        run_job(job, lambda progress: None)
    assert read_trials(places.uri) == []


@pytest.mark.slow
def test_data_that_changed_since_the_plan_is_not_trained_on(make_plan, places) -> None:
    plan = make_plan()
    trials = tuple(replace(trial, data_version="synthetic-of-yesterday") for trial in plan.trials)
    outcome = _launch(replace(plan, trials=trials), places)
    assert len(outcome.failed) == 4
    assert all("the trial was planned on synthetic-of-yesterday" in error for error in outcome.failed.values())


@pytest.mark.slow
def test_a_server_that_is_away_at_the_end_gets_all_of_it_later(make_plan, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("runners.settling.PATIENCE_S", 1.0)
    monkeypatch.setattr("runners.record.writing.WORKER_PATIENCE_S", 1.0)
    with TrackingServer(tmp_path) as server:
        places = Places.below(tmp_path / "runs", server.uri)
        plan = make_plan()

        def kill_at_the_end(jobs, monitor) -> None:
            class Killer(Silent):
                def progressed(self, job, progress) -> None:
                    if progress.epoch == 2 and job.name == jobs[0].name:
                        server.kill()

                def finished(self, job) -> None:
                    monitor.finished(job)

            run_inline(jobs[:1], Killer())
            raise KeyboardInterrupt

        outcome = _launch(plan, places, executor=kill_at_the_end)
        assert (outcome.interrupted, outcome.trained) == (True, [plan.trials[0].name])
        assert outcome.unsent == outcome.trained
        assert len(outboxes(places.trials)) == 2, "of the trial, and of the launch"
        server.start()
        assert len(catch_up(places).sent) == 2
        assert [trial.state for trial in read_trials(server.uri)] == ["complete"]
        assert [each.state for each in read_launches(server.uri)] == ["interrupted"]
        rest = remaining(plan, read_trials(server.uri), places)
        assert len(rest.reused) == 1
        launch(plan, rest, places, Resources(), run_inline, Silent(), prepare=lambda: None)
        assert not list(places.trials.glob(".launch-*"))


def test_what_waits_on_disk_is_said(make_plan, places, monkeypatch) -> None:
    class Away:
        uri = places.uri

    plan = make_plan()
    job = replace(
        Job.of(plan.trials[0], plan.counts[plan.trials[0].variant.id], study="s", scale="tiny", launch="mine",
               experiment_id="1", places=places, resources=Resources()),
    )  # fmt: skip

    def away(uri: str):
        raise InputError.at(uri, "is away")

    outcome = Outcome(reused=0, trained=[job.name])
    settle(Away(), [job], "mine", outcome, away)
    assert outcome.unsent == []
    from runners.record.buffer import outbox_file

    waiting = outbox_file(places.folder(job.fingerprint), places.uri)
    waiting.parent.mkdir(parents=True)
    waiting.touch()
    settle(Away(), [job], "mine", outcome, away)
    assert outcome.unsent == [job.name]


def test_reading_leaves_the_database_as_it_is(places, record) -> None:
    """The transaction of a reading is closed with it: a writer does not wait for it."""
    read_trials(places.uri)
    with sqlite3.connect(places.uri.removeprefix("sqlite:///"), timeout=0) as connection:
        connection.execute("BEGIN IMMEDIATE")
