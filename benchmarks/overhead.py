"""What hglab costs beside the training: per trial, to plan, to launch again, to write the record.

    .venv/bin/python benchmarks/overhead.py [PART ...] [--rounds N] [--format json]

trials  short trials through `hglab run` (inline, and through Ray with one worker) against a bare loop over the same
        trial function, in turns. Launches of 2 and of 10 trials tell the start of a launch from the cost of a trial.
long    the same with two trials of about a minute each, whose epochs take seconds.
epochs  the same with the shortest epochs, hundreds in a minute: what each costs.
again   `hglab run` of a study whose 1,000 trials the record holds complete.
plan    `hglab plan` of a study of 10,000 trials.
load    a tracking server on this machine under the writes of many trials at once: what it takes a second.
driver  Ray Tune, as hglab sets it up, with trials that do nothing: trials and epochs a second of its one driver.

Without a part, all of them. Trials run one at a time, so that a machine with few cores measures hglab, not itself.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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
WRITERS = (1, 4, 16)
FIGURES = 13  # metrics of an epoch: what a trial on poses logs


def hglab(*words: str | Path) -> list[str]:
    """The command line of hglab, by this interpreter."""
    return [sys.executable, "-c", "from cli.main import main; main()", *map(str, words)]


def wall(command: list[str]) -> float:
    """Seconds of a whole process; ends the benchmark if it fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - begin


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
        result[name] = {"seconds a trial": _spread(each), "seconds to start a launch": _spread(start)}
    for name in ("inline", "ray"):
        beyond = [mine[0] - its[0] for mine, its in zip(costs[name], costs["bare"], strict=True)]
        whole = [(mine[2] - its[2]) / MANY for mine, its in zip(costs[name], costs["bare"], strict=True)]
        result[name]["overhead, seconds a trial"] = _spread(beyond)
        result[name][f"with its share of the start, in a launch of {MANY}"] = _spread(whole)
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
    result["bare, seconds a trial"] = _spread([seconds / LONG for seconds in times["bare"]])
    beyond = {name: [whole - start for whole, start in zip(times[name], starts[name], strict=True)] for name in times}
    for name in ("inline", "ray"):
        for what, taken in (("overhead in percent", beyond), (f"with the start, for {LONG} trials", times)):
            parts = [mine / its - 1 for mine, its in zip(taken[name], taken["bare"], strict=True)]
            result[f"{name}, {what}"] = _spread([100 * part for part in parts])
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
    return {"trials": trials, "seconds to write each of them": round(took / trials, 3), "seconds": _spread(times)}


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
        record.log_epochs(run, [(0, job.counts), (1, {**_figures(trial.seed), "epoch": 1})])
        record.end_run(run, "complete")
    return time.perf_counter() - begin


def measure_plan(folder: Path, rounds: int) -> dict[str, Any]:
    """`hglab plan` of 10,000 trials, the record empty."""
    study = write_grid(folder, 10_000)
    command = hglab("plan", study, "--scale", "tiny", "--runs", folder / "none", "--format", "json")
    return {"trials": 10_000, "seconds": _spread([wall(command) for _ in range(rounds)])}


def measure_load(folder: Path, rounds: int) -> dict[str, Any]:
    """Epochs and trials a second that a tracking server with SQLite behind it takes from writers in a tight loop."""
    from cli.ui import free_port

    port = free_port("127.0.0.1")
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'load.db'}", "--artifacts-destination", str(folder / "a")]
    server = subprocess.Popen(
        command,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        from runners.record.writing import Record

        record = Record(uri, None)
        record.await_answer()
        experiment = record.experiment("load")
        result: dict[str, Any] = {"metrics an epoch": FIGURES}
        for writers in WRITERS:
            rates = [_load(uri, experiment, writers) for _ in range(rounds)]
            epochs, runs, slowest = zip(*rates, strict=True)
            result[f"{writers} writers"] = {
                "epochs a second": _spread(epochs),
                "trials begun and ended a second": _spread(runs),
                "milliseconds of an epoch, 95%": _spread([1000 * each for each in slowest]),
            }
        return result
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def _load(uri: str, experiment: str, writers: int) -> tuple[float, float, float]:
    """Epochs a second, trials a second, and the 95th percentile of the seconds that an epoch's writing takes."""
    with multiprocessing.get_context("spawn").Pool(writers) as pool:
        pool.starmap(_write_run, [(uri, experiment, 1)] * writers)  # imports MLflow and connects
        begin = time.perf_counter()
        waits = pool.starmap(_write_run, [(uri, experiment, 40)] * writers, chunksize=1)
        epochs = 40 * writers / (time.perf_counter() - begin)
        begin = time.perf_counter()
        pool.starmap(_write_run, [(uri, experiment, 0)] * 4 * writers, chunksize=1)
        runs = 4 * writers / (time.perf_counter() - begin)
    return epochs, runs, statistics.quantiles([wait for each in waits for wait in each], n=20)[-1]


def _write_run(uri: str, experiment: str, epochs: int) -> list[float]:
    """Write a trial as a worker does; gives the seconds of each epoch's writing."""
    from runners.record.writing import Record

    record = Record(uri, None)
    run = record.start_run(experiment, "load", {f"tag.{index}": "of a trial" for index in range(16)})
    record.log_params(run, {f"setting.{index}": index for index in range(25)})
    waits = []
    for epoch in range(1, epochs + 1):
        begin = time.perf_counter()
        record.log_epochs(run, [(epoch, {**_figures(epoch), "epoch": epoch})])
        waits.append(time.perf_counter() - begin)
    record.end_run(run, "complete")
    return waits


def _figures(number: int) -> dict[str, float]:
    return {"pckh": 50.0 + number, **{f"figure_{index}": index + number / 7 for index in range(FIGURES - 2)}}


def measure_driver(folder: Path, rounds: int) -> dict[str, Any]:
    """What Ray Tune's one controller takes: trials a second, and results (epochs) a second."""
    script = folder / "driver.py"
    script.write_text(DRIVER)
    rows = [json.loads(_output([sys.executable, str(script), str(folder)])) for _ in range(rounds)]
    return {name: _spread([row[name] for row in rows]) for name in rows[0]}


DRIVER = """
import json, logging, os, sys, time
from runners.cluster import QUIET, start_ray
os.environ.update(QUIET)
from ray import tune
logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
start_ray(None, 1)

def fit(trials, epochs):
    def train(config):
        for epoch in range(epochs):
            tune.report({"epoch": epoch})

    tuner = tune.Tuner(
        tune.with_resources(train, tune.PlacementGroupFactory([{"CPU": 1.0}])),
        param_space={"name": tune.grid_search(list(range(trials)))},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(name=f"sweep{epochs}", storage_path=sys.argv[1], verbose=0),
    )
    begin = time.perf_counter()
    tuner.fit()
    return time.perf_counter() - begin

fit(2, 1)
trials, epochs = fit(100, 1), fit(2, 1000)
print(json.dumps({"trials a second": 100 / trials, "epochs a second": 2000 / epochs}))
"""


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.strip().splitlines()[-1]


def _order(names: list[str], turn: int) -> list[str]:
    """Everyone is first in turn."""
    first = turn % len(names)
    return names[first:] + names[:first]


def _spread(values: Any) -> dict[str, float]:
    values = list(values)
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in figures.items()}


PARTS: Mapping[str, Callable[[Path, int], dict[str, Any]]] = {
    "trials": measure_trials,
    "long": measure_long,
    "epochs": measure_epochs,
    "again": measure_again,
    "plan": measure_plan,
    "load": measure_load,
    "driver": measure_driver,
}


def show(figures: Mapping[str, Any], indent: int = 2) -> None:
    """Print figures as indented lines."""
    for name, value in figures.items():
        if isinstance(value, Mapping) and set(value) == {"median", "min", "max"}:
            print(f"{'':{indent}}{name}: {value['median']:g}  ({value['min']:g} to {value['max']:g})")
        elif isinstance(value, Mapping):
            print(f"{'':{indent}}{name}")
            show(value, indent + 2)
        else:
            print(f"{'':{indent}}{name}: {value}")


def main() -> None:
    """Measure the parts that were asked for and print them."""
    if sys.argv[1:2] == ["--bare"]:
        study, folder, settings = sys.argv[2:]
        bare(study, folder, json.loads(settings))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="trials, long, epochs, again, plan, load, driver")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)} (there are {', '.join(PARTS)})")
    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            figures = PARTS[part](Path(folder), options.rounds)
        if options.format == "json":
            print(json.dumps({part: figures}), flush=True)
        else:
            print(part)
            show(figures)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
