"""Writing the record through MLflow's client: one experiment per study, a run per launch, a run per trial below it."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runners.record import names
from runners.record.buffer import Entry, Outbox
from runners.record.creation import create_database
from runners.record.patience import RecordAway, patiently
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

WORKER_PATIENCE_S = 600.0
"""For how long a trial waits for a record that is away, in seconds: before its first epoch and after its last."""

PATIENCE_S = 120.0
"""For how long everything else waits."""


class Record:
    """The writing side of a record. Cheap to make; MLflow is imported with it.

    While the record is away, or its database is locked, writing waits; with an outbox, what is written waits on disk
    and the caller goes on, until it ends a run. Every method that writes raises RecordRefused for a record that
    answers and refuses, and without an outbox RecordAway for one that does not answer in time.
    """

    def __init__(
        self, uri: str, artifacts: Path | None, *, outbox: Path | None = None, patience_s: float | None = None
    ) -> None:
        """Open a record. A local one is made if there is none.

        Args:
            uri: a tracking URI of MLflow.
            artifacts: the folder for files of runs where the record is local; a server keeps them itself.
            outbox: the file in which what is written waits (see `runners.record.buffer`); None: the caller waits.
            patience_s: for how long to wait for a record that is away: to start a run, to end one, without an outbox
                to write at all. None: `WORKER_PATIENCE_S` with an outbox, else `PATIENCE_S`.

        Raises:
            InputError: for a database of another version of MLflow.
        """
        database = local_database(uri)
        with _opening(uri):
            if database is not None:
                create_database(database)
            self._client: MlflowClient = connect(uri)
        self._uri = uri
        self._artifacts = artifacts if database is not None else None
        self._outbox = Outbox(outbox, self.perform, uri) if outbox is not None else None
        self._patience_s = patience_s if patience_s is not None else WORKER_PATIENCE_S if outbox else PATIENCE_S

    @property
    def uri(self) -> str:
        """The tracking URI."""
        return self._uri

    @property
    def client(self) -> MlflowClient:
        """MLflow's own client of this record."""
        return self._client

    def experiment(self, study: str) -> str:
        """The id of a study's experiment, made if there is none.

        Raises:
            InputError: if the record cannot be reached or is not one of this MLflow.
        """
        from mlflow.exceptions import MlflowException

        database = local_database(self._uri)
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
            try:
                return str(self._client.create_experiment(study, artifact_location=location))
            except MlflowException:
                found = self._client.get_experiment_by_name(study)
                if found is None:
                    raise
                return str(found.experiment_id)  # another launch has made it just now

    def start_run(self, experiment_id: str, name: str, tags: Mapping[str, Any], parent: str | None = None) -> str:
        """Start a run and give its id. Tags that are not strings are kept as JSON.

        Raises:
            RecordAway: if the record does not answer: without a run, there is nothing to write to.
        """
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in tags.items()}
        texts |= {names.VERSION: str(names.RECORD_VERSION), names.STATE: "running"}
        if parent is not None:
            texts[names.PARENT] = parent
        start, attempts = _now(), itertools.count()

        def create() -> str:
            if next(attempts):  # the answer to an earlier attempt may be all that was lost
                same = f"attributes.start_time = {start} and tags.`{names.KIND}` = '{texts.get(names.KIND, '')}'"
                for run in self._client.search_runs([experiment_id], same):
                    if all(run.data.tags.get(key) == value for key, value in texts.items()):
                        return str(run.info.run_id)
            run = self._client.create_run(experiment_id, start_time=start, tags=texts, run_name=name)
            return str(run.info.run_id)

        return patiently(create, self._patience_s, self._uri)

    def log_params(self, run_id: str, settings: Mapping[str, Any]) -> None:
        """Log a trial's settings as MLflow parameters, for its columns and filters."""
        self._write({"do": "params", "run": run_id, "params": {key: show_value(v) for key, v in settings.items()}})

    def log_epochs(self, run_id: str, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log the metrics of epochs, in one call."""
        now = _now()
        rows = [[key, float(value), now, epoch] for epoch, figures in epochs for key, value in figures.items()]
        for start in range(0, len(rows), 1000):
            self._write({"do": "metrics", "run": run_id, "rows": rows[start : start + 1000]})

    def log_file(self, run_id: str, path: Path) -> None:
        """Keep a file with a run. With an outbox, the file must stay where it is."""
        self._write({"do": "file", "run": run_id, "path": str(path)})

    def log_text(self, run_id: str, text: str, name: str) -> None:
        """Keep a text with a run, as a file of this name."""
        self._write({"do": "text", "run": run_id, "text": text, "name": name})

    def tag(self, run_id: str, key: str, value: str) -> None:
        """Set a tag of a run."""
        self._write({"do": "tag", "run": run_id, "key": key, "value": value[:_LONGEST_TAG]})

    def end_run(self, run_id: str, state: State, error: str | None = None, *, patience_s: float | None = None) -> bool:
        """End a run: the state last, so that a run is complete only once all of it is written.

        Args:
            run_id: the run.
            state: how it ended.
            error: why, if it is not complete.
            patience_s: for how long to wait for a record that is away; None: as the record does.

        Gives:
            Whether all that was written has arrived; without, it lies in the outbox, for `send_left_over`.
        """
        try:
            if error is not None:
                self.tag(run_id, names.ERROR, error)
            self._write({"do": "end", "run": run_id, "state": state, "time": _now()})
            patience_s = self._patience_s if patience_s is None else patience_s
            return self._outbox is None or self._outbox.flush(patience_s)
        finally:
            if self._outbox is not None:
                self._outbox.close()

    def close_open(self, run_id: str, state: State, error: str | None = None) -> None:
        """End a run whose process is gone, unless it has come to an end by itself since it was read as open.

        Raises:
            RecordAway: if the record does not answer.
        """
        run = patiently(lambda: self._client.get_run(run_id), self._patience_s, self._uri)
        if run.info.status == "RUNNING" and run.data.tags.get(names.STATE) not in ("complete", "failed"):
            self.end_run(run_id, state, error)

    def await_answer(self) -> None:
        """Wait until the record answers, if it is a tracking server, and all that is left in the outbox is sent.

        Raises:
            RecordAway: if it does not in time, or another process is still sending.
        """
        if local_database(self._uri) is None:
            patiently(lambda: self._client.search_experiments(max_results=1), self._patience_s, self._uri)
        if self._outbox is not None and not self._outbox.settle(self._patience_s):
            raise RecordAway(f"the record at {self._uri} does not take what waits for it: run the same command again")

    def perform(self, entry: Entry) -> None:
        """Write one entry to the record, at once. To do it again changes nothing."""
        from mlflow.entities import Metric, Param

        run = entry["run"]
        match entry["do"]:
            case "params":
                self._client.log_batch(run, params=[Param(key, value) for key, value in entry["params"].items()])
            case "metrics":
                self._client.log_batch(run, metrics=[Metric(*row) for row in entry["rows"]])
            case "tag":
                self._client.set_tag(run, entry["key"], entry["value"])
            case "text":
                self._client.log_text(run, entry["text"], entry["name"])
            case "file":
                self._client.log_artifact(run, entry["path"])
            case "end":
                if entry["state"] == "complete":  # an error that others wrote when they took its process for gone
                    self._forget_error(run)
                self._client.set_tag(run, names.STATE, entry["state"])
                self._client.set_terminated(run, status=_MLFLOW_STATUS[entry["state"]], end_time=entry["time"])
            case unknown:
                raise ValueError(f"an outbox says '{unknown}', which this hglab does not know")

    def _forget_error(self, run: str) -> None:
        if names.ERROR in self._client.get_run(run).data.tags:
            self._client.delete_tag(run, names.ERROR)

    def _write(self, entry: Entry) -> None:
        if self._outbox is not None:
            self._outbox.put(entry)
        else:
            patiently(lambda: self.perform(entry), self._patience_s, self._uri)


def _now() -> int:
    """Milliseconds since 1970, as MLflow counts."""
    return int(time.time() * 1000)


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
