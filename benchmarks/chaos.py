"""Kill a sweep at random points and see whether anything is lost: the same numbers as of one that was left alone.

    .venv/bin/python benchmarks/chaos.py [--rounds 20] [--executor inline|ray] [--what all|driver|worker] [--seed 0]

A small study on synthetic figures runs once undisturbed. Then it runs again on a record of its own, is killed with
SIGKILL after a random time, and started again, until it is done; then on the next record, `--rounds` kills in all.
Killed are all its processes at once, its driver alone, or one of its workers, after which the same launch has to come
to its end. Compared are the metrics of every epoch of every trial and the trained weights, bit for bit; each trial must
be recorded complete once, and no run, a launch's or a trial's, may be left open.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

STUDY = """\
study: chaos
seeds: [0, 1]
variants:
  - {id: bottleneck, baseline: true}
  - {id: hierarchical, set: {block.type: hierarchical}}
"""
SMALL = {
    "data.resolution": 32,
    "data.train_images": 64,
    "data.validation_images": 16,
    "model.features": 16,
    "model.stem_features": 8,
    "model.order": 2,
    "training.epochs": 15,
}
UNEQUAL = ("seconds", "peak_memory_mb")
"""Figures that depend on the machine."""


def command(study: Path, runs: Path, executor: str) -> list[str]:
    settings = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    hglab = [sys.executable, "-c", "from cli.main import main; main()"]
    return [*hglab, "run", str(study), "--scale", "tiny", "--runs", str(runs), "--executor", executor, *settings]


def run_to_the_end(study: Path, runs: Path, executor: str) -> None:
    done = subprocess.run(command(study, runs, executor), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the study did not end well ({done.returncode}):\n{done.stderr}")


def kill_after(seconds: float, study: Path, runs: Path, executor: str, what: str) -> bool:
    """Start the study and kill all its processes, or some; False if there was nothing left to kill."""
    process = subprocess.Popen(
        command(study, runs, executor), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        found = False
        if what == "worker":
            while process.poll() is None and not found:  # it may not train yet
                found = kill_a_worker(process.pid)
                time.sleep(0.2)
            if process.wait():
                sys.exit("the launch did not survive the loss of a worker")
        else:
            if what == "driver":
                process.kill()
                time.sleep(1)  # what it started notices
            kill_session(process.pid)
            process.wait()
            found = True
        return found


def kill_session(session: int) -> None:
    """SIGKILL for every process of a session: Ray's are in process groups of their own."""
    for process in processes(session):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def kill_a_worker(session: int) -> bool:
    """SIGKILL for one of Ray's processes that train; False if there is none."""
    for process in processes(session):
        with suppress(OSError):
            if b"ImplicitFunc" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)
                return True
    return False


def processes(session: int) -> list[int]:
    """The processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                found.append(int(entry.name))
    return found


Outcome = tuple[dict[str, Any], dict[str, int], dict[str, str], int]
"""The metrics of each epoch of each complete trial, how often it is complete, its weights' digest; and how many runs
are still open."""


def outcome(runs: Path) -> Outcome:
    """What a record holds complete."""
    import torch

    from runners.job import Places
    from runners.record.reading import connect, read_launches, read_trials

    places = Places.below(runs)
    client = connect(places.uri)
    curves: dict[str, Any] = {}
    times: dict[str, int] = {}
    weights: dict[str, str] = {}
    trials = read_trials(places.uri)
    left_open = sum(not run.ended for run in (*trials, *read_launches(places.uri)))
    for trial in trials:
        if trial.state != "complete":
            continue
        name = f"{trial.variant}/{trial.seed}"
        times[name] = times.get(name, 0) + 1
        curves[name] = {
            key: [(point.step, point.value) for point in client.get_metric_history(trial.run_id, key)]
            for key in trial.metrics
            if key not in UNEQUAL
        }
        state = torch.load(places.weights(trial.fingerprint), weights_only=True)
        content = b"".join(key.encode() + value.numpy().tobytes() for key, value in sorted(state.items()))
        weights[name] = hashlib.sha256(content).hexdigest()
    return curves, times, weights, left_open


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--executor", choices=("inline", "ray"), default="inline")
    parser.add_argument("--what", choices=("all", "driver", "worker"), default="all")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "worker" and options.executor != "ray":
        parser.error("--what worker goes with --executor ray: without Ray the driver trains")
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "chaos.yaml"
        study.write_text(STUDY)
        alone = Path(folder) / "alone"
        begin = time.monotonic()
        run_to_the_end(study, alone, options.executor)
        took = time.monotonic() - begin
        whole = outcome(alone)
        killed = lives = 0
        good = True
        while killed < options.rounds:
            runs = Path(folder) / f"disturbed{lives}"
            before = killed
            while killed < options.rounds and kill_after(
                chance.uniform(0.2, 1.0) * took, study, runs, options.executor, options.what
            ):
                killed += 1
                if options.what == "worker":  # its launch has come to its end
                    break
            run_to_the_end(study, runs, options.executor)
            lives += 1
            found = compare(whole, outcome(runs))
            good = good and all(found.values())
            told = ", ".join(f"{what}: {'yes' if fine else 'NO'}" for what, fine in found.items())
            print(f"record {lives}, killed {killed - before} times: {told}", flush=True)
    print(f"{killed} kills, {lives} records of {len(whole[0])} trials; undisturbed a record takes {took:.0f} s")
    sys.exit(not good)


def compare(whole: Outcome, other: Outcome) -> dict[str, bool]:
    """Whether a disturbed record came to the same as the one that was left alone."""
    (curves, _, weights, _), (again, times, kept, left_open) = whole, other
    return {
        "same metrics in every epoch": again == curves,
        "same weights": kept == weights,
        "each trial complete once": set(times.values()) == {1} and times.keys() == curves.keys(),
        "no run left open": not left_open,
    }


if __name__ == "__main__":
    main()
