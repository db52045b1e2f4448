"""What the record holds of single runs beside their last figures: the curves of metrics, the files kept with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlparse

from runners.record.reading import connect, local_database
from search_space import InputError

Curve = tuple[tuple[int, float], ...]
"""Values by epoch, ascending. Epoch 0 holds what is known before training."""

_MANY = 500  # SQLite takes at most so many variables, with room to spare


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
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            for start in range(0, len(runs), _MANY):
                some = runs[start : start + _MANY]
                marks = ", ".join("?" * len(some))
                rows = connection.execute(
                    "SELECT run_uuid, step, CASE WHEN is_nan THEN 'nan' ELSE value END FROM metrics "
                    f"WHERE key = ? AND run_uuid IN ({marks})",
                    [metric, *some],
                )
                for run, step, value in rows:
                    found.setdefault(run, []).append((int(step), float(value)))
    except sqlite3.DatabaseError as error:
        raise InputError.at(str(database), f"the record cannot be read ({error})") from None
    return {run: _curve(points) for run, points in found.items()}


def _curve(points: Sequence[tuple[int, float]]) -> Curve:
    """A value for each epoch: the last one written, should it have been written twice."""
    return tuple(sorted(dict(points).items()))


def kept_file(uri: str, run: str, name: str, downloads: Path) -> Path | None:
    """A file that was kept with a run, on this machine; None where the run has none of this name.

    Args:
        uri: the record's.
        run: the run's id.
        name: the file's name, as it was logged.
        downloads: the folder in which a file of a tracking server is kept, below the run's id, for the next time.

    Raises:
        InputError: for a record that cannot be read.
    """
    database = local_database(uri)
    if database is None:
        return _downloaded(uri, run, name, downloads / run)
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            row = connection.execute("SELECT artifact_uri FROM runs WHERE run_uuid = ?", [run]).fetchone()
    except sqlite3.DatabaseError as error:
        raise InputError.at(str(database), f"the record cannot be read ({error})") from None
    if row is None:
        return None
    path = Path(unquote(urlparse(str(row[0])).path)) / name
    return path if path.is_file() else None


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
        return Path(client.download_artifacts(run, name, str(folder)))
    except MlflowException as error:
        raise InputError.at(uri, f"the record cannot be read ({str(error).splitlines()[0]})") from None
