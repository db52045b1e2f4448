"""What a worker does with a job, whichever executor started it: train the trial and record it."""

from __future__ import annotations

import contextlib
import errno
import functools
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from runners.interruption import Interrupted, StopRequest
from runners.job import Job, Progress, job_settings, run_tags
from runners.lease import HeldElsewhere, LostLease, describe_holder, hold
from runners.lease_here import watched_here
from runners.memory import peak_memory_mb
from runners.memory_limit import describe_out_of_memory, is_out_of_memory, within_memory
from runners.record import names
from runners.record.liveness import boot_id
from runners.record.reading import local_database, read_trials
from runners.runs_folder import runs_id
from search_space import TrialConfig

if TYPE_CHECKING:
    from runners.lease import Lease
    from runners.record.writing import Record
    from runners.teacher import Teacher

LEFT_OVER = "its launch ended without a word; continued in a later run"
"""Why a run was interrupted that a killed process left open."""

_SURROUNDINGS = ("DiskFullError", "MirrorAway", "RecordAway")
_STOP_PATIENCE_S = 30.0
"""For how long a trial that was asked to stop tries to upload its last checkpoint, in seconds."""


def run_job(job: Job, report: Callable[[Progress], None]) -> None:
    """Train a job's trial and record it: parameters, every epoch, the configuration, a picture, how it ended.

    It holds the lease of the trial's folder from before its checkpoint is read until the record says how it ended.

    Raises:
        HeldElsewhere: if another process trains the trial, has just trained it (nothing is recorded then), or has taken
            it over from this one (recorded as an interruption).
        Exception: whatever the trial raised, after it has been recorded: as failed, or as an interruption where its
            surroundings are to blame (`is_of_surroundings`). KeyboardInterrupt and SystemExit (how Ray ends a trial)
            are recorded as an interruption.
        Interrupted: after an epoch, if the launch was asked to stop; recorded as an interruption, too.
        RuntimeError: if the record is an SQLite file and this is another machine than the launch's: two machines damage
            such a file.
    """
    if job.claim.boot and local_database(job.places.uri) is not None and job.claim.boot != boot_id():
        raise RuntimeError("the record is an SQLite file, and this is another machine: give --tracking-uri")
    StopRequest.of(job).check()
    folder = job.places.folder(job.fingerprint)
    claim = watched_here(folder, job.claim) if job.places.checkpoints else job.claim
    with hold(folder, job.launch, claim) as lease:
        _run(job, report, lease)


def is_of_surroundings(error: str | BaseException) -> bool:
    """Whether a trial ended for a reason that is not its own, so that the next launch goes on with it: a full disk, a
    record or a URL for checkpoints that is away.

    Args:
        error: the error, or what a monitor is told of it: its type, a colon, its text.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    name = error.split(":")[0] if isinstance(error, str) else type(error).__name__
    return name in _SURROUNDINGS


def _run(job: Job, report: Callable[[Progress], None], lease: Lease) -> None:
    from runners.checkpoint import drop_checkpoint, has_checkpoint
    from runners.keepsakes import keep
    from runners.mirror import Mirror
    from runners.record.buffer import outbox_file
    from runners.record.writing import WORKER_PATIENCE_S, Record
    from runners.trial import Epoch, run_trial

    config = TrialConfig.model_validate(job.config)
    folder = job.places.folder(job.fingerprint)
    record = Record(job.places.uri, job.places.artifacts, outbox=outbox_file(folder, job.places.uri))
    mirror = Mirror(job.places.checkpoints, job.fingerprint) if job.places.checkpoints else None
    begun = _look_again(job, record)
    if job.claim.fresh and not begun:  # under the lease, so that nobody is writing them
        drop_checkpoint(folder)
        if mirror is not None:
            mirror.begin_afresh(WORKER_PATIENCE_S)
    run = record.start_run(job.experiment_id, job.name, run_tags(job), parent=job.launch)
    stop = StopRequest.of(job)
    limit = job.resources.memory_mb if job.resources.device == "cpu" else None

    logged = 0

    def on_epoch(epoch: Epoch) -> None:
        nonlocal logged
        lease.check()
        # Before the record hears of it: what the record holds is then never trained again, on whatever machine.
        arrived = mirror is None or epoch.repeated or mirror.put_checkpoint(folder, epoch.number)
        if epoch.number > logged:
            record.log_epochs(run, [(epoch.number, {**epoch.metrics, "epoch": epoch.number})])
            logged = epoch.number
        report(Progress(epoch.number, epoch.epochs, dict(epoch.metrics)))
        if not epoch.repeated and epoch.number < epoch.epochs and stop.seen(mirror):
            if mirror is not None and not arrived and not mirror.put_checkpoint(folder, epoch.number, _STOP_PATIENCE_S):
                what = mirror.describe_trouble(f"the checkpoint after epoch {epoch.number}", folder)
                record.tag(run, names.ONLY_HERE, what)
            raise Interrupted

    try:
        record.log_params(run, job_settings(job))
        record.log_epochs(run, [(0, job.counts)])
        record.log_text(run, config_yaml(config), "config.yaml")
        if mirror is not None:
            mirror.fetch_checkpoint(folder, WORKER_PATIENCE_S, lambda what: record.tag(run, names.FALLBACK, what))
            begins_from = None if has_checkpoint(folder) else job.begins_from
            for needed in filter(None, (begins_from, job.teacher)):
                of = Mirror(str(job.places.checkpoints), needed)
                of.fetch_weights(job.places.folder(needed), WORKER_PATIENCE_S)
        train = functools.partial(
            run_trial,
            config,
            folder,
            cache=job.places.cache,
            data_root=job.places.data_root,
            data_version=job.data_version,
            on_epoch=on_epoch,
            before_save=lease.check,
            on_fallback=lambda what: record.tag(run, names.FALLBACK, what),
            threads=job.resources.cpus,
            device=job.resources.device,
            compiled=job.resources.compiled,
            begin_from=job.places.weights(job.begins_from) if job.begins_from else None,
            teacher=_teacher(job),
        )
        result = within_memory(limit, train, lambda larger: record.tag(run, names.LARGER_MEMORY, str(larger)))
        keep(record, run, result, folder)
        lease.check()
        if mirror is not None and not mirror.put_weights(folder, WORKER_PATIENCE_S):
            record.tag(run, names.ONLY_HERE, mirror.describe_trouble("the file of trained weights", folder))
    except LostLease as lost:
        _end_taken_over(record, run, lost)
        raise
    except (KeyboardInterrupt, SystemExit):
        record.end_run(run, "interrupted", patience_s=0)  # what does not arrive waits on disk for the next launch
        raise
    except Exception as error:
        try:  # who takes a trial over clears its folder: then the error is a consequence
            lease.check()
        except LostLease as lost:
            _end_taken_over(record, run, lost)
            raise lost from error
        with contextlib.suppress(Exception):  # the error of the trial matters more than that of its description
            record.log_text(run, traceback.format_exc(), "error.txt")
        what = f"{type(error).__name__}: {error}"
        if is_out_of_memory(error):
            peak = peak_memory_mb(job.resources.device)
            record.tag(run, names.PEAK_MEMORY, f"{peak:.0f}")
            what = describe_out_of_memory(error, peak, limit)
        record.end_run(run, "interrupted" if is_of_surroundings(error) else "failed", what)
        raise
    if record.end_run(run, "complete"):  # else it waits in the outbox, and may still be refused
        drop_checkpoint(folder)
        if mirror is not None and mirror.trouble is None:  # else the weights can be had again from the checkpoint there
            mirror.drop_checkpoints()


def _teacher(job: Job) -> Teacher | None:
    from runners.teacher import Teacher

    if job.teacher is None:
        return None
    return Teacher(TrialConfig.model_validate(job.teacher_config), job.places.weights(job.teacher))


def _end_taken_over(record: Record, run: str, lost: LostLease) -> None:
    why = f"silent for too long, so {describe_holder(lost.holder)} took it over"
    record.end_run(run, "interrupted", why, patience_s=0)


def _look_again(job: Job, record: Record) -> bool:
    """Look into the record once the lease is held: raises HeldElsewhere for a trial that was completed meanwhile.

    Runs of the trial that this launch began, or that were begun below the same folder of runs, and that are still open
    were left so by a process that was killed, for it has no lease any more.

    Gives:
        Whether this launch has begun the trial before.
    """
    record.await_answer()
    here = runs_id(job.places.trials)
    begun = False
    for trial in read_trials(job.places.uri, job.fingerprint):
        begun = begun or trial.launch == job.launch
        if trial.state == "complete":
            if trial.run_id not in job.claim.known:
                raise HeldElsewhere(None)
        elif not trial.ended and (trial.launch == job.launch or trial.runs_folder == here):
            record.close_open(trial.run_id, "interrupted", LEFT_OVER)
    return begun


def config_yaml(config: TrialConfig) -> str:
    """The resolved configuration as YAML, the seed with it; of the hourglass's levels only what they say."""
    import yaml

    tree = config.model_dump(mode="json")
    del tree["model"]["levels"]  # forty lines of null
    if levels := config.model.levels.model_dump(mode="json", exclude_defaults=True):
        tree["model"]["levels"] = levels
    return str(yaml.safe_dump(tree, sort_keys=False))
