"""Training what a plan asks for while other launches may train parts of it: each trial once, whoever trains it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runners.executors import Executor, Monitor
from runners.interruption import StopRequest
from runners.job import Job, Progress
from runners.lease import Holder, LeaseWatch
from runners.mirrored import weights_finder
from runners.outcome import Outcome
from runners.planning import PlannedTrial
from runners.record.chosen import choose_runs
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial
from runners.worker import is_of_surroundings
from search_space import InputError

_POLL_S = 2.0


@dataclass
class Watch:
    """Passes on to a monitor, and remembers how jobs ended.

    `turned_away` are the fingerprints of jobs that an executor did not train because others do; `ended` those of jobs
    that have come to an end; `_told` are the holders that the monitor has heard of.
    """

    monitor: Monitor
    outcome: Outcome
    turned_away: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    _told: set[tuple[str, Holder]] = field(default_factory=set)

    def started(self, job: Job) -> None:
        """Passed on."""
        self.monitor.started(job)

    def progressed(self, job: Job, progress: Progress) -> None:
        """Passed on."""
        self.monitor.progressed(job, progress)

    def finished(self, job: Job) -> None:
        """Remembered as trained by this launch."""
        self.ended.add(job.fingerprint)
        self.outcome.trained.append(job.name)
        self.monitor.finished(job)

    def failed(self, job: Job, error: str) -> None:
        """Remembered with the error that the record holds, or with this one."""
        self.ended.add(job.fingerprint)
        known = (run.error for run in _recorded(job) if run.launch == job.launch and run.state == "failed")
        error = next(known, None) or error
        self.outcome.failed[job.name] = error
        self.monitor.failed(job, error)

    def held(self, job: Job, holder: Holder | None) -> None:
        """Remembered as turned away; the monitor is told of each holder once."""
        self.turned_away.add(job.fingerprint)
        if holder is not None and (job.fingerprint, holder) not in self._told:
            self._told.add((job.fingerprint, holder))
            self.monitor.held(job, holder)

    def taken(self, job: Job) -> None:
        """Remembered as trained by another launch."""
        self.outcome.elsewhere.append(job.name)
        self.monitor.taken(job)


def train_each_once(trials: Sequence[PlannedTrial], jobs: Mapping[str, Job], executor: Executor, watch: Watch) -> None:
    """Train trials, those first whose weights others need; trials that another launch trains last.

    It waits for those until the record holds their results, which it takes, or until their leases are free or stale,
    and then trains them itself.

    Args:
        trials: what to train, each after those that it needs.
        jobs: their jobs by fingerprint.
        executor: runs jobs.
        watch: is told how they go.

    Raises:
        KeyboardInterrupt: if the user interrupts, or has asked the launch to stop.
    """
    pending = {trial.fingerprint: trial for trial in trials}
    leases = {key: LeaseWatch(jobs[key].places.folder(key), jobs[key].claim.heartbeat_s) for key in pending}
    waited: set[str] = set()
    stop = StopRequest.of(next(iter(jobs.values()))) if jobs else None
    while pending:
        if stop is not None and stop.made():
            raise KeyboardInterrupt
        before = len(pending)
        for key in [key for key, trial in pending.items() if _fail_with_what_it_needs(trial, jobs, watch)]:
            del pending[key]
        free: list[Job] = []
        for trial in ready(pending.values()):
            key = trial.fingerprint
            job = jobs[key]
            if key in waited and any(key == before.fingerprint for other in pending.values() for before in other.needs):
                job = _with_weights(job)
            lease, may_take = leases[key].look()
            if not may_take:
                waited.add(key)
                watch.held(job, lease.holder if lease else None)
            elif key in waited and _take(job, watch):
                del pending[key]
            else:
                claim = replace(job.claim, takes_over=lease.mark if lease else None)
                free.append(replace(job, claim=claim))
        if free:
            watch.turned_away.clear()
            executor(free, watch)
            waited |= watch.turned_away
            for job in free:
                if job.fingerprint in watch.turned_away:
                    continue
                if job.fingerprint not in watch.ended:  # whoever needs it must not go on as if it were there
                    watch.failed(job, "the executor did not say how it ended")
                del pending[job.fingerprint]
        elif len(pending) == before:
            time.sleep(min([_POLL_S, *(jobs[key].claim.heartbeat_s for key in pending)]))


def ready(pending: Iterable[PlannedTrial]) -> list[PlannedTrial]:
    """Those of the pending trials that need no other of them."""
    pending = list(pending)
    among = {trial.fingerprint for trial in pending}
    return [trial for trial in pending if not any(before.fingerprint in among for before in trial.needs)]


def _fail_with_what_it_needs(trial: PlannedTrial, jobs: Mapping[str, Job], watch: Watch) -> bool:
    """Whether a trial that this one needs has failed in this launch; then this one has failed, too.

    Where the surroundings of that one are to blame, they are of this one as well: the next launch goes on with both.
    """
    for before in trial.needs:
        earlier = jobs.get(before.fingerprint)
        if earlier is not None and earlier.name in watch.outcome.failed:
            how = "the trial from whose weights it begins" if before is trial.begins_from else "its teacher"
            error = watch.outcome.failed[earlier.name]
            what = f"{how} has failed: {earlier.name}"
            if is_of_surroundings(error):
                what = f"{error.split(':')[0]}: {how} could not be trained: {earlier.name}"
            watch.failed(jobs[trial.fingerprint], what)
            return True
    return False


def _recorded(job: Job) -> list[RecordedTrial]:
    """The runs of a job's trial; none while the record is away, which whoever asks again finds out in time."""
    try:
        return read_trials(job.places.uri, job.fingerprint)
    except InputError:
        return []


def _with_weights(job: Job) -> Job:
    """A job of which others need the weights: where they are not at hand, no run that is complete is news.

    Another launch below another folder of runs, say, has trained it meanwhile: then it is trained here as well.
    """
    try:
        if weights_finder(job.places)(job.fingerprint):
            return job
    except InputError:  # the URL is away: the worker sees to that
        return job
    complete = [run.run_id for run in _recorded(job) if run.state == "complete"]
    return replace(job, claim=replace(job.claim, known=(*job.claim.known, *complete)))


def _take(job: Job, watch: Watch) -> bool:
    """Take what has become of a trial since this launch was planned, if it has come to an end: in another launch, or in
    a worker of this one that was lost just after.
    """
    news = [run for run in _recorded(job) if run.run_id not in job.claim.known]
    run: RecordedTrial | None = choose_runs(news).get(job.fingerprint)
    if run is not None and run.state == "complete":
        (watch.finished if run.launch == job.launch else watch.taken)(job)
        return True
    if run is not None and run.state == "failed" and run.launch != job.launch:
        watch.failed(job, f"failed in another launch, of the study {run.study}: {run.error or 'it does not say why'}")
        return True
    return False
