"""A trial together with its record: what a worker does, whichever executor started it."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runners.files import MODEL
from runners.interruption import StopRequest
from runners.lease import Claim, HeldElsewhere, LostLease, describe_holder, hold
from runners.memory import peak_memory_mb
from runners.memory_limit import describe_out_of_memory, is_out_of_memory, within_memory
from runners.planning import PlannedTrial
from runners.record import names
from runners.record.reading import local_database, read_trials
from search_space import TRAINING_CODE_VERSION, TrialConfig
from search_space.conditions import active_settings
from search_space.phases import describe

if TYPE_CHECKING:
    from runners.lease import Lease
    from runners.record.writing import Record

LEFT_OVER = "its launch ended without a word; continued in a later run"
"""Why a run was interrupted that a killed process left open."""


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
    begins_from: str | None = None
    phase: str | None = None
    claim: Claim = field(default_factory=Claim)

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
            begins_from=trial.begins_from.fingerprint if trial.begins_from else None,
            phase=describe(trial.config) if trial.config.model.stacks > 1 else None,
            **context,
        )


@dataclass(frozen=True)
class Progress:
    """How far a job is, told after each epoch."""

    epoch: int
    epochs: int
    metrics: dict[str, float]


def run_job(job: Job, report: Callable[[Progress], None]) -> None:
    """Train a job's trial and record it: parameters, every epoch, the configuration, a picture, how it ended.

    It holds the lease of the trial's folder from before its checkpoint is read until the record says how it ended.

    Raises:
        HeldElsewhere: if another process trains the trial, has just trained it (nothing is recorded then), or has taken
            it over from this one (recorded as an interruption).
        Exception: whatever the trial raised, after it has been recorded as failed. KeyboardInterrupt and SystemExit
            (how Ray ends a trial) are recorded as an interruption.
        Interrupted: after an epoch, if the launch was asked to stop; recorded as an interruption, too.
    """
    StopRequest.of(job).check()
    with hold(job.places.folder(job.fingerprint), job.launch, job.claim) as lease:
        _run(job, report, lease)


def _run(job: Job, report: Callable[[Progress], None], lease: Lease) -> None:
    from runners.checkpoint import drop_checkpoint
    from runners.keepsakes import keep
    from runners.record.buffer import OUTBOX
    from runners.record.writing import Record
    from runners.trial import Epoch, run_trial

    config = TrialConfig.model_validate(job.config)
    folder = job.places.folder(job.fingerprint)
    record = Record(job.places.uri, job.places.artifacts, outbox=folder / OUTBOX)
    _look_again(job, record)
    run = record.start_run(job.experiment_id, job.name, run_tags(job), parent=job.launch)
    stop = StopRequest.of(job)

    logged = 0

    def on_epoch(epoch: Epoch) -> None:
        nonlocal logged
        lease.check()
        if epoch.number > logged:
            record.log_epochs(run, [(epoch.number, {**epoch.metrics, "epoch": epoch.number})])
            logged = epoch.number
        report(Progress(epoch.number, epoch.epochs, dict(epoch.metrics)))
        if not epoch.repeated and epoch.number < epoch.epochs:
            stop.check()

    try:
        record.log_params(run, job_settings(job))
        record.log_epochs(run, [(0, job.counts)])
        record.log_text(run, config_yaml(config), "config.yaml")
        train = functools.partial(
            run_trial,
            config,
            folder,
            cache=job.places.cache,
            data_root=job.places.data_root,
            on_epoch=on_epoch,
            on_fallback=lambda what: record.tag(run, names.FALLBACK, what),
            threads=job.resources.cpus,
            device=job.resources.device,
            compiled=job.resources.compiled,
            begin_from=job.places.weights(job.begins_from) if job.begins_from else None,
        )
        limit = job.resources.memory_mb if job.resources.device == "cpu" else None
        result = within_memory(limit, train, lambda larger: record.tag(run, names.LARGER_MEMORY, str(larger)))
        keep(record, run, result, folder)
        lease.check()
    except LostLease as lost:
        record.end_run(run, "interrupted", f"silent for too long, so {describe_holder(lost.holder)} took it over")
        raise
    except (KeyboardInterrupt, SystemExit):
        record.end_run(run, "interrupted")
        raise
    except Exception as error:
        with contextlib.suppress(Exception):  # the error of the trial matters more than that of its description
            record.log_text(run, traceback.format_exc(), "error.txt")
        what = f"{type(error).__name__}: {error}"
        if is_out_of_memory(error):
            peak = peak_memory_mb(job.resources.device)
            record.tag(run, names.PEAK_MEMORY, f"{peak:.0f}")
            what = describe_out_of_memory(error, peak, job.resources.memory_mb)
        record.end_run(run, "failed", what)
        raise
    if record.end_run(run, "complete"):  # else it waits in the outbox, and may still be refused
        drop_checkpoint(folder)


def _look_again(job: Job, record: Record) -> None:
    """Look into the record once the lease is held: raises HeldElsewhere for a trial that was completed meanwhile.

    Runs of the trial that are still open were left so by a process that was killed, for it has no lease any more.
    """
    record.await_answer()
    for trial in read_trials(job.places.uri, job.fingerprint):
        if trial.state == "complete":
            if trial.run_id not in job.claim.known:
                raise HeldElsewhere(None)
        elif not trial.ended:
            record.end_run(trial.run_id, "interrupted", LEFT_OVER)


def config_yaml(config: TrialConfig) -> str:
    """The resolved configuration as YAML, the seed with it."""
    import yaml

    return str(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))


def job_settings(job: Job) -> dict[str, Any]:
    """The active settings of a job's trial, and its seed."""
    return {**active_settings(TrialConfig.model_validate(job.config)), "seed": job.seed}


def run_tags(job: Job) -> dict[str, Any]:
    """The tags of a job's run, from the process that calls this."""
    provenance = {
        "training_code_version": TRAINING_CODE_VERSION,
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
        names.LAUNCH: job.launch,
        names.SETTINGS: settings,
        names.PROVENANCE: {key: str(value) for key, value in provenance.items()},
        **({names.PHASE: job.phase} if job.phase else {}),
        **({names.BEGINS_FROM: job.begins_from} if job.begins_from else {}),
    }
