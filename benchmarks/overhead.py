"""What hglab costs beside the training: per trial, to plan, to launch again, to write the record.

    .venv/bin/python benchmarks/overhead.py [PART ...] [--rounds N] [--format json]

trials  short trials through `hglab run` (inline, and through Ray with one worker) against a bare loop over the same
        trial function, in turns. Launches of 2 and of 10 trials tell the start of a launch from the cost of a trial.
long    the same with two trials of about a minute each, whose epochs take seconds.
epochs  the same with the shortest epochs, hundreds in a minute: what each costs.
again   `hglab run` of a study whose 1,000 trials the record holds complete.
plan    `hglab plan` of a study of 10,000 trials.

Without a part, all of them. Trials run one at a time, so that a machine with few cores measures hglab, not itself.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from measuring import figures, hglab, measure, spread, wall

SEEDS = """\
study: {name}
seeds: [{seeds}]
variants:
  - {{id: hierarchical, baseline: true, set: {{block.type: hierarchical}}}}
"""
GRID = """\
study: {name}
seeds: [{seeds}]
base: {{block.type: hierarchical}}
grid:
  block.depth: [2, 3]
  block.cardinality: [1, 2]
  loss.name: [l2, sigmoid_cross_entropy]
  training.learning_rate: [{rates}]
"""
SHORT: Mapping[str, Any] = {
    "data.resolution": 32,
    "data.train_images": 64,
    "data.validation_images": 16,
    "model.features": 16,
    "model.stem_features": 8,
    "model.order": 2,
    "training.epochs": 4,
}
FEW, MANY, LONG = 2, 10, 2
GRID_POINTS = 8  # of GRID, beside the learning rates and seeds


def write_seeds(folder: Path, count: int) -> Path:
    """A study of one network and so many seeds."""
    path = folder / f"seeds_{count}.yaml"
    path.write_text(SEEDS.format(name=path.stem, seeds=", ".join(map(str, range(count)))))
    return path


def write_grid(folder: Path, trials: int) -> Path:
    """A study of so many trials (a multiple of 40): 8 networks and recipes, 5 seeds, and learning rates."""
    path = folder / f"grid_{trials}.yaml"
    rates = ", ".join(f"{rate}e-5" for rate in range(1, trials // (5 * GRID_POINTS) + 1))
    path.write_text(GRID.format(name=path.stem, seeds="0, 1, 2, 3, 4", rates=rates))
    return path


def bare(study: str, folder: str, settings: list[str]) -> None:
    """The rival: what one would write without hglab's runners, in a process of its own."""
    from cli.studies import planned
    from runners.trial import run_trial

    plan = planned(Path(study), "tiny", None, settings, None)
    for trial in plan.trials:
        run_trial(trial.config, Path(folder) / trial.fingerprint, cache=Path(folder) / "cache")


def ways(study: Path, settings: Mapping[str, Any], scratch: Path) -> dict[str, Callable[[], float]]:
    """The ways to train a study, each on a record of its own."""
    told = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]

    def fresh() -> Path:
        return scratch / uuid.uuid4().hex

    def run(executor: str) -> float:
        return wall(
            hglab(
                "run", study, "--scale", "tiny", "--runs", fresh(), "--executor", executor, "--concurrent", "1", *told
            )
        )

    pairs = json.dumps([f"{key}={value}" for key, value in settings.items()])
    return {
        "bare": lambda: wall([sys.executable, __file__, "--bare", str(study), str(fresh()), pairs]),
        "inline": lambda: run("inline"),
        "ray": lambda: run("ray"),
    }


def measure_trials(folder: Path, rounds: int) -> dict[str, Any]:
    """Seconds of a launch's start and of each trial beyond the bare loop's, medians and ranges over the rounds."""
    small = ways(write_seeds(folder, FEW), SHORT, folder)
    large = ways(write_seeds(folder, MANY), SHORT, folder)
    costs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in small}
    for turn in range(rounds):
        for name in _order(list(small), turn):
            few, many = small[name](), large[name]()
            each = (many - few) / (MANY - FEW)
            costs[name].append((each, few - FEW * each, many))
    result: dict[str, Any] = {"rounds": rounds}
    for name, rows in costs.items():
        each, start, _ = zip(*rows, strict=True)
        result[name] = {"seconds a trial": spread(each), "seconds to start a launch": spread(start)}
    for name in ("inline", "ray"):
        beyond = [mine[0] - its[0] for mine, its in zip(costs[name], costs["bare"], strict=True)]
        whole = [(mine[2] - its[2]) / MANY for mine, its in zip(costs[name], costs["bare"], strict=True)]
        result[name]["overhead, seconds a trial"] = spread(beyond)
        result[name][f"with its share of the start, in a launch of {MANY}"] = spread(whole)
    return result


def measure_long(folder: Path, rounds: int, images: int = 2000) -> dict[str, Any]:
    """Overhead of trials of about a minute, as a part of the bare loop's time.

    Without and with the start of the launch, which is told by a launch of the same trials with one epoch each.
    """
    base = {**SHORT, "data.train_images": images}
    some = max(2, 2560 // images)
    one = write_seeds(folder, 1)
    start = ways(one, {**base, "training.epochs": 1}, folder)["bare"]()
    epoch = (ways(one, {**base, "training.epochs": 1 + some}, folder)["bare"]() - start) / some
    settings = {**base, "training.epochs": round(60 / epoch)}
    study = write_seeds(folder, LONG)
    short, each = ways(study, {**base, "training.epochs": 1}, folder), ways(study, settings, folder)
    times: dict[str, list[float]] = {name: [] for name in each}
    starts: dict[str, list[float]] = {name: [] for name in each}
    for turn in range(rounds):
        for name in _order(list(each), turn):
            starts[name].append(short[name]())
            times[name].append(each[name]())
    result: dict[str, Any] = {"rounds": rounds, "epochs of a trial": settings["training.epochs"]}
    result["bare, seconds a trial"] = spread([seconds / LONG for seconds in times["bare"]])
    beyond = {name: [whole - start for whole, start in zip(times[name], starts[name], strict=True)] for name in times}
    for name in ("inline", "ray"):
        for what, taken in (("overhead in percent", beyond), (f"with the start, for {LONG} trials", times)):
            parts = [mine / its - 1 for mine, its in zip(taken[name], taken["bare"], strict=True)]
            result[f"{name}, {what}"] = spread([100 * part for part in parts])
    return result


def measure_epochs(folder: Path, rounds: int) -> dict[str, Any]:
    """`measure_long` with epochs of a few images."""
    return measure_long(folder, rounds, images=64)


def measure_again(folder: Path, rounds: int) -> dict[str, Any]:
    """`hglab run` where nothing is left to train."""
    trials = 1000
    study, runs = write_grid(folder, trials), folder / "again"
    took = fill(study, runs)
    command = hglab("run", study, "--scale", "tiny", "--runs", runs)
    wall(command)
    times = [wall(command) for _ in range(rounds)]
    return {"trials": trials, "seconds to write each of them": round(took / trials, 3), "seconds": spread(times)}


def fill(study: Path, runs: Path) -> float:
    """Record every trial of a study as complete, with figures made up; gives the seconds that writing took."""
    from cli.studies import planned
    from runners.job import Job, Places, Resources, job_settings, run_tags
    from runners.record.writing import Record

    plan = planned(study, "tiny", None, None, None)
    places = Places.below(runs)
    record = Record(places.uri, places.artifacts)
    experiment = record.experiment(plan.expanded.study.name)
    context: dict[str, Any] = {
        "study": plan.expanded.study.name,
        "scale": "tiny",
        "launch": "",
        "experiment_id": experiment,
        "places": places,
        "resources": Resources(),
    }
    begin = time.perf_counter()
    for trial in plan.trials:
        job = Job.of(trial, plan.counts[trial.variant.id], **context)
        run = record.start_run(experiment, job.name, run_tags(job))
        record.log_params(run, job_settings(job))
        record.log_epochs(run, [(0, job.counts), (1, {**figures(trial.seed), "epoch": 1})])
        record.end_run(run, "complete")
    return time.perf_counter() - begin


def measure_plan(folder: Path, rounds: int) -> dict[str, Any]:
    """`hglab plan` of 10,000 trials, the record empty."""
    study = write_grid(folder, 10_000)
    command = hglab("plan", study, "--scale", "tiny", "--runs", folder / "none", "--format", "json")
    return {"trials": 10_000, "seconds": spread([wall(command) for _ in range(rounds)])}


def _order(names: list[str], turn: int) -> list[str]:
    """Everyone is first in turn."""
    first = turn % len(names)
    return names[first:] + names[:first]


PARTS: Mapping[str, Callable[[Path, int], dict[str, Any]]] = {
    "trials": measure_trials,
    "long": measure_long,
    "epochs": measure_epochs,
    "again": measure_again,
    "plan": measure_plan,
}


def main() -> None:
    """Measure the parts that were asked for and print them."""
    if sys.argv[1:2] == ["--bare"]:
        study, folder, settings = sys.argv[2:]
        bare(study, folder, json.loads(settings))
        return
    measure(__doc__, PARTS)


if __name__ == "__main__":
    main()
