"""`hglab run` as a real process: under Ray, interrupted, killed, run again; then its table, status and plan."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import time

import pytest

from runners.checkpoint import load_checkpoint
from runners.record.reading import read_launches, read_trials
from tests.cli.conftest import command, environment
from tests.small import OPTIONS, options

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


def _uri(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"


def _figures(table: dict) -> list[dict]:
    """What a table says of each row, but for where it was trained."""
    return [{key: (cell.get("value"), cell.get("std")) for key, cell in row["cells"].items()} for row in table["rows"]]


def test_a_study_runs_under_ray_and_is_not_trained_again(process, small_study, tmp_path) -> None:
    done = process("run", small_study, *OPTIONS)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b[" not in done.stdout + done.stderr
    assert "Hierarchical & binary" in done.stdout
    assert "hglab ui" in done.stderr
    for suffix in ("tex", "md", "html", "csv"):
        (file,) = (tmp_path / "runs" / "tables").glob(f"small-tiny-synthetic-????????.{suffix}")
        assert file.stat().st_size > 100
    first = read_trials(_uri(tmp_path))
    assert [trial.state for trial in first] == ["complete"] * 4
    assert str(os.getpid()) not in {trial.provenance["process"] for trial in first}
    assert not list((tmp_path / "runs").glob("ray/*")), "Tune's own state is removed"

    again = process("run", small_study, *OPTIONS)
    assert again.returncode == 0
    assert "4 reused, 0 to train" in " ".join(again.stderr.split())
    assert again.stdout == done.stdout
    assert read_trials(_uri(tmp_path)) == first

    # The other verbs, without naming the options again: they speak of the last launch.
    table = json.loads(process("table", small_study, "--format", "json").stdout)
    assert {"columns", "rows"} <= set(table)
    assert [row["id"] for row in table["rows"]] == ["bottleneck", "hierarchical"]
    latex = process("table", small_study, "--format", "latex").stdout
    assert r"Hierarchical \& binary" in latex
    rows = list(csv.DictReader(io.StringIO(process("table", small_study, "--format", "csv").stdout)))
    assert len(rows) == 2
    assert process("table", small_study, "--format", "markdown", "-o", "small.yaml/none.md").returncode == 2
    status = json.loads(process("status", small_study, "--format", "json").stdout)
    assert status["states"]["complete"] == 4
    plan = json.loads(process("plan", small_study, *OPTIONS, "--format", "json").stdout)
    assert (plan["trials"], plan["distinct"], plan["reused"]) == (4, 4, 4)

    # Another study that shares trials trains only its own.
    other = tmp_path / "other.yaml"
    other.write_text(small_study.read_text().replace("study: small", "study: other").replace("[0, 1]", "[0]"))
    plan = json.loads(process("plan", other, *OPTIONS, "--format", "json").stdout)
    assert (plan["trials"], plan["reused"]) == (2, 2)

    inline = process("run", small_study, *OPTIONS, "--executor", "inline", "--runs", "inline", "--format", "json")
    assert inline.returncode == 0, inline.stderr
    assert _figures(json.loads(inline.stdout)) == _figures(table)


def _wait_for_epoch(tmp_path, log, running, limit: float = 180) -> None:
    """Until the record holds a trial's first epoch."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and running.poll() is None:
        begun = "started" in log.read_text()  # not before: MLflow may still be making the tables of its database
        if begun and any(trial.metrics.get("epoch", 0) >= 1 for trial in read_trials(_uri(tmp_path))):
            return
        time.sleep(0.2)
    raise AssertionError(f"nothing was trained: {log.read_text()}")


@pytest.mark.parametrize(("executor", "how"), [("ray", signal.SIGKILL), ("inline", signal.SIGTERM)])
def test_an_ended_run_goes_on_where_it_was(process, small_study, tmp_path, executor: str, how: signal.Signals) -> None:
    long = [*options(training__epochs=12, data__train_images=32), "--executor", executor]
    long += ["--concurrent", "1"] if executor == "ray" else []
    log = tmp_path / "log"
    with log.open("w") as file:
        running = subprocess.Popen(
            command("run", small_study, *long),
            cwd=tmp_path,
            env=environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        _wait_for_epoch(tmp_path, log, running)
        os.kill(running.pid, how)
        code = running.wait(timeout=120)
    if how is signal.SIGKILL:
        assert code == -signal.SIGKILL
        subprocess.run(["pkill", "-9", "-s", str(running.pid)], check=False)  # what is left of its session
    else:
        assert code == 130, log.read_text()
        assert "run the same command again" in log.read_text()
        assert "Traceback" not in log.read_text()
        states = {trial.state for trial in read_trials(_uri(tmp_path))}
        assert "running" not in states
        assert read_launches(_uri(tmp_path))[-1].state == "interrupted"
    done = process("run", small_study, *long)
    assert done.returncode == 0, done.stderr
    trials = read_trials(_uri(tmp_path))
    complete = [trial for trial in trials if trial.state == "complete"]
    assert len(complete) == len({trial.fingerprint for trial in complete}) == 4
    assert all(trial.metrics["epoch"] == 12 for trial in complete)
    assert "running" not in {trial.state for trial in trials}
    reused = int(re.search(r"(\d) reused", " ".join(done.stderr.split()))[1])
    assert reused == sum(trial.launch == trials[0].launch for trial in complete)


@contextlib.contextmanager
def _running(tmp_path, *words: object):
    """The command in a session of its own, all of which is ended at last, and its log."""
    log = tmp_path / "log"
    with log.open("w") as file:
        running = subprocess.Popen(
            command(*words), cwd=tmp_path, env=environment(), stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield running, log
        finally:
            subprocess.run(["pkill", "-9", "-s", str(running.pid)], check=False)
            running.wait()


def _epochs(tmp_path) -> dict[str, float]:
    """The last epoch of each trial in the record."""
    return {trial.fingerprint: trial.metrics.get("epoch", 0) for trial in read_trials(_uri(tmp_path))}


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_ctrl_c_once_finishes_the_epochs_under_way(process, small_study, tmp_path, executor: str) -> None:
    long = [*options(training__epochs=4, data__train_images=400), "--executor", executor]
    with _running(tmp_path, "run", small_study, *long) as (running, log):
        _wait_for_epoch(tmp_path, log, running)
        before = _epochs(tmp_path)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: Ray's processes get it, too
        code = running.wait(timeout=180)
        assert code == 130, log.read_text()
        said = " ".join(log.read_text().split())
    assert "finishing the epochs under way; Ctrl-C again ends them now" in said
    assert "run the same command again" in said
    assert "Traceback" not in said
    after = _epochs(tmp_path)
    assert after.keys() >= before.keys()
    assert any(after[fingerprint] > before[fingerprint] for fingerprint in before), "the epoch under way is not lost"
    for trial in read_trials(_uri(tmp_path)):
        assert trial.state == "interrupted"
        folder = tmp_path / "runs" / "trials" / trial.fingerprint
        assert load_checkpoint(folder).epoch == trial.metrics["epoch"] < 4
    assert len(after) <= 2, "no trial began that was not under way"
    assert not list((tmp_path / "runs" / "trials").glob(".stop*"))
    assert read_launches(_uri(tmp_path))[-1].state == "interrupted"


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_ctrl_c_twice_ends_the_epochs_now(process, small_study, tmp_path, executor: str) -> None:
    endless = [*options(data__train_images=1000, model__features=192), "--executor", executor]
    with _running(tmp_path, "run", small_study, *endless) as (running, log):
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and not list(tmp_path.glob("runs/artifacts/**/config.yaml")):
            time.sleep(0.2)
        time.sleep(5)  # into the epoch
        os.killpg(running.pid, signal.SIGINT)
        time.sleep(3)
        assert running.poll() is None, f"it finishes the epoch: {log.read_text()}"
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(timeout=60) == 130, log.read_text()
        assert "Traceback" not in log.read_text()
    assert {trial.state for trial in read_trials(_uri(tmp_path))} == {"interrupted"}
    assert not list((tmp_path / "runs" / "trials").glob(".stop*"))


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_a_trial_that_fails_is_in_the_table_and_the_exit_code(process, small_study, tmp_path, executor: str) -> None:
    plan = json.loads(process("status", small_study, *OPTIONS, "--format", "json").stdout)
    victim = next(t for t in plan["trials"] if (t["variant"], t["seed"]) == ("hierarchical", 1))
    folder = tmp_path / "runs" / "trials" / victim["fingerprint"]
    folder.mkdir(parents=True)
    (folder / "checkpoint.pt").write_bytes(b"cut short")
    done = process("run", small_study, *OPTIONS, "--executor", executor)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "hierarchical/1: failed" in done.stderr
    assert "is damaged" in done.stderr
    assert "1 of 2 seeds: seed 1 failed" in " ".join(done.stdout.split())
    states = json.loads(process("status", small_study, "--format", "json").stdout)["states"]
    assert (states["complete"], states["failed"]) == (3, 1)
    (folder / "checkpoint.pt").unlink()
    assert process("run", small_study, *OPTIONS, "--executor", "inline", "--retry", "failed").returncode == 0
