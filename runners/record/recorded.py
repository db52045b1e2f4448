"""Trials and launches as the record holds them, and how tags become them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from runners.record import names
from runners.record.liveness import is_gone
from search_space import InputError

State = Literal["complete", "failed", "interrupted", "running"]


@dataclass(frozen=True)
class RecordedTrial:
    """One run of one trial.

    `metrics` are those of the last epoch (names as in `search_space.metrics`), `settings` the active configuration by
    key, `provenance` what does not decide the result but explains it: versions, threads, host, device. `ended` says
    whether the run has been closed; one whose process is gone without closing it is `interrupted` all the same. `phase`
    says in words what a trial of several stacks trains, `begins_from` is the fingerprint of the trial it goes on from.
    `data_version` is what it trained on, `runs_folder` the folder of runs that it was written from (None: an older
    record).
    """

    run_id: str
    experiment_id: str
    study: str
    variant: str
    seed: int
    scale: str
    fingerprint: str
    state: State
    metrics: Mapping[str, float]
    settings: Mapping[str, Any]
    provenance: Mapping[str, str]
    started: datetime
    error: str | None = None
    launch: str = ""
    ended: bool = True
    phase: str | None = None
    begins_from: str | None = None
    data_version: str | None = None
    runs_folder: str | None = None


@dataclass(frozen=True)
class RecordedLaunch:
    """One launch of a study: how it was called, with which file. `ended` says whether its run has been closed."""

    run_id: str
    experiment_id: str
    study: str
    scale: str
    overrides: Mapping[str, Any]
    data_root: str | None
    data_versions: Mapping[str, str]
    state: State
    started: datetime
    ended: bool = True
    runs_folder: str | None = None
    study_file: str | None = None


@dataclass(frozen=True)
class RawRun:
    """A run as the tracking store gives it, whichever way it was read."""

    run_id: str
    experiment_id: str
    status: str
    start_ms: int
    tags: Mapping[str, str]
    metrics: Mapping[str, float]


def to_trial(run: RawRun) -> RecordedTrial:
    """A trial's run. Raises InputError for a record that a newer hglab wrote."""
    check_version(run)
    tags = run.tags
    return RecordedTrial(
        run_id=run.run_id,
        experiment_id=run.experiment_id,
        study=tags[names.STUDY],
        variant=tags[names.VARIANT],
        seed=int(tags[names.SEED]),
        scale=tags.get(names.SCALE, ""),
        fingerprint=tags[names.FINGERPRINT],
        state=_trial_state(run),
        metrics=run.metrics,
        settings=json.loads(tags.get(names.SETTINGS, "{}")),
        provenance=json.loads(tags.get(names.PROVENANCE, "{}")),
        started=_time(run.start_ms),
        error=tags.get(names.ERROR),
        launch=tags.get(names.LAUNCH, ""),
        ended=run.status != "RUNNING",
        phase=tags.get(names.PHASE),
        begins_from=tags.get(names.BEGINS_FROM),
        data_version=tags.get(names.DATA_VERSION),
        runs_folder=tags.get(names.RUNS),
    )


def to_launch(run: RawRun) -> RecordedLaunch:
    """A launch's run. Raises InputError for a record that a newer hglab wrote."""
    check_version(run)
    tags = run.tags
    return RecordedLaunch(
        run_id=run.run_id,
        experiment_id=run.experiment_id,
        study=tags[names.STUDY],
        scale=tags[names.SCALE],
        overrides=json.loads(tags.get(names.OVERRIDES, "{}")),
        data_root=tags.get(names.DATA_ROOT) or None,
        data_versions=json.loads(tags.get(names.DATA_VERSIONS, "{}")),
        state=_state(run),
        started=_time(run.start_ms),
        ended=run.status != "RUNNING",
        runs_folder=tags.get(names.RUNS),
        study_file=tags.get(names.STUDY_FILE),
    )


def check_version(run: RawRun) -> None:
    """Refuse a run whose tags may mean something that this hglab does not know. Raises InputError."""
    version = int(run.tags.get(names.VERSION, "0"))
    if version > names.RECORD_VERSION:
        what = f"the run {run.run_id} was written by a newer hglab (record version {version}, this one reads up to "
        raise InputError.at(
            "the record", f"{what}{names.RECORD_VERSION})", "install the newer hglab, or give another --runs"
        )


def _trial_state(run: RawRun) -> State:
    """As `_state`; and a trial of this machine whose process is gone does not run any more."""
    state = _state(run)
    provenance = json.loads(run.tags.get(names.PROVENANCE, "{}"))
    return "interrupted" if state == "running" and is_gone(provenance, run.start_ms / 1000) else state


def _state(run: RawRun) -> State:
    """The state that hglab wrote; a run that only MLflow knows to have ended was cut off."""
    state = run.tags.get(names.STATE, "running")
    if state not in get_args(State) or (state == "running" and run.status != "RUNNING"):
        return "interrupted"
    return cast(State, state)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
