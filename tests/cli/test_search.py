"""`hglab search` as a real process: killed again and again, interrupted, under Ray; then what is kept of it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from runners.job import Places
from runners.record.reading import read_links, read_trials
from runners.search.results import SearchResult, read_search
from search_space import expand_search, read_study
from tests.cli.conftest import command, environment
from tests.small import SMALL

STUDY = """\
study: found
base: {{{settings}}}
search:
  trials: 7
  scheduler: {{name: asha, grace: 2, reduction: 2}}
  constraints: ["params <= 1.5e4"]
  space:
    block.type: [bottleneck, hierarchical]
    block.width: {{float: [0.25, 0.75], step: 0.125}}
    training.learning_rate: {{log: [1e-3, 1e-1]}}
  first:
    - {{block.type: bottleneck, block.width: 0.5, training.learning_rate: 0.01}}
"""
SETTINGS = {**SMALL, "training.epochs": 5, "data.train_images": 32, "data.validation_images": 16}


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """A search of trials that take a second."""
    path = tmp_path / "found.yaml"
    path.write_text(STUDY.format(settings=", ".join(f"{key}: {value}" for key, value in SETTINGS.items())))
    return path


def _result(study: Path, runs: Path) -> SearchResult:
    return read_search(expand_search(read_study(study), "tiny"), Places.below(runs))


def _told(result: SearchResult) -> list[tuple[Any, ...]]:
    """What must be the same of two searches: points, ends, figures that no clock enters."""
    clocks = ("seconds", "peak_memory_mb")
    told = []
    for trial in result.trials:
        figures = {key: value for key, value in trial.values.items() if key not in clocks}
        told.append((trial.number, trial.state, dict(trial.point), trial.epochs, trial.duplicate_of, figures))
    return told


@pytest.mark.slow
def test_a_search_that_is_killed_at_random_is_the_one_that_was_not(process, searched, tmp_path) -> None:
    words = ["search", searched, "--scale", "tiny", "--executor", "inline"]
    whole = process(*words, "--runs", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    parts = tmp_path / "parts"
    moments, kills = random.Random(time.time_ns()), 0
    for _ in range(3):
        log = tmp_path / "log"
        with log.open("w") as file:
            running = subprocess.Popen(
                command(*words, "--runs", parts), cwd=tmp_path, env=environment(), stdout=file, stderr=file
            )
            deadline = time.monotonic() + 120
            while running.poll() is None and "started" not in log.read_text() and time.monotonic() < deadline:
                time.sleep(0.05)
            wait = moments.uniform(0.0, 3.0)
            try:
                code = running.wait(timeout=wait)
                assert code == 0, log.read_text()
                break
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                kills += 1
    else:
        done = process(*words, "--runs", parts)
        assert done.returncode == 0, done.stderr
    assert kills, "it was over before it could be killed"
    assert _told(_result(searched, parts)) == _told(_result(searched, tmp_path / "whole"))
    trials = read_trials(Places.below(parts).uri)
    complete = [trial.fingerprint for trial in trials if trial.state == "complete"]
    assert len(complete) == len(set(complete)), "no trial is complete twice"
    assert {trial.fingerprint for trial in _result(searched, parts).complete} == set(complete)
    assert not [trial for trial in trials if not trial.ended], "every run has an end"


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_a_search_under_ray_stops_at_ctrl_c_and_goes_on(process, searched, tmp_path) -> None:
    words = ["run", searched, "--scale", "tiny"]  # `run` of a search is `search`
    log = tmp_path / "log"
    with log.open("w") as file:
        running = subprocess.Popen(
            command(*words), cwd=tmp_path, env=environment(), stdout=file, stderr=file, start_new_session=True
        )
        deadline = time.monotonic() + 180
        while "done in" not in log.read_text() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
        code = running.wait(timeout=120)
        subprocess.run(["pkill", "-9", "-s", str(running.pid)], check=False)
    assert code == 130, log.read_text()
    assert "run the same command again to go on where it was" in " ".join(log.read_text().split())
    assert "Traceback" not in log.read_text()
    before = _result(searched, tmp_path / "runs")
    assert "running" not in {trial.state for trial in before.trials}
    done = process(*words, "--format", "json")
    assert done.returncode == 0, done.stderr
    result = _result(searched, tmp_path / "runs")
    assert result.counted == 7
    assert {trial.state for trial in result.trials} <= {"complete", "pruned", "infeasible"}
    assert json.loads(done.stdout)["best"]["number"] == result.best.number
    ended = {trial.number: trial for trial in before.trials if trial.state in ("complete", "pruned", "infeasible")}
    assert all(result.trials[number] == trial for number, trial in ended.items()), "what had ended was left alone"
    trials = read_trials(Places.below(tmp_path / "runs").uri)
    complete = [trial.fingerprint for trial in trials if trial.state == "complete"]
    assert sorted(complete) == sorted(trial.fingerprint for trial in result.complete)
    assert "running" not in {trial.state for trial in trials}


@pytest.mark.slow
def test_a_point_that_a_study_has_trained_is_told(process, searched, tmp_path) -> None:
    rows = "study: rows\nvariants:\n  - {id: one, set: {block.width: 0.5, training.learning_rate: 0.01}}\n"
    (tmp_path / "rows.yaml").write_text(rows)
    settings = [f"--set={key}={value}" for key, value in SETTINGS.items()]
    trained = process("run", "rows.yaml", "--scale", "tiny", "--executor", "inline", *settings)
    assert trained.returncode == 0, trained.stderr
    done = process("search", searched, "--scale", "tiny", "--executor", "inline", "--trials", 2)
    assert done.returncode == 0, done.stderr
    first = _result(searched, tmp_path / "runs").trials[0]
    assert (first.state, first.reused) == ("complete", True)
    assert "(from the record)" in done.stderr
    trials = read_trials(Places.below(tmp_path / "runs").uri)
    assert [trial.study for trial in trials if trial.fingerprint == first.fingerprint] == ["rows"]
    links = read_links(Places.below(tmp_path / "runs").uri)  # the search's experiment shows it, too
    assert [link.fingerprint for link in links] == [first.fingerprint]


def test_a_study_without_a_search_is_refused(call, small_study) -> None:
    done = call("search", small_study)
    assert done.exit_code == 2
    assert "has no `search:`" in " ".join(done.stderr.split())
    assert f"hglab run {small_study}" in " ".join(done.stderr.split())


@pytest.mark.parametrize("words", [["--only", "bottleneck"], ["--fresh"]])
def test_options_that_mean_nothing_to_a_search_are_refused(call, searched, words) -> None:
    done = call("run", searched, "--scale", "tiny", *words)
    assert done.exit_code == 2
    assert words[0] in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no database", "cannot be opened"),
        ("postgresql+nothere://x/y", "cannot be opened"),
        ("sqlite:////proc/nothing/here.db", "cannot be"),
    ],
)
def test_a_storage_that_cannot_be_opened(call, searched, url, said) -> None:
    done = call("search", searched, "--scale", "tiny", "--executor", "inline", "--storage", url)
    assert done.exit_code == 2, done.output
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.output
