"""Giving every run of the record an end: no run of a process that is gone stays RUNNING for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from runners.job import Job, Places, run_tags
from runners.lease import LeaseWatch, find_lease
from runners.outcome import Outcome
from runners.record.buffer import outbox_file
from runners.record.patience import RecordAway
from runners.record.reading import local_database, read_launches, read_trials
from runners.record.recorded import RecordedTrial, State
from runners.record.writing import PATIENCE_S, Record
from runners.runs_folder import runs_id
from runners.worker import LEFT_OVER, is_of_surroundings
from search_space import InputError

INTERRUPTED_PATIENCE_S = 5.0
"""For how long an interrupted launch waits for a record that is away, in seconds."""

_NO_WORD = "its launch ended without a word"


def launch_folder(places: Places, launch: str) -> Path:
    """Where a launch keeps its lease, and its outbox, while it lives."""
    return places.trials / f".launch-{launch}"


def ended_launches(places: Places) -> frozenset[str]:
    """The ids of launches that have ended, or whose process on this machine is gone; of a record that is away, none."""
    with suppress(InputError):
        return frozenset(
            launch.run_id
            for launch in read_launches(places.uri)
            if launch.ended or _was_left(launch_folder(places, launch.run_id))
        )
    return frozenset()


def _was_left(folder: Path) -> bool:
    return folder.is_dir() and LeaseWatch(folder).look()[1]


@dataclass
class OpenLaunches:
    """The launches of this folder of runs whose runs are still open: ended if their processes are gone.

    Of a process of another machine it shows only with time whether it lives: look at the beginning and at the end.
    """

    record: Record
    places: Places
    _watched: dict[str, LeaseWatch] = field(default_factory=dict)

    def look(self, here: str) -> None:
        """End the runs of launches that are gone.

        Args:
            here: the id of this folder of runs (`runners.runs_folder`): of others nothing can be said.
        """
        for launch in read_launches(self.record.uri):
            folder = launch_folder(self.places, launch.run_id)
            if launch.ended and folder.exists():
                clear(folder)
            if launch.ended or launch.runs_folder != here:
                continue
            watch = self._watched.setdefault(launch.run_id, LeaseWatch(folder))
            if watch.look()[1]:
                self.record.close_open(launch.run_id, "interrupted", _NO_WORD)
                clear(folder)


def clear(folder: Path) -> None:
    """Remove a launch's folder, unless something in it still waits for the record."""
    with suppress(OSError):
        for lease in folder.glob("lease-*.json"):
            lease.unlink(missing_ok=True)
        folder.rmdir()


def close_left_over(record: Record, recorded: Sequence[RecordedTrial], wanted: set[str], places: Places) -> None:
    """End runs of trials that a killed process left open; those in `wanted` are continued under a new run.

    Those of a process that may still live elsewhere are left to whoever takes its lease over, those of another folder
    of runs to whoever uses that.
    """
    for old in recorded:
        if old.ended or old.state == "complete" or not _is_of(old, places, record):
            continue
        gone = old.state == "interrupted" or old.fingerprint in wanted
        if gone and find_lease(places.folder(old.fingerprint)) is None:
            record.close_open(old.run_id, "interrupted", LEFT_OVER if old.fingerprint in wanted else _NO_WORD)


def _is_of(run: RecordedTrial, places: Places, record: Record) -> bool:
    if run.runs_folder is None:  # an older record: a local one has one folder
        return local_database(record.uri) is not None
    return run.runs_folder == runs_id(places.trials)


def settle(
    record: Record,
    jobs: Sequence[Job],
    parent: str,
    outcome: Outcome,
    read: Callable[[str], Sequence[RecordedTrial]] = read_trials,
) -> None:
    """Give every trial's run of a launch an end: a worker that was killed could not do it itself.

    A job that failed before it had a run gets one, so that it is in the record. What the record does not hold complete
    although a worker did complete it, because the record was away, is `outcome.unsent`.
    """
    if not jobs:
        return
    try:
        runs: Mapping[str, RecordedTrial] = {
            trial.fingerprint: trial for trial in read(record.uri) if trial.launch == parent
        }
        for job in jobs:
            run, error = runs.get(job.fingerprint), outcome.failed.get(job.name)
            if run is not None and not run.ended and run.state != "complete":
                if job.name not in outcome.trained:  # else its end is on its way
                    record.close_open(run.run_id, "failed" if error else "interrupted", error)
            elif run is None and error:
                state: State = "interrupted" if is_of_surroundings(error) else "failed"
                record.end_run(record.start_run(job.experiment_id, job.name, run_tags(job), parent), state, error)
    except (InputError, RecordAway):  # it is away: the next launch ends what is open
        runs = {}
    complete = {fingerprint for fingerprint, run in runs.items() if run.state == "complete"}
    trained = {job.name: job for job in jobs if job.name in outcome.trained}
    outcome.unsent = [
        name
        for name, job in trained.items()
        if job.fingerprint not in complete and outbox_file(job.places.folder(job.fingerprint), record.uri).exists()
    ]


def patience_s(outcome: Outcome) -> float:
    """For how long a launch that ends waits for a record that is away."""
    return INTERRUPTED_PATIENCE_S if outcome.interrupted else PATIENCE_S
