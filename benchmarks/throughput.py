"""What the parts of a large sweep that there is one of take: the tracking server, and the driver of Ray Tune.

    .venv/bin/python benchmarks/throughput.py [PART ...] [--rounds N] [--format json]

load    a tracking server on this machine under the writes of many trials at once: what it takes a second.
driver  Ray Tune, as hglab sets it up, with trials that do nothing: trials and epochs a second of its one driver.

Without a part, both.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from measuring import FIGURES, figures, measure, output, spread

WRITERS = (1, 4, 16)


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
                "epochs a second": spread(epochs),
                "trials begun and ended a second": spread(runs),
                "milliseconds of an epoch, 95%": spread([1000 * each for each in slowest]),
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
        record.log_epochs(run, [(epoch, {**figures(epoch), "epoch": epoch})])
        waits.append(time.perf_counter() - begin)
    record.end_run(run, "complete")
    return waits


def measure_driver(folder: Path, rounds: int) -> dict[str, Any]:
    """What Ray Tune's one controller takes: trials a second, and results (epochs) a second."""
    script = folder / "driver.py"
    script.write_text(DRIVER)
    rows = [json.loads(output([sys.executable, str(script), str(folder)])) for _ in range(rounds)]
    return {name: spread([row[name] for row in rows]) for name in rows[0]}


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


PARTS: Mapping[str, Callable[[Path, int], dict[str, Any]]] = {"load": measure_load, "driver": measure_driver}

if __name__ == "__main__":
    measure(__doc__, PARTS)
