"""Writing the record through MLflow's client: one experiment per study, a run per launch, a run per trial below it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runners.record import names
from runners.record.reading import connect, local_database
from runners.record.recorded import State
from search_space import InputError
from search_space.keys import show_value

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_MLFLOW_STATUS: Mapping[State, str] = {
    "complete": "FINISHED",
    "failed": "FAILED",
    "interrupted": "KILLED",
    "running": "RUNNING",
}
_LONGEST_TAG = 5000


class Record:
    """The writing side of a record. Cheap to make; MLflow is imported with it."""

    def __init__(self, uri: str, artifacts: Path | None) -> None:
        """Open a record.

        Args:
            uri: a tracking URI of MLflow.
            artifacts: the folder for files of runs where the record is local; a server keeps them itself.

        Raises:
            InputError: for a database of another version of MLflow.
        """
        with _opening(uri):
            self._client: MlflowClient = connect(uri)
        self._uri = uri
        self._artifacts = artifacts if local_database(uri) is not None else None

    @property
    def client(self) -> MlflowClient:
        """MLflow's own client of this record."""
        return self._client

    def experiment(self, study: str) -> str:
        """The id of a study's experiment, made if there is none. Call it in one process before others write.

        Raises:
            InputError: if the record cannot be reached or is not one of this MLflow.
        """
        database = local_database(self._uri)
        if database is not None:
            database.parent.mkdir(parents=True, exist_ok=True)
        with _opening(self._uri):
            found = self._client.get_experiment_by_name(study)
            if database is not None:
                with closing(sqlite3.connect(database)) as connection:  # writers then do not wait for readers
                    connection.execute("PRAGMA journal_mode=WAL")
            if found is not None and found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            if found is not None:
                return str(found.experiment_id)
            location = (self._artifacts / study).resolve().as_uri() if self._artifacts else None
            return str(self._client.create_experiment(study, artifact_location=location))

    def start_run(self, experiment_id: str, name: str, tags: Mapping[str, Any], parent: str | None = None) -> str:
        """Start a run and give its id. Tags that are not strings are kept as JSON."""
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in tags.items()}
        texts |= {names.VERSION: str(names.RECORD_VERSION), names.STATE: "running"}
        if parent is not None:
            texts[names.PARENT] = parent
        run = self._client.create_run(experiment_id, start_time=int(time.time() * 1000), tags=texts, run_name=name)
        return str(run.info.run_id)

    def log_params(self, run_id: str, settings: Mapping[str, Any]) -> None:
        """Log a trial's settings as MLflow parameters, for its columns and filters."""
        from mlflow.entities import Param

        self._client.log_batch(run_id, params=[Param(key, show_value(value)) for key, value in settings.items()])

    def log_epochs(self, run_id: str, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log the metrics of epochs, in one call."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, epoch) for epoch, figures in epochs for key, value in figures.items()]
        for start in range(0, len(metrics), 1000):
            self._client.log_batch(run_id, metrics=metrics[start : start + 1000])

    def log_file(self, run_id: str, path: Path) -> None:
        """Keep a file with a run."""
        self._client.log_artifact(run_id, str(path))

    def log_text(self, run_id: str, text: str, name: str) -> None:
        """Keep a text with a run, as a file of this name."""
        self._client.log_text(run_id, text, name)

    def tag(self, run_id: str, key: str, value: str) -> None:
        """Set a tag of a run."""
        self._client.set_tag(run_id, key, value[:_LONGEST_TAG])

    def end_run(self, run_id: str, state: State, error: str | None = None) -> None:
        """End a run: the state last, so that a run is complete only once all of it is written."""
        if error is not None:
            self.tag(run_id, names.ERROR, error)
        self._client.set_tag(run_id, names.STATE, state)
        self._client.set_terminated(run_id, status=_MLFLOW_STATUS[state])


@contextmanager
def _opening(uri: str) -> Iterator[None]:
    """Make errors of opening a record errors of input."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, sqlite3.DatabaseError) as error:
        first = str(error).strip().splitlines()[0]
        hint = "is it of another version of MLflow, or the server down?"
        raise InputError.at(uri, f"the record cannot be opened ({first})", hint) from None
