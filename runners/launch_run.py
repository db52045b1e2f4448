"""The run of a launch itself: how it begins in the record, and how it ends there, whatever it trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runners.job import Job, Places
from runners.outcome import Outcome
from runners.record import names
from runners.record.buffer import outbox_file
from runners.record.left_over import send_left_over
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial, State
from runners.record.writing import Record
from runners.runs_folder import runs_id
from runners.settling import OpenLaunches, clear, close_left_over, launch_folder, patience_s, settle
from search_space import Study


@dataclass(frozen=True)
class LaunchRun:
    """A launch that has begun: its run, the folder for its lease, and what the record held then."""

    record: Record
    experiment: str
    id: str
    folder: Path
    here: str
    others: OpenLaunches
    recorded: Sequence[RecordedTrial]


def begin_launch(
    study: Study,
    places: Places,
    wanted: set[str],
    *,
    scale: str,
    overrides: Mapping[str, Any],
    data_versions: Mapping[str, str],
    tags: Mapping[str, Any] | None = None,
) -> LaunchRun:
    """Begin a launch's run, once those that killed processes have left open are ended.

    Args:
        study: what is run.
        places: the record, and the folder of runs.
        wanted: fingerprints of the trials that it will continue.
        scale: of the launch.
        overrides: settings of the command line.
        data_versions: of each data set, by its name.
        tags: further ones.
    """
    record = Record(places.uri, places.artifacts)
    experiment = record.experiment(study.name)
    record.client.set_experiment_tag(experiment, names.NOTE, study.spec.title)
    here = runs_id(places.trials)
    others = OpenLaunches(record, places)
    others.look(here)
    recorded = read_trials(places.uri)  # now: since the plan was made, others have gone on
    close_left_over(record, recorded, wanted, places)
    told = {
        names.KIND: names.LAUNCH_KIND,
        names.STUDY: study.name,
        names.TITLE: study.spec.title,
        names.SCALE: scale,
        names.OVERRIDES: dict(overrides),
        names.DATA_ROOT: str(places.data_root or ""),
        names.DATA_VERSIONS: dict(data_versions),
        names.STUDY_FILE: str(study.path.resolve()),
        names.RUNS: here,
        **(tags or {}),
    }
    run = record.start_run(experiment, f"{study.name} {scale} {datetime.now():%Y-%m-%d %H:%M}", told)
    return LaunchRun(record, experiment, run, launch_folder(places, run), here, others, recorded)


def end_launch(run: LaunchRun, places: Places, jobs: Sequence[Job], outcome: Outcome) -> None:
    """Send what waits, and end the runs of the launch, its own last; if the record is away, that waits on disk, too."""
    outbox = outbox_file(run.folder, places.uri)
    try:
        patient = Record(places.uri, places.artifacts, patience_s=patience_s(outcome))
        send_left_over(places.trials, patient)
        settle(patient, jobs, run.id, outcome)
    finally:
        broken = outcome.failed or outcome.error
        state: State = "interrupted" if outcome.interrupted else "failed" if broken else "complete"
        record = Record(places.uri, places.artifacts, outbox=outbox, patience_s=patience_s(outcome))
        record.end_run(run.id, state, outcome.error)
        clear(run.folder)
