"""A launch: take off what the record holds complete, train the rest, record how it ended."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from runners.executors import Executor, Monitor
from runners.job import Job, Places, Progress, Resources, run_tags
from runners.planning import Plan, PlannedTrial, ancestors
from runners.record import names
from runners.record.chosen import choose_runs
from runners.record.links import link_reused
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial, State
from runners.record.writing import Record
from search_space import InputError
from tasks.errors import DataError


@dataclass(frozen=True)
class Remaining:
    """What a plan still asks for.

    Attributes:
        reused: trials that the record holds complete.
        to_train: trials to train, with those from whose weights they begin; `fresh` ones from the start.
        failed: trials that have failed and are left as they are, with the errors; a retry trains them.
    """

    reused: tuple[PlannedTrial, ...]
    to_train: tuple[PlannedTrial, ...]
    failed: tuple[tuple[PlannedTrial, str], ...] = ()
    fresh: bool = False


@dataclass
class Outcome:
    """How a launch ended. `left_failed` had failed before it, and was not tried again."""

    reused: int
    trained: list[str] = field(default_factory=list)
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
    its weights are not in `places`, or holds it failed.

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
        if run is not None and run.state == "failed" and not retry_failed:
            failed.setdefault(trial.fingerprint, (trial, run.error or "it does not say why"))
            continue
        needed = [trial]
        for phase in ancestors(trial):
            if phase.fingerprint in complete and places.weights(phase.fingerprint).is_file():
                break
            needed.append(phase)
        for each in reversed(needed):
            distinct.setdefault(each.fingerprint, each)
    for fingerprint in distinct:
        failed.pop(fingerprint, None)
    return Remaining(reused, tuple(distinct.values()), tuple(failed.values()), fresh)


def waves(trials: Sequence[PlannedTrial]) -> list[list[PlannedTrial]]:
    """The trials in groups: each goes on only from trials of the groups before it, or from none of these."""
    among = {trial.fingerprint for trial in trials}
    groups: dict[int, list[PlannedTrial]] = {}
    for trial in trials:
        depth = sum(phase.fingerprint in among for phase in ancestors(trial))
        groups.setdefault(depth, []).append(trial)
    return [groups[depth] for depth in sorted(groups)]


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
        InputError: for data that cannot be used, or a record that cannot be opened, before anything trains.
    """
    outcome = Outcome(reused=len(rest.reused), left_failed={trial.name: error for trial, error in rest.failed})
    recorded = read_trials(places.uri)
    _refuse_running(recorded, rest.to_train)
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
    _close_left_over(record, recorded, rest.to_train)
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
    jobs = {trial.fingerprint: Job.of(trial, plan.counts[trial.variant.id], **context) for trial in rest.to_train}
    watch = _Watch(monitor, outcome)
    try:
        for wave in waves(rest.to_train):
            ready = [jobs[trial.fingerprint] for trial in wave if not _fail_with_its_beginning(trial, jobs, watch)]
            if ready:
                executor(ready, watch)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except InputError:
        record.end_run(parent, "failed")
        raise
    except Exception as error:  # of the executor, not of a trial: Ray itself has failed
        outcome.error = f"{type(error).__name__}: {error}"
    _settle(record, list(jobs.values()), parent, outcome)
    return outcome


def _fail_with_its_beginning(trial: PlannedTrial, jobs: Mapping[str, Job], watch: _Watch) -> bool:
    """Whether the trial that this one begins from has failed in this launch; then this one has failed, too."""
    before = trial.begins_from
    if before is None or before.fingerprint not in jobs:
        return False
    earlier = jobs[before.fingerprint].name
    if earlier not in watch.outcome.failed:
        return False
    watch.failed(jobs[trial.fingerprint], f"the trial from whose weights it begins has failed: {earlier}")
    return True


def _refuse_running(recorded: Sequence[RecordedTrial], to_train: Sequence[PlannedTrial]) -> None:
    """Refuse trials that a live process of this machine is training: two would write over each other's checkpoints."""
    wanted = {trial.fingerprint: trial.name for trial in to_train}
    for trial in recorded:
        here = trial.provenance.get("host") == platform.node()
        if trial.state == "running" and here and trial.fingerprint in wanted:
            process = trial.provenance["process"]
            what = f"{wanted[trial.fingerprint]} is being trained already (study {trial.study}, process {process})"
            raise InputError.at("the record", what, "wait for it, or end it first")


def _forget_checkpoints(trials: Sequence[PlannedTrial], places: Places) -> None:
    """Remove what these trials would go on from."""
    from runners.checkpoint import drop_checkpoint

    for trial in trials:
        drop_checkpoint(places.folder(trial.fingerprint))


def _close_left_over(record: Record, recorded: Sequence[RecordedTrial], to_train: Sequence[PlannedTrial]) -> None:
    """Runs of these trials that a killed launch left open: they are continued under a new run."""
    wanted = {trial.fingerprint for trial in to_train}
    for old in recorded:
        if not old.ended and old.state != "complete" and old.fingerprint in wanted:
            record.end_run(old.run_id, "interrupted", "its launch ended without a word; continued in a later run")


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


@dataclass
class _Watch:
    """Passes on to a monitor, and remembers how jobs ended."""

    monitor: Monitor
    outcome: Outcome

    def started(self, job: Job) -> None:
        self.monitor.started(job)

    def progressed(self, job: Job, progress: Progress) -> None:
        self.monitor.progressed(job, progress)

    def finished(self, job: Job) -> None:
        self.outcome.trained.append(job.name)
        self.monitor.finished(job)

    def failed(self, job: Job, error: str) -> None:
        known = (trial.error for trial in read_trials(job.places.uri) if _is_run_of(trial, job))
        error = next(known, None) or error
        self.outcome.failed[job.name] = error
        self.monitor.failed(job, error)


def _is_run_of(trial: RecordedTrial, job: Job) -> bool:
    return trial.launch == job.launch and trial.fingerprint == job.fingerprint
