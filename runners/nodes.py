"""Whether the machines of a cluster can train: asked before a sweep, because a trial would only fail there."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runners.checkpoints_url import OPTION, mark, probe, unmark
from runners.job import Places
from runners.record.reading import local_database
from search_space import InputError
from search_space.problems import Location, Problem

_PACKAGES = ("fsspec", "h5py", "matplotlib", "mlflow", "numpy", "PIL", "pydantic", "scipy", "torch", "yaml")
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
    alive = [node for node in listed() if node["Alive"]]
    nodes = [node for node in alive if node["Resources"].get("CPU", 0) >= 1]
    machines = {str(node["NodeManagerAddress"]) for node in alive}
    if len(machines) > 1 and local_database(places.uri) is not None:
        what = f"it is an SQLite file, and the cluster has {len(machines)} machines, which cannot write to one together"
        raise InputError.at("the record", what, f"start a tracking server and give --tracking-uri: {_SEE}")
    places.trials.mkdir(parents=True, exist_ok=True)
    marker = places.trials / f".seen-{uuid.uuid4().hex[:12]}"
    needed = _needed(places, marker)
    try:
        if places.checkpoints is None:
            marker.touch()
        else:
            mark(places.checkpoints, marker.name)
        answers = {node["NodeID"]: _ask(ray, node["NodeID"], needed) for node in nodes}
        problems = [_problem(ray, node["NodeManagerHostname"], answers[node["NodeID"]], str(marker)) for node in nodes]
    finally:
        marker.unlink(missing_ok=True)
        if places.checkpoints is not None:
            unmark(places.checkpoints, marker.name)
    if any(problems):
        raise InputError(problem for problem in problems if problem)


@dataclass(frozen=True)
class Needed:
    """What a node needs: paths that it sees, packages, a folder of its own to write to, a URL at which it sees a file.

    The last two only where the folder is not shared.
    """

    paths: Sequence[str]
    packages: Sequence[str] = _PACKAGES
    own_folder: str | None = None
    url: str | None = None
    marker: str | None = None


@dataclass(frozen=True)
class Lack:
    """What a node lacks: paths, packages; what keeps it from its own folder, and from the URL."""

    paths: Sequence[str] = ()
    packages: Sequence[str] = ()
    own_folder: str | None = None
    url: str | None = None


def cluster_gpus() -> float:
    """The GPUs of the cluster that this process has joined."""
    import ray

    resources: Any = ray.cluster_resources  # without types
    return float(resources().get("GPU", 0.0))


def lacking(needed: Needed) -> Lack:
    """What is missing where this is called."""
    return Lack(
        [path for path in needed.paths if not os.path.exists(path)],
        [name for name in needed.packages if importlib.util.find_spec(name) is None],
        _unwritable(needed.own_folder) if needed.own_folder else None,
        probe(needed.url, needed.marker) if needed.url else None,
    )


def _needed(places: Places, marker: Path) -> Needed:
    data = [str(places.data_root)] if places.data_root is not None else []
    if places.checkpoints is None:
        return Needed([str(marker), *data])
    return Needed(data, own_folder=str(places.trials), url=places.checkpoints, marker=marker.name)


def _unwritable(folder: str) -> str | None:
    """Why a folder cannot be made or written to; None if it can."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or type(error).__name__


def _ask(ray: Any, node: str, needed: Needed) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(lacking).remote(needed)


def _problem(ray: Any, machine: str, answer: Any, marker: str) -> Problem | None:
    node = Location(f"the node {machine}")
    try:
        lack: Lack = ray.get(answer, timeout=_PATIENCE_S)
    except ray.exceptions.RayError as error:
        last = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        return Problem(node, f"it cannot run hglab ({last})", f"install the same Python packages there: {_SEE}")
    if lack.packages:
        what = f"it lacks {', '.join(lack.packages)}"
        return Problem(node, what, f"install the same Python packages there: {_SEE}")
    if lack.url:
        return Problem(node, f"it cannot use the URL of {OPTION}: {lack.url}", f"give it access: {_SEE}")
    if lack.own_folder:
        what = f"it cannot write to a folder of its own for --runs ({lack.own_folder})"
        return Problem(node, what, "give --runs a path that can be made on every node")
    if lack.paths:
        folder = os.path.dirname(marker) if lack.paths[0] == marker else lack.paths[0]
        what = f"it does not see {folder} of this machine"
        return Problem(node, what, f"give --runs and --data-root on a file system that all nodes share: {_SEE}")
    return None
