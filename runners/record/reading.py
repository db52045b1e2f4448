"""Reading the record: every trial, every launch.

A local record is an SQLite file, and reading it directly takes milliseconds where importing MLflow takes seconds; any
other tracking server is asked through MLflow's client. A test holds the two ways against each other.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from runners.record import names
from runners.record.recorded import RawRun, RecordedLaunch, RecordedTrial, to_launch, to_trial
from search_space import InputError

_SQLITE = "sqlite:///"
_PAGE = 1000


def read_trials(uri: str, fingerprint: str | None = None) -> list[RecordedTrial]:
    """Every trial's run in the record, of all studies, oldest first. An absent local record holds none.

    Args:
        uri: the record's.
        fingerprint: of the trial whose runs are wanted; None for all.

    Raises:
        InputError: for a record that cannot be read, or that a newer hglab wrote.
    """
    return [to_trial(run) for run in _runs(uri, names.TRIAL_KIND, fingerprint)]


def read_links(uri: str) -> list[RecordedTrial]:
    """The runs that show a trial of one study in the experiment of another (`runners.record.links`), oldest first.

    Raises:
        InputError: as `read_trials`.
    """
    return [to_trial(run) for run in _runs(uri, names.LINK_KIND)]


def read_launches(uri: str, study: str | None = None) -> list[RecordedLaunch]:
    """Every launch in the record, or those of one study, oldest first.

    Raises:
        InputError: as `read_trials`.
    """
    launches = [to_launch(run) for run in _runs(uri, names.LAUNCH_KIND)]
    return [launch for launch in launches if study is None or launch.study == study]


def connect(uri: str) -> Any:
    """MLflow's client of a record, quiet, and not patient for minutes with a server that is away."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri)


def local_database(uri: str) -> Path | None:
    """The SQLite file of a local record; None for a tracking server."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def _runs(uri: str, kind: str, fingerprint: str | None = None) -> list[RawRun]:
    wanted = {names.KIND: kind} | ({names.FINGERPRINT: fingerprint} if fingerprint else {})
    database = local_database(uri)
    if database is None:
        return _through_client(uri, wanted)
    if not database.exists():
        return []
    return _from_sqlite(database, wanted)


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """A local record, opened for reading, in one state of it: others may write meanwhile.

    Raises:
        InputError: for a file that is no database, or not one of MLflow.
    """
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            yield connection
    except sqlite3.DatabaseError as error:
        hint = "is it an MLflow database? Give another --runs, or move the file away"
        raise InputError.at(str(database), f"the record cannot be read ({error})", hint) from None


def _from_sqlite(database: Path, wanted: Mapping[str, str]) -> list[RawRun]:
    rarest, *others = sorted(wanted.items(), key=lambda item: item[0] != names.FINGERPRINT)
    tagged = "EXISTS (SELECT 1 FROM tags WHERE tags.run_uuid = runs.run_uuid AND key = ? AND value = ?)"
    chosen = " AND ".join(
        [
            "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'",
            "run_uuid IN (SELECT run_uuid FROM tags WHERE key = ? AND value = ?)",
            *[tagged] * len(others),
        ]
    )
    values = [text for item in (rarest, *others) for text in item]
    with opened(database) as connection:
        tags = _grouped(
            connection.execute(f"SELECT run_uuid, key, value FROM tags WHERE run_uuid IN ({chosen})", values)
        )
        metrics = _grouped(
            connection.execute(
                f"SELECT run_uuid, key, CASE WHEN is_nan THEN 'nan' ELSE value END FROM latest_metrics "
                f"WHERE run_uuid IN ({chosen})",
                values,
            )
        )
        rows = connection.execute(
            f"SELECT run_uuid, experiment_id, status, start_time FROM runs WHERE run_uuid IN ({chosen}) "
            "ORDER BY start_time, run_uuid",
            values,
        ).fetchall()
    return [
        RawRun(
            run, str(experiment), status, start, tags[run], {key: float(value) for key, value in metrics[run].items()}
        )
        for run, experiment, status, start in rows
    ]


def _grouped(rows: Iterable[tuple[str, str, Any]]) -> defaultdict[str, dict[str, Any]]:
    grouped: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for run, key, value in rows:
        grouped[run][key] = value
    return grouped


def _through_client(uri: str, wanted: Mapping[str, str]) -> list[RawRun]:
    from mlflow.exceptions import MlflowException

    found: list[Any] = []
    try:
        client = connect(uri)
        experiments = [experiment.experiment_id for experiment in _pages(client.search_experiments)]
        if experiments:
            query = " AND ".join(f"tags.`{key}` = '{value}'" for key, value in wanted.items())
            found = _pages(client.search_runs, experiments, query, order_by=["attributes.start_time ASC"])
    except MlflowException as error:
        raise InputError.at(
            uri, f"the record cannot be read ({str(error).splitlines()[0]})", "is the server up?"
        ) from None
    return [
        RawRun(
            run.info.run_id,
            str(run.info.experiment_id),
            run.info.status,
            run.info.start_time,
            dict(run.data.tags),
            dict(run.data.metrics),
        )
        for run in sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))
    ]


def _pages(search: Any, *arguments: Any, **options: Any) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = search(*arguments, max_results=_PAGE, page_token=token, **options)
        found += page
        token = page.token
        if not token:
            return found
