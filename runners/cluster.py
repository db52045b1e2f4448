"""Ray itself: starting it on this machine, or joining a cluster and bringing hglab's code along."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import blocks
import runners
import search_space
import tasks
from search_space import InputError

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_memory_monitor_refresh_ms": "0",  # Ray's own out-of-memory kill would end the whole sweep
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # it would end the epochs under way: see runners.interruption
}
"""The environment that Ray needs before it is imported."""
_PATIENCE_S = 10.0
_HIGHEST_PORT = 65535
_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Ray sets it for what runs as a job of a cluster."""


def start_ray(address: str | None, cpus: int) -> None:
    """Start Ray on this machine, or join the cluster at an address.

    A cluster is sent the code that this process runs, so that its machines train with no other version of it.

    Args:
        address: `auto` or `host:port`; None for this machine alone.
        cpus: the CPUs of a trial, which Ray on this machine is told to have even where it has fewer.

    Raises:
        InputError: if no cluster answers there.
    """
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:  # "local": not a cluster that happens to have a node on this machine
        options |= {"address": "local", "include_dashboard": False, "num_cpus": max(_cpus(), cpus)}
    elif address.startswith("ray://"):
        raise InputError.at(
            f"--address {address}",
            "a sweep cannot be watched through Ray's client",
            "run it on a node of the cluster with --address auto, or send it there with `hglab submit`",
        )
    else:
        _check_answers(address)
        options["address"] = address
        if _JOB not in os.environ:  # a job of Ray (`hglab submit`) has been sent with the code already
            options["runtime_env"] = {"py_modules": code()}
    on_terminate = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**options)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError.at(
            f"--address {address}" if address else "Ray",
            f"no Ray cluster answers there ({first})" if address else f"it does not start ({first})",
            "start it first, and run this on one of its nodes: see docs/cluster.md" if address else None,
        ) from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_terminate)  # Ray's own handler would abort the process


def _check_answers(address: str) -> None:
    """Raise InputError where nobody answers, which takes Ray itself minutes to find out."""
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    hint = "start the cluster first: see docs/cluster.md"
    if not host or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise InputError.at(f"--address {address}", "is not an address of a cluster", "write auto, or HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()
    except OSError as error:
        raise InputError.at(f"--address {address}", f"no Ray cluster answers there ({error})", hint) from None


def code() -> list[str]:
    """The folders of the packages that a worker needs."""
    return [str(Path(str(package.__file__)).parent) for package in (search_space, blocks, tasks, runners)]


def _cpus() -> int:
    """The CPUs that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
