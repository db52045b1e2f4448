"""Sweeps under Ray, as processes of their own: `python -m tests.runners.sweeps NAME FOLDER`; the last line is JSON.

Used by test_cluster.py: a test process must not hold Ray, and what is killed here must not be the test.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from runners.job import Places, Resources
from runners.planning import plan_study
from runners.record.reading import read_trials
from runners.sweep import RaySweep
from search_space import expand, read_overrides, read_study
from tests.runners.launches import Silent, _launch
from tests.small import SMALL, STUDY

EPOCHS = 8


class Acting(Silent):
    """A monitor that does something, once, when a job that it is asked about has finished an epoch."""

    def __init__(self, act: Callable[[Any], bool]) -> None:
        super().__init__()
        self._act = act
        self._done = False

    def progressed(self, job, progress) -> None:
        super().progressed(job, progress)
        if not self._done and 2 <= progress.epoch < EPOCHS - 1:
            self._done = self._act(job)


def _plan(folder: Path, epochs: int = EPOCHS):
    study = folder / "small.yaml"
    study.write_text(STUDY)
    settings = {**SMALL, "training.epochs": epochs, "data.train_images": 32}
    texts = tuple(f"{key}={value}" for key, value in settings.items())
    return plan_study(expand(read_study(study), "tiny", read_overrides(None, texts)))


def _process(places: Places, job) -> int:
    """The process that trains a job now."""
    runs = [trial for trial in read_trials(places.uri) if trial.fingerprint == job.fingerprint]
    return int(runs[-1].provenance["process"])


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def lose_a_node(folder: Path) -> dict[str, Any]:
    """Two nodes of one CPU each; one is killed once both train."""
    return _lose_a_node(folder, Places.below(folder / "runs"))


def lose_a_node_with_its_disk(folder: Path) -> dict[str, Any]:
    """The same, but each node keeps its trials' folders for itself: they share a URL only."""
    import runners.sweep

    original = runners.sweep._train

    def train(config, jobs) -> None:
        import ray

        trials = folder / "disks" / ray.get_runtime_context().get_node_id() / "trials"
        own = {name: replace(job, places=replace(job.places, trials=trials)) for name, job in jobs.items()}
        original(config, own)

    runners.sweep._train = train
    return _lose_a_node(folder, Places.below(folder / "runs", checkpoints=f"file://{folder}/url"))


def _lose_a_node(folder: Path, places: Places) -> dict[str, Any]:
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    raylets = {node.all_processes[ray_constants.PROCESS_TYPE_RAYLET][0].process.pid: node for node in nodes}
    killed: dict[str, Any] = {}

    def kill(job) -> bool:
        process = _process(places, job)
        killed.update(job=job.name, process=process, raylet=_parent(process))
        cluster.remove_node(raylets[killed["raylet"]], allow_graceful=False)
        return True

    monitor = Acting(kill)
    where: dict[str, int] = {}
    begun = monitor.progressed

    def progressed(job, progress) -> None:
        if job.name not in where:
            where[job.name] = _parent(_process(places, job))
        if len(set(where.values())) == 2:  # both nodes have trained by now
            begun(job, progress)

    monitor.progressed = progressed
    with RaySweep(scratch=folder / "scratch", address=cluster.address) as sweep:
        outcome = _launch(_plan(folder), places, executor=sweep, monitor=monitor)
    cluster.shutdown()
    return {"killed": killed, "failed": outcome.failed, "error": outcome.error, "trained": outcome.trained}


def lose_workers(folder: Path) -> dict[str, Any]:
    """One machine: a worker is killed, a trial raises; then a second call on the same Ray, with two threads."""
    import torch
    from ray import tune

    import runners.sweep

    places = Places.below(folder / "runs")
    plan = _plan(folder)
    broken = next(trial for trial in plan.trials if trial.name == "hierarchical/1")
    places.weights(broken.fingerprint).mkdir(parents=True)  # a folder where the weights should go: writing them fails
    seen = folder / "threads"

    def kill(job) -> bool:
        os.kill(_process(places, job), signal.SIGKILL)
        return True

    def train(config, jobs) -> None:  # as runners.sweep._train, and says what its threads are
        def report(progress) -> None:
            threads = (os.getpid(), torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS"))
            with seen.open("a") as file:
                file.write(json.dumps([config["name"], *threads]) + "\n")
            tune.report({"epoch": progress.epoch, "epochs": progress.epochs, **progress.metrics})

        runners.sweep.run_job(jobs[config["name"]], report)

    monitor = Acting(kill)
    with RaySweep(scratch=folder / "scratch", concurrent=1) as sweep:
        first = _launch(plan, places, executor=sweep, monitor=monitor)
        runners.sweep._train = train
        again = Silent()

        def two_threads(jobs, watch) -> None:
            sweep([replace(job, resources=Resources(cpus=2)) for job in jobs], watch)

        second = _launch(_plan(folder, epochs=1), places, executor=two_threads, monitor=again)
    return {
        "told": monitor.told,
        "failed": first.failed,
        "second": {"trained": second.trained, "failed": second.failed},
        "threads": [json.loads(line) for line in seen.read_text().splitlines()],
    }


if __name__ == "__main__":
    sweeps = (lose_a_node, lose_a_node_with_its_disk, lose_workers)
    print(json.dumps({sweep.__name__: sweep for sweep in sweeps}[sys.argv[1]](Path(sys.argv[2]))))
