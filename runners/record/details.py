"""What the record holds of single runs beside their last figures: the curves of metrics, the files kept with them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from runners.record.reading import connect, local_database, opened
from search_space import InputError

Curve = tuple[tuple[int, float], ...]
"""Values by epoch, ascending. Epoch 0 holds what is known before training."""

KeptFile = Path | str | None
"""A file that was kept with a run: where it is; in words why its files cannot be looked at; None: the run has none."""

_MANY = 500  # SQLite takes at most so many variables, with room to spare
_TAIL = 3  # a run's files are in EXPERIMENT/RUN/artifacts


def read_curves(uri: str, runs: Sequence[str], metric: str) -> Mapping[str, Curve]:
    """A metric by epoch, for each of these runs that has it.

    Raises:
        InputError: for a record that cannot be read.
    """
    database = local_database(uri)
    if database is None:
        client = connect(uri)
        told = {run: client.get_metric_history(run, metric) for run in runs}
        return {run: _curve([(point.step, point.value) for point in points]) for run, points in told.items() if points}
    found: dict[str, list[tuple[int, float]]] = {}
    asked = "SELECT run_uuid, step, CASE WHEN is_nan THEN 'nan' ELSE value END FROM metrics WHERE key = ? AND run_uuid"
    for run, step, value in _about(database, asked, runs, metric):
        found.setdefault(run, []).append((int(step), float(value)))
    return {run: _curve(points) for run, points in found.items()}


def _about(database: Path, asked: str, runs: Sequence[str], *values: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a question that ends with the column of runs, for these runs. Raises InputError."""
    with opened(database) as connection:
        for start in range(0, len(runs), _MANY):
            some = runs[start : start + _MANY]
            yield from connection.execute(f"{asked} IN ({', '.join('?' * len(some))})", [*values, *some])


def _curve(points: Sequence[tuple[int, float]]) -> Curve:
    """A value for each epoch: the last one written, should it have been written twice."""
    return tuple(sorted(dict(points).items()))


def kept_file(uri: str, run: str, name: str, downloads: Path, artifacts: Path | None = None) -> KeptFile:
    """A file that was kept with one run; arguments as for `kept_files`, of which this is the case of a single run."""
    return kept_files(uri, [run], name, downloads, artifacts)[run]


def kept_files(
    uri: str, runs: Sequence[str], name: str, downloads: Path, artifacts: Path | None = None
) -> dict[str, KeptFile]:
    """A file that was kept with each of these runs, on this machine, by run.

    A local record says for each run in which folder its files are. Where the record was moved or copied, they are in
    the folder of the same experiment and run below `artifacts`.

    Args:
        uri: the record's.
        runs: the runs' ids.
        name: the file's name, as it was logged.
        downloads: the folder in which a file of a tracking server is kept, below the run's id, for the next time.
        artifacts: the folder for files of runs beside a local record; None: only the recorded folders are looked in.

    Raises:
        InputError: for a record that cannot be read.
    """
    if not runs:  # there may be no record yet
        return {}
    database = local_database(uri)
    if database is None:
        return {run: _downloaded(uri, run, name, downloads / run) for run in runs}
    rows = _about(database, "SELECT run_uuid, artifact_uri FROM runs WHERE run_uuid", runs)
    recorded = {str(run): str(place) for run, place in rows if place}
    return {run: _in_folder(recorded[run], name, artifacts) if run in recorded else None for run in runs}


def _in_folder(place: str, name: str, artifacts: Path | None) -> KeptFile:
    """A file in the folder that the record names (MLflow's `artifact_uri`: a file URI or a path), or where it went."""
    parts = urlsplit(place)
    if parts.scheme not in ("", "file"):
        return f"its files are in no folder of this machine but at {parts.scheme}://{parts.hostname or ''}"
    folder = Path(unquote(parts.path) if parts.scheme else place)
    folders = [folder]
    if artifacts is not None and (beside := artifacts.joinpath(*folder.parts[-_TAIL:])) != folder:
        folders.append(beside)
    for each in folders:
        if (each / name).is_file():
            return each / name
    if any(each.is_dir() for each in folders):
        return None
    looked = " nor in ".join(str(each.parent.parent) for each in folders)
    return f"its files are not in {looked}: was the record moved?"


def _downloaded(uri: str, run: str, name: str, folder: Path) -> Path | None:
    from mlflow.exceptions import MlflowException

    path = folder / name
    if path.is_file():
        return path
    try:
        client = connect(uri)
        if all(file.path != name for file in client.list_artifacts(run)):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        # Fetched beside and moved when it is whole: what an interruption leaves must not be taken for the file.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as beside:
            os.replace(client.download_artifacts(run, name, beside), path)
    except MlflowException as error:
        raise InputError.at(uri, f"the record cannot be read ({str(error).splitlines()[0]})") from None
    return path
