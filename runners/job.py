"""A job: a trial to run with all that a worker needs to know of it, as plain data."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runners.code_version import code_version
from runners.files import MODEL
from runners.lease import Claim
from runners.planning import PlannedTrial
from runners.record import names
from runners.record.reading import local_database
from runners.runs_folder import runs_id
from search_space import TRAINING_CODE_VERSION, TrialConfig
from search_space.conditions import active_settings
from search_space.phases import describe


@dataclass(frozen=True)
class Resources:
    """What a trial may use. Does not change what it trains.

    `memory_mb` is what a trial on a CPU may allocate beyond what its process holds as it begins, in MiB; a trial that
    runs out of it is tried once more with a larger share (see `runners.memory_limit`). None: no limit.
    """

    cpus: int = 1
    gpus: float = 0.0
    compiled: bool = False
    memory_mb: int | None = None

    @property
    def device(self) -> str:
        """The torch device of a worker that has these resources."""
        return "cuda" if self.gpus else "cpu"


@dataclass(frozen=True)
class Places:
    """Where things lie: absolute paths, for a worker has a working directory of its own."""

    uri: str
    artifacts: Path
    trials: Path
    cache: Path
    data_root: Path | None
    checkpoints: str | None = None
    """The URL at which trials' folders are mirrored (see `runners.mirror`), if any."""

    @classmethod
    def below(
        cls, runs: Path, uri: str | None = None, data_root: Path | None = None, checkpoints: str | None = None
    ) -> Places:
        """The usual places below the folder of runs; the record is an SQLite file there unless a URI is given."""
        runs = runs.resolve()
        database = local_database(uri or f"sqlite:///{runs / 'mlflow.db'}")
        return cls(
            uri=f"sqlite:///{database.resolve()}" if database is not None else str(uri),
            artifacts=runs / "artifacts",
            trials=runs / "trials",
            cache=runs / "cache",
            data_root=data_root.resolve() if data_root else None,
            checkpoints=checkpoints.rstrip("/") if checkpoints else None,
        )

    def folder(self, fingerprint: str) -> Path:
        """Where a trial keeps its checkpoint and, once it is complete, its weights."""
        return self.trials / fingerprint

    def weights(self, fingerprint: str) -> Path:
        """The trained weights of a complete trial."""
        return self.folder(fingerprint) / MODEL


@dataclass(frozen=True)
class Job:
    """A trial to run, as it travels to a worker: plain data."""

    name: str
    variant: str
    label: str
    seed: int
    fingerprint: str
    config: dict[str, Any]
    counts: dict[str, float]
    study: str
    scale: str
    launch: str
    experiment_id: str
    places: Places
    resources: Resources
    data_version: str | None = None
    begins_from: str | None = None
    teacher: str | None = None
    teacher_config: dict[str, Any] | None = None
    phase: str | None = None
    claim: Claim = field(default_factory=Claim)
    tags: Mapping[str, str] = field(default_factory=dict)
    """What else its run is tagged with: by a search, say."""

    @classmethod
    def of(cls, trial: PlannedTrial, counts: Any, **context: Any) -> Job:
        """The job of a planned trial."""
        variant = trial.variant
        return cls(
            name=trial.name,
            variant=variant.id,
            label=variant.label,
            seed=trial.seed,
            fingerprint=trial.fingerprint,
            config=trial.config.model_dump(mode="json"),
            counts={key: float(value) for key, value in asdict(counts).items()},
            data_version=trial.data_version,
            begins_from=trial.begins_from.fingerprint if trial.begins_from else None,
            teacher=trial.teacher.fingerprint if trial.teacher else None,
            teacher_config=trial.teacher.config.model_dump(mode="json") if trial.teacher else None,
            phase=describe(trial.config) if trial.config.model.stacks > 1 else None,
            **context,
        )


@dataclass(frozen=True)
class Progress:
    """How far a job is, told after each epoch."""

    epoch: int
    epochs: int
    metrics: dict[str, float]


def job_settings(job: Job) -> dict[str, Any]:
    """The active settings of a job's trial, and its seed."""
    return {**active_settings(TrialConfig.model_validate(job.config)), "seed": job.seed}


def run_tags(job: Job) -> dict[str, Any]:
    """The tags of a job's run, from the process that calls this."""
    provenance = {
        "training_code_version": TRAINING_CODE_VERSION,
        "code": code_version(),
        "torch": version("torch"),
        "python": platform.python_version(),
        "host": platform.node(),
        "threads": job.resources.cpus,
        "device": job.resources.device,
        "compiled": job.resources.compiled,
        "process": os.getpid(),
    }
    settings = job_settings(job)
    return {
        **names.grouping_tags(job.variant, job.seed, job.scale, settings),
        names.KIND: names.TRIAL_KIND,
        names.STUDY: job.study,
        names.SCALE: job.scale,
        names.VARIANT: job.variant,
        names.LABEL: job.label,
        names.SEED: str(job.seed),
        names.FINGERPRINT: job.fingerprint,
        names.RUNS: runs_id(job.places.trials),
        names.LAUNCH: job.launch,
        names.SETTINGS: settings,
        names.PROVENANCE: {key: str(value) for key, value in provenance.items()},
        **({names.DATA_VERSION: job.data_version} if job.data_version else {}),
        **({names.PHASE: job.phase} if job.phase else {}),
        **({names.BEGINS_FROM: job.begins_from} if job.begins_from else {}),
        **({names.TEACHER: job.teacher} if job.teacher else {}),
        **job.tags,
    }
