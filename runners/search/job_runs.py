"""What the record, and the data, say of a job of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from runners.divergence import DivergedError
from runners.job import Job
from runners.record.chosen import choose_runs
from runners.record.details import read_curves
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial
from runners.search import storage
from search_space import InputError, TrialConfig
from tasks.errors import DataError
from tasks.version import data_version


def run_of(job: Job) -> RecordedTrial | None:
    """The run that counts of a job's trial; None of one without a run, and while the record is away."""
    try:
        return choose_runs(read_trials(job.places.uri, job.fingerprint)).get(job.fingerprint)
    except InputError:
        return None


def as_noted(run: RecordedTrial | None) -> dict[str, Any]:
    """A run as it is noted at Optuna's trial, with the epochs that it holds."""
    return {} if run is None else {storage.RUN: run.run_id, storage.EPOCHS: int(run.metrics.get("epoch", 0))}


def is_complete(run: RecordedTrial | None) -> bool:
    """Whether there is a run that is complete."""
    return run is not None and run.state == "complete"


def last_figures(run: RecordedTrial | None) -> Mapping[str, float]:
    """What a complete run has measured; {} of any other."""
    return run.metrics if run is not None and is_complete(run) else {}


def curve_of(job: Job, run: RecordedTrial, metric: str) -> dict[str, float]:
    """A metric after each epoch of a job's run, by the epoch as text, as Optuna's storage keeps it; {} while the record
    is away.
    """
    with suppress(InputError):
        points = read_curves(job.places.uri, [run.run_id], metric).get(run.run_id, ())
        return {str(epoch): value for epoch, value in points if epoch and math.isfinite(value)}
    return {}


def failed_before(run: RecordedTrial | None) -> str | None:
    """Why a trial failed before; None if it did not."""
    if run is None or run.state != "failed":
        return None
    return f"failed before, in the study {run.study}: {run.error or 'it does not say why'}"


def has_diverged(error: str) -> bool:
    """Whether a trial failed because its numbers overflowed: its settings are to blame, and nothing else."""
    return DivergedError.__name__ in error


def data_has_changed(job: Job, error: str) -> bool:
    """Whether a job failed because its data is not what it was when the launch began."""
    if not error.startswith("DataError:") or job.data_version is None:
        return False
    try:
        return data_version(TrialConfig.model_validate(job.config).data, job.places.data_root) != job.data_version
    except DataError:
        return True
