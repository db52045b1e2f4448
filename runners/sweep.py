"""The executor through Ray Tune: every job a Tune trial in a worker process, on this machine or on a cluster."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from runners.cluster import QUIET, start_ray
from runners.executors import Monitor
from runners.interruption import Interrupted, StopRequest
from runners.job import Job, Progress
from runners.lease import HeldElsewhere
from runners.memory import forget_peak
from runners.nodes import check_nodes, cluster_gpus
from runners.tune_keys import HELD, RAISED, STOPPED
from runners.worker import run_job

_log = logging.getLogger(__name__)

LOST = "its process ended without a word, each time that it was started: was it killed, or short of memory?"
RESTARTS = 2
"""How often a job is started again whose process or node was lost. One that raised an error is not: it would again."""


class RaySweep:
    """An executor (see `runners.executors`) that keeps Ray up from its first call until it is closed.

    Workers are reused from trial to trial: a trial sets its own threads and random states, and what a worker keeps
    (torch, MLflow's client, decoded crops on disk) changes no result. A worker whose trial raised is not used again.
    """

    def __init__(self, *, scratch: Path, address: str | None = None, concurrent: int | None = None) -> None:
        """Set up; Ray starts with the first call.

        Args:
            scratch: a folder for Tune's own state, removed after each call: the record is the truth.
            address: a running Ray cluster (`auto`, `host:port`); None starts Ray on this machine.
            concurrent: at most so many at once; None: as many as the resources carry.
        """
        self.scratch = scratch
        self._address = address
        self._concurrent = concurrent
        self.on_cluster = address is not None
        self._started = False
        self._checked = False

    def __enter__(self) -> RaySweep:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave Ray, and end it if it was started here."""
        if self._started:
            import ray

            self._started = False
            ray.shutdown()

    def __call__(self, jobs: Sequence[Job], monitor: Monitor) -> None:
        """Run jobs; each takes the CPUs and the part of a GPU that its resources say.

        A job whose process or node is lost goes on from its checkpoint, elsewhere if need be, up to `RESTARTS` times.

        Raises:
            InputError: if no cluster answers at the address, or its machines cannot run the jobs.
            KeyboardInterrupt: if the user interrupts. Ray is ended before, so that no worker still writes.
        """
        try:
            self.begin(jobs[0])
            self._run({f"{index:05d}": job for index, job in enumerate(jobs)}, monitor)
        except BaseException:
            self.close()
            raise

    def begin(self, job: Job) -> None:
        """Start Ray, or join the cluster, for jobs like this one; nothing if that is done.

        Raises:
            InputError: if no cluster answers at the address, or its machines cannot run the job.
        """
        os.environ.update(QUIET)
        import ray

        logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # a failed trial's traceback is in the record
        if not ray.is_initialized():
            start_ray(self._address, job.resources.cpus)
            self._started = True
        if self._address is not None and not self._checked:
            check_nodes(job.places)
            self._checked = True
            if not job.resources.gpus and (gpus := cluster_gpus()):
                _log.warning("the cluster has %g GPUs, and these trials train on CPUs: --gpus-per-trial", gpus)

    def _run(self, waiting: Mapping[str, Job], monitor: Monitor) -> None:
        """Run named jobs; those that Tune itself does not start again, such as one lost while it began, once more."""
        from runners.relay import Relay

        losses: Counter[str] = Counter()
        while waiting:
            relay = Relay(waiting, monitor, losses)
            self._fit(waiting, relay)
            # After an interruption `fit` returns as if all were well: only what is missing tells.
            if len(relay.ended) < len(waiting):
                raise KeyboardInterrupt
            for name in relay.lost:
                if losses[name] > RESTARTS:
                    monitor.failed(waiting[name], LOST)
            waiting = {name: waiting[name] for name in relay.lost if losses[name] <= RESTARTS}

    def _fit(self, jobs: Mapping[str, Job], relay: Any) -> None:
        from ray import tune

        from runners.winding_down import WindingDown

        shares = {name: share_of(job) for name, job in jobs.items()}
        trainable = tune.with_resources(
            tune.with_parameters(_train, jobs=dict(jobs)),
            lambda config: tune.PlacementGroupFactory([shares[config["name"]]]),
        )
        tuner = tune.Tuner(
            trainable,
            param_space={"name": tune.grid_search(list(jobs))},
            tune_config=tune.TuneConfig(
                max_concurrent_trials=self._concurrent,
                reuse_actors=True,
                scheduler=WindingDown(StopRequest.of(next(iter(jobs.values())))),
                trial_dirname_creator=lambda trial: str(trial.config["name"]),
                trial_name_creator=lambda trial: str(trial.config["name"]),
            ),
            run_config=tune.RunConfig(
                name="sweep",
                storage_path=str(self.scratch.resolve()),
                verbose=0,
                callbacks=[relay],
                failure_config=tune.FailureConfig(max_failures=RESTARTS),
            ),
        )
        try:
            tuner.fit()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)
            with contextlib.suppress(OSError):  # another launch may still use its own
                self.scratch.parent.rmdir()


def share_of(job: Job) -> dict[str, float]:
    """What Ray keeps for a job. Its worker gets as many threads (`OMP_NUM_THREADS`) as CPUs, and sees only its GPU."""
    resources = job.resources
    return {"CPU": float(resources.cpus)} | ({"GPU": resources.gpus} if resources.gpus else {})


def _train(config: Mapping[str, Any], jobs: Mapping[str, Job]) -> None:
    """What a worker does with the job that its configuration names."""
    train(jobs[config["name"]])


def train(job: Job) -> None:
    """What a worker of Tune's does with a job. An error of the trial is told before it is raised: see `runners.relay`.

    Raises:
        Exception: as `runners.worker.run_job`.
    """
    from ray import tune

    def report(progress: Progress) -> None:
        tune.report({"epoch": progress.epoch, "epochs": progress.epochs, **progress.metrics})

    forget_peak(job.resources.device)
    try:
        run_job(job, report)
    except Interrupted:
        tune.report({STOPPED: True})
        raise
    except HeldElsewhere as held:
        tune.report({HELD: json.dumps(asdict(held.holder) if held.holder else None)})
    except Exception as error:
        tune.report({RAISED: f"{type(error).__name__}: {error}"})
        raise
