"""A launch: take off what the record holds complete, train the rest, record how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from runners.executors import Executor, Monitor
from runners.job import LEFT_OVER, Job, Places, Resources, run_tags
from runners.lease import Claim, LeaseWatch, find_lease, heartbeat_s
from runners.planning import Plan, PlannedTrial, ancestors
from runners.record import names
from runners.record.buffer import OUTBOX, LeftOver, send_left_over
from runners.record.chosen import choose_runs
from runners.record.links import link_reused
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial, State
from runners.record.writing import Record
from runners.sharing import Watch, train_each_once
from search_space import InputError
from tasks.errors import DataError


@dataclass(frozen=True)
class Remaining:
    """What a plan still asks for.

    Attributes:
        reused: trials that the record holds complete.
        to_train: trials to train, with those from whose weights they begin; `fresh` ones from the start.
        failed: trials that have failed and are left as they are, with the errors; a retry trains them.
        known: the runs that had ended, by fingerprint. Those of another launch that end later are news.
    """

    reused: tuple[PlannedTrial, ...]
    to_train: tuple[PlannedTrial, ...]
    failed: tuple[tuple[PlannedTrial, str], ...] = ()
    fresh: bool = False
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Outcome:
    """How a launch ended.

    `elsewhere` was trained by other launches meanwhile; `left_failed` had failed before this one and was not tried
    again.
    """

    reused: int
    trained: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left_failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    launch: str | None = None
    error: str | None = None


def remaining(
    plan: Plan,
    recorded: Sequence[RecordedTrial],
    places: Places,
    only: set[str] | None = None,
    *,
    fresh: bool = False,
    retry_failed: bool = False,
) -> Remaining:
    """Split a plan by what the record holds, of this study or any other; doubles in the plan train once.

    A trial that begins from the weights of another asks for that one first: again, if the record holds it complete but
    its weights are not in `places`. Where that one has failed, both are left as failed.

    Args:
        plan: what is asked for.
        recorded: every trial of the record.
        places: where weights would lie.
        only: train these variants; the others are left for another launch.
        fresh: train everything again, whatever the record holds.
        retry_failed: train what has failed again, too. What fails for a reason would fail again.
    """
    chosen = {} if fresh else choose_runs(recorded)
    complete = {fingerprint for fingerprint, run in chosen.items() if run.state == "complete"}
    reused = tuple(trial for trial in plan.trials if trial.fingerprint in complete)
    distinct: dict[str, PlannedTrial] = {}
    failed: dict[str, tuple[PlannedTrial, str]] = {}
    for trial in plan.trials:
        if trial.fingerprint in complete or (only is not None and trial.variant.id not in only):
            continue
        run = chosen.get(trial.fingerprint)
        if run is not None and _has_failed(run) and not retry_failed:
            failed.setdefault(trial.fingerprint, (trial, run.error or "it does not say why"))
            continue
        needed = [trial]
        for phase in ancestors(trial):
            if phase.fingerprint in complete and places.weights(phase.fingerprint).is_file():
                break
            needed.append(phase)
        broken = next((phase for phase in needed if _has_failed(chosen.get(phase.fingerprint))), None)
        if broken is not None and not retry_failed:
            failed.setdefault(trial.fingerprint, (trial, f"it begins from {broken.name}, which has failed"))
            continue
        for each in reversed(needed):
            distinct.setdefault(each.fingerprint, each)
    known: dict[str, list[str]] = {}
    for run in recorded:
        if run.ended and run.fingerprint in distinct:
            known.setdefault(run.fingerprint, []).append(run.run_id)
    return Remaining(reused, tuple(distinct.values()), tuple(failed.values()), fresh, known)


def _has_failed(run: RecordedTrial | None) -> bool:
    return run is not None and run.state == "failed"


def catch_up(places: Places) -> LeftOver:
    """Send what trials of earlier launches could not: before the record is read, so that it holds all there is.

    Nothing is opened where nothing waits.
    """
    if not any(places.trials.glob(f"*/{OUTBOX}")):
        return LeftOver()
    return send_left_over(places.trials, Record(places.uri, places.artifacts))


def launch(
    plan: Plan,
    rest: Remaining,
    places: Places,
    resources: Resources,
    executor: Executor,
    monitor: Monitor,
    *,
    prepare: Callable[[], None],
) -> Outcome:
    """Train what remains of a plan.

    Args:
        plan: what was asked for.
        rest: what the record does not hold yet (see `remaining`).
        places: the record, the checkpoints, the cache, the data.
        resources: what each trial may use.
        executor: runs the trials.
        monitor: is told how they go.
        prepare: readies the data, so that trials do not wait for each other to do it.

    Raises:
        InputError: for data that cannot be used, or a record that cannot be opened, before anything trains; for a
            heartbeat in the environment that is none (`runners.lease`).
    """
    outcome = Outcome(reused=len(rest.reused), left_failed={trial.name: error for trial, error in rest.failed})
    recorded = read_trials(places.uri)
    beat = heartbeat_s()
    if rest.to_train:
        try:
            prepare()
        except DataError as error:
            raise InputError.at("the data", str(error)) from None
    record = Record(places.uri, places.artifacts)
    expanded = plan.expanded
    study = expanded.study
    experiment = record.experiment(study.name)
    record.client.set_experiment_tag(experiment, names.NOTE, study.spec.title)
    _close_left_over(record, recorded, rest.to_train, places)
    tags = {
        names.KIND: names.LAUNCH_KIND,
        names.STUDY: study.name,
        names.TITLE: study.spec.title,
        names.SCALE: expanded.scale,
        names.OVERRIDES: dict(expanded.overrides),
        names.DATA_ROOT: str(places.data_root or ""),
        names.DATA_VERSIONS: plan.data_versions,
        names.STUDY_FILE: str(study.path.resolve()),
    }
    name = f"{study.name} {expanded.scale} {datetime.now():%Y-%m-%d %H:%M}"
    parent = record.start_run(experiment, name, tags)
    outcome.launch = parent
    record.log_file(parent, study.path)
    link_reused(record, places.uri, experiment, parent, rest.reused, recorded)
    if rest.fresh:
        _forget_checkpoints(rest.to_train, places)
    context = {
        "study": study.name,
        "scale": expanded.scale,
        "launch": parent,
        "experiment_id": experiment,
        "places": places,
        "resources": resources,
    }
    jobs = {
        trial.fingerprint: Job.of(
            trial,
            plan.counts[trial.variant.id],
            claim=Claim(beat, known=tuple(rest.known.get(trial.fingerprint, ()))),
            **context,
        )
        for trial in rest.to_train
    }
    try:
        train_each_once(rest.to_train, jobs, executor, Watch(monitor, outcome))
    except KeyboardInterrupt:
        outcome.interrupted = True
    except InputError:
        record.end_run(parent, "failed")
        raise
    except Exception as error:  # of the executor, not of a trial: Ray itself has failed
        outcome.error = f"{type(error).__name__}: {error}"
    if outcome.elsewhere:
        done = [trial for trial in rest.to_train if trial.name in outcome.elsewhere]
        link_reused(record, places.uri, experiment, parent, done, read_trials(places.uri))
    send_left_over(places.trials, record)
    _settle(record, list(jobs.values()), parent, outcome)
    return outcome


def _forget_checkpoints(trials: Sequence[PlannedTrial], places: Places) -> None:
    """Remove what these trials would go on from, unless another launch is training them at this moment."""
    from runners.checkpoint import drop_checkpoint

    for trial in trials:
        folder = places.folder(trial.fingerprint)
        _, free = LeaseWatch(folder).look()
        if free:
            drop_checkpoint(folder)


def _close_left_over(
    record: Record, recorded: Sequence[RecordedTrial], to_train: Sequence[PlannedTrial], places: Places
) -> None:
    """Runs of these trials that a killed launch left open: they are continued under a new run.

    Those of a process that may still live elsewhere are left to whoever takes its lease over.
    """
    wanted = {trial.fingerprint for trial in to_train}
    for old in recorded:
        if old.ended or old.state == "complete" or old.fingerprint not in wanted:
            continue
        if old.state == "interrupted" or find_lease(places.folder(old.fingerprint)) is None:
            record.end_run(old.run_id, "interrupted", LEFT_OVER)


def _settle(record: Record, jobs: Sequence[Job], parent: str, outcome: Outcome) -> None:
    """Give every run of the launch an end: a worker that was killed could not do it itself.

    A job that failed before it had a run gets one, so that it is in the record.
    """
    runs = (
        {trial.fingerprint: trial for trial in read_trials(jobs[0].places.uri) if trial.launch == parent}
        if jobs
        else {}
    )
    for job in jobs:
        run, error = runs.get(job.fingerprint), outcome.failed.get(job.name)
        if run is not None and not run.ended and run.state != "complete":
            record.end_run(run.run_id, "failed" if error else "interrupted", error)
        elif run is None and error:
            record.end_run(record.start_run(job.experiment_id, job.name, run_tags(job), parent), "failed", error)
    broken = outcome.failed or outcome.error
    state: State = "interrupted" if outcome.interrupted else "failed" if broken else "complete"
    record.end_run(parent, state, outcome.error)
