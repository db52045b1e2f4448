"""Kill a sweep at random points and see whether anything is lost: the same numbers as of one that was left alone.

    .venv/bin/python benchmarks/chaos.py [--rounds 20] [--executor inline|ray] [--seed 0]

A small study on synthetic figures runs once undisturbed. Then it runs again on a record of its own, is killed with
SIGKILL, all its processes at once, after a random time, and started again, until it is done; then on the next record,
`--rounds` kills in all. Compared are the metrics of every epoch of every trial and the trained weights, bit for bit;
and each trial must be recorded complete once.
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


def kill_after(seconds: float, study: Path, runs: Path, executor: str) -> bool:
    """Start the study and kill all its processes; False if it was done before."""
    process = subprocess.Popen(
        command(study, runs, executor), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        kill_session(process.pid)
        process.wait()
        return True


def kill_session(session: int) -> None:
    """SIGKILL for every process of a session: Ray's are in process groups of their own."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                os.kill(int(entry.name), signal.SIGKILL)
        except (OSError, IndexError):
            continue


Outcome = tuple[dict[str, Any], dict[str, int], dict[str, str]]
"""The metrics of each epoch of each complete trial, how often it is complete, its weights' digest."""


def outcome(runs: Path) -> Outcome:
    """What a record holds complete."""
    import torch

    from runners.job import Places
    from runners.record.reading import connect, read_trials

    places = Places.below(runs)
    client = connect(places.uri)
    curves: dict[str, Any] = {}
    times: dict[str, int] = {}
    weights: dict[str, str] = {}
    for trial in read_trials(places.uri):
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
    return curves, times, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--executor", choices=("inline", "ray"), default="inline")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
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
                chance.uniform(0.2, 1.0) * took, study, runs, options.executor
            ):
                killed += 1
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
    (curves, _, weights), (again, times, kept) = whole, other
    return {
        "same metrics in every epoch": again == curves,
        "same weights": kept == weights,
        "each trial complete once": set(times.values()) == {1} and times.keys() == curves.keys(),
    }


if __name__ == "__main__":
    main()
