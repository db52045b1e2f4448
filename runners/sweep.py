"""The executor through Ray Tune: every job a Tune trial in a process of its own, on this machine or a cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runners.executors import Monitor
from runners.job import Job, Progress, run_job
from search_space import InputError

_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_memory_monitor_refresh_ms": "0",  # Ray's own out-of-memory kill would end the whole sweep
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def run_with_ray(
    jobs: Sequence[Job], monitor: Monitor, *, scratch: Path, address: str | None = None, concurrent: int | None = None
) -> None:
    """Run jobs under Ray Tune.

    Args:
        jobs: what to run; each takes the CPUs and the part of a GPU that its resources say.
        monitor: is told how they go.
        scratch: a folder for Tune's own state, removed at the end: the record is the truth.
        address: a running Ray cluster (`auto`, `ray://host:port`); None starts Ray on this machine.
        concurrent: at most so many at once; None: as many as the resources carry.

    Raises:
        KeyboardInterrupt: if the user interrupts.
    """
    os.environ.update(_QUIET)
    import ray
    from ray import tune

    from runners.relay import Relay

    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # a failed trial's traceback is in the record
    started_here = not ray.is_initialized()
    if started_here:
        _start_ray(ray, address, jobs)
    by_name = {f"{index:05d}": job for index, job in enumerate(jobs)}
    relay = Relay(by_name, monitor)
    try:
        trainable = tune.with_resources(
            tune.with_parameters(_train, jobs=by_name),
            {"cpu": jobs[0].resources.cpus, "gpu": jobs[0].resources.gpus},
        )
        tuner = tune.Tuner(
            trainable,
            param_space={"name": tune.grid_search(list(by_name))},
            tune_config=tune.TuneConfig(
                max_concurrent_trials=concurrent,
                trial_dirname_creator=lambda trial: str(trial.config["name"]),
                trial_name_creator=lambda trial: str(trial.config["name"]),
            ),
            run_config=tune.RunConfig(
                name="sweep",
                storage_path=str(scratch.resolve()),
                verbose=0,
                callbacks=[relay],
                failure_config=tune.FailureConfig(max_failures=0),
            ),
        )
        tuner.fit()
    finally:
        if started_here:
            ray.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)
        with contextlib.suppress(OSError):  # another launch may still use its own
            scratch.parent.rmdir()
    # After an interruption `fit` returns as if all were well: only what is missing tells.
    if len(relay.ended) < len(jobs):
        raise KeyboardInterrupt


def _train(config: Mapping[str, Any], jobs: Mapping[str, Job]) -> None:
    from ray import tune

    def report(progress: Progress) -> None:
        tune.report({"epoch": progress.epoch, "epochs": progress.epochs, **progress.metrics})

    run_job(jobs[config["name"]], report)


def _cpus() -> int:
    """The CPUs that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start_ray(ray: Any, address: str | None, jobs: Sequence[Job]) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is not None:
        options["address"] = address
    else:
        options |= {"include_dashboard": False, "num_cpus": max(_cpus(), jobs[0].resources.cpus)}
    on_terminate = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**options)
    except (ConnectionError, ValueError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError.at(
            f"--address {address}", f"no Ray cluster answers there ({first})", "start it first"
        ) from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_terminate)  # Ray's own handler would abort the process
