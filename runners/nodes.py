"""Whether the machines of a cluster can train: asked before a sweep, because a trial would only fail there."""

from __future__ import annotations

import importlib.util
import os
import uuid
from collections.abc import Sequence
from typing import Any

from runners.job import Places
from runners.record.reading import local_database
from search_space import InputError
from search_space.problems import Location, Problem

_PACKAGES = ("h5py", "matplotlib", "mlflow", "numpy", "PIL", "pydantic", "scipy", "torch", "yaml")
_PATIENCE_S = 120.0
_SEE = "see docs/cluster.md"


def check_nodes(places: Places) -> None:
    """Check that every node of the cluster that this process has joined has what trials need.

    A node without CPUs trains nothing and is not asked; nor are those that join later, where a cluster grows by itself.

    Raises:
        InputError: for nodes that do not see the folders, lack a package or do not answer; and for a record in an
            SQLite file when there are several machines, which would damage it.
    """
    import ray

    listed: Any = ray.nodes  # without types
    nodes = [node for node in listed() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    machines = {str(node["NodeManagerHostname"]) for node in nodes}
    if len(machines) > 1 and local_database(places.uri) is not None:
        what = f"it is an SQLite file, and the cluster has {len(machines)} machines, which cannot write to one together"
        raise InputError.at("the record", what, f"start a tracking server and give --tracking-uri: {_SEE}")
    places.trials.mkdir(parents=True, exist_ok=True)
    marker = places.trials / f".seen-{uuid.uuid4().hex[:12]}"
    marker.touch()
    paths = [str(path) for path in (marker, places.data_root) if path is not None]
    try:
        answers = {node["NodeID"]: _ask(ray, node["NodeID"], paths) for node in nodes}
        problems = [_problem(ray, node["NodeManagerHostname"], answers[node["NodeID"]], str(marker)) for node in nodes]
    finally:
        marker.unlink(missing_ok=True)
    if any(problems):
        raise InputError(problem for problem in problems if problem)


def missing(paths: Sequence[str], packages: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of these paths are not there, and which of these packages cannot be imported, where this is called."""
    return (
        [path for path in paths if not os.path.exists(path)],
        [name for name in packages if importlib.util.find_spec(name) is None],
    )


def _ask(ray: Any, node: str, paths: Sequence[str]) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(missing).remote(paths, _PACKAGES)


def _problem(ray: Any, machine: str, answer: Any, marker: str) -> Problem | None:
    node = Location(f"the node {machine}")
    try:
        paths, packages = ray.get(answer, timeout=_PATIENCE_S)
    except ray.exceptions.RayError as error:
        last = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        return Problem(node, f"it cannot run hglab ({last})", f"install the same Python packages there: {_SEE}")
    if packages:
        return Problem(node, f"it lacks {', '.join(packages)}", f"install the same Python packages there: {_SEE}")
    if paths:
        folder = os.path.dirname(paths[0]) if paths[0] == marker else paths[0]
        what = f"it does not see {folder} of this machine"
        return Problem(node, what, f"give --runs and --data-root on a file system that all nodes share: {_SEE}")
    return None
