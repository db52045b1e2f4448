"""Two launches at once: each trial is trained once, whoever trains it, and a launch that dies blocks nobody."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest

from runners.executors import run_inline
from runners.job import Job, Resources, run_tags
from runners.launch import launch, remaining
from runners.outcome import Outcome
from runners.record import names
from runners.record.reading import read_launches, read_links, read_trials
from runners.record.writing import Record
from tests.cli.conftest import environment
from tests.runners.launches import Silent
from tests.runners.test_lease import ELSEWHERE, _leave
from tests.small import options


@pytest.mark.slow
def test_a_launch_that_was_planned_before_another_ended_trains_nothing_again(make_plan, places) -> None:
    plan = make_plan("training.epochs=1")
    planned = remaining(plan, read_trials(places.uri), places)

    def go() -> Outcome:
        return launch(plan, planned, places, Resources(), run_inline, Silent(), prepare=lambda: None)

    first, second = go(), go()
    assert (sorted(first.trained), first.elsewhere) == (sorted(trial.name for trial in plan.trials), [])
    assert (second.trained, sorted(second.elsewhere)) == ([], sorted(first.trained))
    assert [run.state for run in read_trials(places.uri)] == ["complete"] * 4
    # On purpose, however: what was known to be complete is no news.
    afresh = remaining(plan, read_trials(places.uri), places, fresh=True)
    third = launch(plan, afresh, places, Resources(), run_inline, Silent(), prepare=lambda: None)
    assert (sorted(third.trained), third.elsewhere) == (sorted(first.trained), [])


@pytest.mark.slow
def test_runs_that_another_machine_left_open_are_closed_by_who_takes_over(make_plan, places, monkeypatch) -> None:
    plan = make_plan("training.epochs=1")
    trial = plan.trials[0]
    record = Record(places.uri, places.artifacts)
    context = {"study": "small", "scale": "tiny", "launch": "theirs", "places": places, "resources": Resources()}
    job = Job.of(trial, plan.counts[trial.variant.id], experiment_id=record.experiment("small"), **context)
    tags = {**run_tags(job), names.PROVENANCE: {"host": "node3", "process": "4711"}}
    left = record.start_run(job.experiment_id, job.name, tags)
    _leave(places.folder(trial.fingerprint), replace(ELSEWHERE, heartbeat_s=1))
    seen = []

    def look_and_run(jobs, monitor) -> None:
        seen.append({run.run_id: run.state for run in read_trials(places.uri)})
        run_inline(jobs, monitor)

    monkeypatch.setenv("HGLAB_HEARTBEAT_S", "1")
    rest = remaining(plan, read_trials(places.uri), places)
    outcome = launch(plan, rest, places, Resources(), look_and_run, Silent(), prepare=lambda: None)
    assert seen[0] == {left: "running"}, "it may be alive: the launch does not touch it"
    assert (outcome.trained[-1], len(outcome.trained)) == (trial.name, 4)
    runs = {run.run_id: (run.state, run.ended) for run in read_trials(places.uri)}
    assert runs.pop(left) == ("interrupted", True)
    assert set(runs.values()) == {("complete", True)}


UNDER_RAY = """
import contextlib, json, sys
from pathlib import Path
from runners.job import Places
from runners.lease import Claim, hold
from runners.planning import plan_study
from runners.sweep import RaySweep
from search_space import expand, read_overrides, read_study
from tests.runners.launches import Silent, _launch
from tests.small import SMALL

folder = Path(sys.argv[1])
texts = tuple(f"{key}={value}" for key, value in SMALL.items())
plan = plan_study(expand(read_study(folder / "small.yaml"), "tiny", read_overrides(None, texts)))
places, monitor = Places.below(folder / "runs"), Silent()
with RaySweep(scratch=folder / "scratch") as sweep:
    def taken_by_another(jobs, watch):  # between the launch's look at the leases and the workers'
        with contextlib.ExitStack() as leases:
            if len(jobs) == 4:
                leases.enter_context(hold(places.folder(jobs[0].fingerprint), "another", Claim()))
            sweep(jobs, watch)

    outcome = _launch(plan, places, executor=taken_by_another, monitor=monitor)
told = [what for what, name in monitor.told if name == plan.trials[0].name]
print(json.dumps({"told": told, "trained": outcome.trained, "failed": outcome.failed}))
"""


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_a_worker_of_ray_is_turned_away_without_a_failure(small_study, tmp_path) -> None:
    command = [sys.executable, "-c", UNDER_RAY, str(tmp_path)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    assert ended["told"] == ["started", "held", "started", "epoch 1", "epoch 2", "finished"]
    assert (len(ended["trained"]), ended["failed"]) == (4, {})
    runs = read_trials(_uri(tmp_path))
    assert [run.state for run in runs] == ["complete"] * 4, "no run for the worker that was turned away"


# From here on with real processes: the command itself, which also writes down every epoch that it trains, and can send
# itself a signal after an epoch.
COMMAND = """
import os, signal, sys
import cli.progress, runners.trial
from cli.main import main

train, told = runners.trial.train_epoch, cli.progress.SweepProgress.progressed

def train_epoch(training, number):
    config = training.config
    with open(os.environ["TEST_TRAINED"], "a") as file:
        file.write(f"{config.model.block.type}/{config.seed} {number} {os.getpid()}\\n")
    return train(training, number)

def progressed(self, job, progress):
    told(self, job, progress)
    if f"{job.name} {progress.epoch}" == os.environ.get("TEST_AFTER"):
        os.kill(os.getpid(), getattr(signal, os.environ["TEST_SIGNAL"]))

runners.trial.train_epoch, cli.progress.SweepProgress.progressed = train_epoch, progressed
main()
"""
EPOCHS = 6
OPTIONS = [*options(training__epochs=EPOCHS, data__train_images=16), "--executor", "inline"]


class Launch:
    """`hglab run` of a study, as a process."""

    def __init__(self, folder, study, *words: str, **variables: str) -> None:
        self.out, self.err = (folder / f"{study.stem}-{len(list(folder.iterdir()))}.{kind}" for kind in ("out", "err"))
        command = [sys.executable, "-c", COMMAND, "run", str(study), *OPTIONS, *words]
        variables |= {"TEST_TRAINED": str(folder / "trained")}
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**environment(), **variables}, stdout=out, stderr=err, start_new_session=True
            )

    def wait(self, limit_s: float = 240) -> int:
        return self.process.wait(timeout=limit_s)

    def wait_to_say(self, text: str, limit_s: float = 180) -> None:
        deadline = time.monotonic() + limit_s
        while text not in " ".join(self.err.read_text().split()):
            assert self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"it never said {text!r}: {self.err.read_text()}"
            time.sleep(0.1)

    @property
    def table(self) -> str:
        return self.out.read_text()

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def start(tmp_path):
    """A function that starts `hglab run` in a folder of its own; what still runs is ended with the test."""
    launches: list[Launch] = []

    def begin(*words, **variables: str) -> Launch:
        launches.append(Launch(tmp_path, *words, **variables))
        return launches[-1]

    yield begin
    for begun in launches:
        begun.end()


def _trained(folder) -> Counter[str]:
    """How often each epoch of each trial was trained, by whichever process."""
    return Counter(line.rsplit(" ", 1)[0] for line in (folder / "trained").read_text().splitlines())


def _uri(folder) -> str:
    return f"sqlite:///{folder / 'runs' / 'mlflow.db'}"


@pytest.mark.slow
def test_two_launches_of_one_study_train_each_trial_once(start, small_study, tmp_path) -> None:
    """Also on a record that is not there yet: both make it."""
    launches = [start(small_study), start(small_study)]
    assert [launch.wait() for launch in launches] == [0, 0], [launch.err.read_text() for launch in launches]
    first, second = launches
    assert first.table == second.table
    assert "Hierarchical & binary" in first.table
    assert "±" in first.table
    assert "Traceback" not in first.err.read_text() + second.err.read_text()

    runs = read_trials(_uri(tmp_path))
    assert [run.state for run in runs] == ["complete"] * 4, "no run beside those that were trained"
    assert len({run.fingerprint for run in runs}) == 4
    once = {f"{block}/{seed} {epoch}": 1 for block in ("bottleneck", "hierarchical") for seed in (0, 1)
            for epoch in range(1, EPOCHS + 1)}  # fmt: skip
    assert _trained(tmp_path) == once
    assert [launch.state for launch in read_launches(_uri(tmp_path))] == ["complete"] * 2
    assert not list((tmp_path / "runs" / "trials").glob("*/lease-*"))
    for each in launches:
        said = " ".join(each.err.read_text().split())
        reused = int(re.search(r"(\d) reused", said)[1])
        assert reused + said.count(": done in") + said.count(": done by another launch") == 4, said


@pytest.mark.slow
def test_two_studies_that_share_trials_train_them_once(start, small_study, tmp_path) -> None:
    other_study = tmp_path / "other.yaml"
    text = small_study.read_text().replace("study: small", "study: other").replace("[0, 1]", "[1, 2]")
    other_study.write_text(text)
    # The first stands still in a trial that both ask for, so that the second must wait for it.
    first = start(small_study, TEST_AFTER="bottleneck/1 2", TEST_SIGNAL="SIGSTOP")
    first.wait_to_say("bottleneck/1: started")
    second = start(other_study)
    second.wait_to_say(f"bottleneck/1: waiting for it: being trained by process {first.process.pid} on ")
    second.wait_to_say("hierarchical/2: done in")  # it goes on with others meanwhile
    os.kill(first.process.pid, signal.SIGCONT)
    assert [first.wait(), second.wait()] == [0, 0], first.err.read_text() + second.err.read_text()
    assert "bottleneck/1: done by another launch" in " ".join(second.err.read_text().split())
    runs = read_trials(_uri(tmp_path))
    assert [run.state for run in runs] == ["complete"] * 6
    assert len({run.fingerprint for run in runs}) == 6
    assert set(_trained(tmp_path).values()) == {1}
    shared = next(run for run in runs if (run.variant, run.seed) == ("bottleneck", 1))
    assert shared.study == "small"
    assert shared.fingerprint in {
        link.fingerprint for link in read_links(_uri(tmp_path)) if link.launch != shared.launch
    }


@pytest.mark.slow
def test_what_a_killed_launch_trained_is_gone_on_with_by_the_one_that_waits(start, small_study, tmp_path) -> None:
    only = ["--only", "bottleneck"]
    first = start(small_study, *only, TEST_AFTER="bottleneck/0 2", TEST_SIGNAL="SIGSTOP")
    first.wait_to_say("bottleneck/0: started")
    second = start(small_study, *only)
    second.wait_to_say(f"bottleneck/0: waiting for it: being trained by process {first.process.pid} on ")
    os.kill(first.process.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    killed = time.time()
    assert second.wait() == 0, second.err.read_text()
    assert set(_trained(tmp_path).values()) == {1}, "no epoch was trained again"
    by = Counter(line.split()[2] for line in (tmp_path / "trained").read_text().splitlines() if "neck/0" in line)
    assert by == {str(first.process.pid): 2, str(second.process.pid): EPOCHS - 2}
    runs = [run for run in read_trials(_uri(tmp_path)) if run.seed == 0]
    assert [(run.state, run.ended) for run in runs] == [("interrupted", True), ("complete", True)]
    assert "ended without a word" in runs[0].error
    assert runs[1].metrics["epoch"] == EPOCHS
    # A process of this machine that is gone is seen at once, whatever the heartbeat. Other trials come first.
    assert runs[1].started.timestamp() - killed < 30


@pytest.mark.slow
def test_a_launch_that_stands_still_loses_its_trial_and_takes_the_result(start, small_study, tmp_path) -> None:
    """As a closed laptop, or a machine that the others cannot reach any more."""
    only, beat = ["--only", "bottleneck"], 0.5
    first = start(small_study, *only, TEST_AFTER="bottleneck/0 2", TEST_SIGNAL="SIGSTOP", HGLAB_HEARTBEAT_S=str(beat))
    first.wait_to_say("bottleneck/0: started")
    second = start(small_study, *only, HGLAB_HEARTBEAT_S=str(beat))
    assert second.wait() == 0, second.err.read_text()
    assert first.process.poll() is None
    os.kill(first.process.pid, signal.SIGCONT)
    assert first.wait() == 0, first.err.read_text()
    assert first.table == second.table
    assert "bottleneck/0: done by another launch" in " ".join(first.err.read_text().split())
    runs = [run for run in read_trials(_uri(tmp_path)) if run.seed == 0]
    assert [run.state for run in runs] == ["interrupted", "complete"]
    by_second = [line for line in (tmp_path / "trained").read_text().splitlines() if str(second.process.pid) in line]
    assert [line.split()[1] for line in by_second if "bottleneck/0" in line] == ["3", "4", "5", "6"]
