"""What a search trains next, and what it makes of what was trained.

Knows neither Ray nor how jobs run: an executor asks for the next job and tells how it went.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from runners.job import Job, Progress
from runners.lease import Holder, LeaseWatch
from runners.record.recorded import RecordedTrial
from runners.search import storage
from runners.search.feasibility import Verdict
from runners.search.halving import scheduled_metric
from runners.search.job_runs import (
    as_noted,
    curve_of,
    data_has_changed,
    failed_before,
    has_diverged,
    is_complete,
    last_figures,
    run_of,
)
from runners.search.ledger import DOES_NOT_DIVERGE, InVain, Ledger
from runners.search.monitor import SearchMonitor, standing_of
from runners.search.repeats import Repeats
from runners.search.results import named_figures, point_name, to_searched
from runners.sharing import Watch
from runners.worker import is_of_surroundings
from search_space import Constraint, TrialConfig

if TYPE_CHECKING:
    from optuna.trial import Trial

HOPELESS = 5
"""After so many failures and not one success a launch gives up."""
_POLL_S = 2.0
_CAN_BE_BUILT = "can be built"


@dataclass
class Asker:
    """One launch of a search.

    Attributes:
        ledger: Optuna's study.
        plan: makes the job of a point's trial, from its name, label, configuration and what was judged of it.
        judge: says what a configuration costs, and which constraints it breaks.
        constraints: with absolute bounds.
        stopped: whether this launch was asked to stop.
        prune: says in the record that the scheduler has stopped a job after an epoch.
        monitor: is told how it goes.
        watch: passes on to the monitor, and remembers how jobs ended.
        reason: why the search ended before all its trials, if it did.
        jobs: every job that this launch has begun, by the name of its point.
    """

    ledger: Ledger
    plan: Callable[[str, str, TrialConfig, Verdict], Job]
    judge: Callable[[TrialConfig], Verdict]
    constraints: Sequence[Constraint]
    stopped: Callable[[], bool]
    prune: Callable[[Job, int], None]
    monitor: SearchMonitor
    watch: Watch
    reason: str | None = None
    jobs: dict[str, Job] = field(default_factory=dict)
    _open: dict[str, Trial] = field(default_factory=dict)
    _epochs: dict[str, int] = field(default_factory=dict)
    _measured: dict[str, Mapping[str, float]] = field(default_factory=dict)
    _curves: dict[str, dict[str, float]] = field(default_factory=dict)
    _held: dict[str, LeaseWatch] = field(default_factory=dict)
    _polled: float = 0.0
    _repeats: Repeats = field(init=False)
    _in_vain: InVain = field(default_factory=InVain)
    _failures: int = 0
    _succeeded: bool = False
    _over: bool = False

    def __post_init__(self) -> None:
        self._repeats = Repeats(self.ledger, self._show)

    def begin(self) -> None:
        """Take up the search."""
        self.ledger.begin()
        self._stand()

    def next(self) -> Job | Literal["wait", "done"]:
        """The next job; "wait" while there is none yet, "done" when the search has come to its end.

        Points that need no training are told on the way: those that break a constraint, that cannot be built, that
        were proposed before, or whose trial the record holds complete.
        """
        while not self.stopped() and not self._over:
            if (job := self._left_behind() or self._free_again()) is not None:
                return job
            waiting = self._repeats.wait_elsewhere({trial.number for trial in self._open.values()})
            if self._enough():
                return "wait" if self._held or waiting or self.ledger.unsure() else "done"
            if self._repeats.are_many():
                return "wait"
            if (job := self._consider(self.ledger.ask())) is not None:
                return job
        return "done"

    def progressed(self, job: Job, progress: Progress) -> None:
        """Note how far a job is."""
        self.watch.progressed(job, progress)
        trial = self._open.get(job.variant)
        if trial is None or progress.epoch <= self._epochs.get(job.variant, 0):
            return
        self._epochs[job.variant], self._measured[job.variant] = progress.epoch, progress.metrics
        search = self.ledger.search
        noted: dict[str, Any] = {storage.EPOCHS: progress.epoch}
        if search.scheduler.name != "none":
            figure = progress.metrics.get(scheduled_metric(search), math.nan)
            curve = self._curves.setdefault(job.variant, {})
            curve |= {str(progress.epoch): figure} if math.isfinite(figure) else {}
            noted |= {storage.CURVE: curve, storage.ALL_EPOCHS: progress.epochs}
        self.ledger.note(trial, noted)
        value = progress.metrics.get(search.objectives[0].metric, math.nan)
        if len(search.objectives) == 1 and math.isfinite(value):
            self.ledger.report(trial, progress.epoch, value)
        self._stand()

    def finished(self, job: Job) -> None:
        """Tell that a job is complete."""
        if job.variant not in self._open:  # it was told before
            return
        self.watch.finished(job)
        self._succeeded = True
        self._tell_complete(job, {**self._measured.get(job.variant, {}), **last_figures(run_of(job)), **job.counts})
        self._stand()

    def pruned(self, job: Job, epoch: int) -> None:
        """Tell that the scheduler has stopped a job early."""
        if job.variant not in self._open:
            return
        self.monitor.pruned(job, epoch)
        self.prune(job, epoch)
        self._succeeded = True
        figures = named_figures({**job.counts, **self._measured.get(job.variant, {})})
        self._tell(job, "PRUNED", {storage.FIGURES: figures, **as_noted(run_of(job))})
        self._stand()

    def failed(self, job: Job, error: str) -> None:
        """Tell that a job has failed, unless the record holds it complete: its process was lost just afterwards.

        One that its surroundings have ended stays open for the next launch.
        """
        if job.variant not in self._open:
            return
        if is_complete(run_of(job)):
            self.finished(job)
            return
        self.watch.failed(job, error)
        if is_of_surroundings(error):
            self.reason, self._over = error, True
            return
        self._failures += not has_diverged(error)
        if data_has_changed(job, error):  # every further trial would be spent the same way
            self.reason, self._over = error, True
        elif self._failures >= HOPELESS and not self._succeeded:
            self.reason, self._over = f"the first {self._failures} trials have all failed; the last: {error}", True
        noted = {storage.ERROR: error, storage.FIGURES: named_figures(job.counts)}
        self._tell_failed(job, {**noted, **as_noted(run_of(job))})
        self._stand()

    def held(self, job: Job, holder: Holder | None) -> None:
        """Wait for a trial that another launch trains."""
        if job.variant not in self._held:
            self.watch.held(job, holder)
            self._held[job.variant] = LeaseWatch(job.places.folder(job.fingerprint), job.claim.heartbeat_s)

    def _consider(self, trial: Trial) -> Job | None:
        """The job of a trial of Optuna's; None if it was told at once."""
        search = self.ledger.search
        point = self.ledger.point(trial)
        config = search.config(point)
        verdict = self.judge(config)
        violations = {each: verdict.violations.get(each, 0.0) for each in map(str, self.constraints)}
        self.ledger.constrain(trial, {**violations, _CAN_BE_BUILT: float(bool(verdict.problems))})
        if not verdict.feasible:
            self._tell_infeasible(trial, verdict)
            return None
        job = self.plan(point_name(trial.number), search.label(point), config, verdict)
        noted = {storage.FINGERPRINT: job.fingerprint, storage.FIGURES: named_figures(verdict.figures)}
        if (earlier := self.ledger.same_before(trial, job.fingerprint)) is not None:
            self.ledger.note(trial, {**noted, storage.DUPLICATE_OF: earlier.number})
            self._in_vain.repeated += 1
            self._repeats.tell(trial, earlier)
            return None
        self.ledger.note(trial, noted)
        self._in_vain = InVain()
        self._open[job.variant], self.jobs[job.variant] = trial, job
        return None if self._told_from_the_record(job, trial) else job

    def _told_from_the_record(self, job: Job, trial: Trial) -> bool:
        """Whether the record knows how the trial ends, so that it is told and not trained."""
        if (run := run_of(job)) is not None and is_complete(run):
            self._tell_recorded(job, run)
        elif run is not None and (error := failed_before(run)) and not self.ledger.retry_failed:
            self._tell_failed(job, {storage.ERROR: error, storage.RUN: run.run_id})
        else:
            return False
        self._show(trial)
        return True

    def _tell_infeasible(self, trial: Trial, verdict: Verdict) -> None:
        self._in_vain.rejected += 1
        noted: dict[str, Any] = {
            storage.STATUS: storage.INFEASIBLE,
            storage.FIGURES: named_figures(verdict.figures),
            storage.VIOLATIONS: dict(verdict.violations),
        }
        self.ledger.note(trial, noted | ({storage.ERROR: "; ".join(verdict.problems)} if verdict.problems else {}))
        self.ledger.finish(trial, "PRUNED")
        self._show(trial)

    def _tell_recorded(self, job: Job, run: RecordedTrial) -> None:
        trial, search = self._open[job.variant], self.ledger.search
        known = self.ledger.trials()[trial.number].user_attrs
        # Where epochs are noted, this search trained it, and was killed before it could tell.
        noted: dict[str, Any] = {} if storage.EPOCHS in known else {storage.STATUS: storage.RECORDED}
        if search.scheduler.name != "none" and (curve := curve_of(job, run, scheduled_metric(search))):
            noted |= {storage.CURVE: curve, storage.ALL_EPOCHS: max(map(int, curve))}
        self.ledger.note(trial, noted)
        self._succeeded = True
        # A latency that another search has measured, on another machine perhaps, is not this one's.
        self._tell_complete(job, {**run.metrics, **job.counts})

    def _tell_complete(self, job: Job, figures: Mapping[str, float]) -> None:
        metrics = [objective.metric for objective in self.ledger.search.objectives]
        missing = [metric for metric in metrics if not math.isfinite(figures.get(metric, math.nan))]
        noted = {storage.FIGURES: named_figures(figures), **as_noted(run_of(job))}
        if missing:
            self._tell_failed(job, {**noted, storage.ERROR: f"it reports no finite {', '.join(missing)}"})
        else:
            self._tell(job, "COMPLETE", noted, [figures[metric] for metric in metrics])

    def _tell_failed(self, job: Job, noted: Mapping[str, Any]) -> None:
        """Tell of a failure. Samplers learn nothing from failed trials, but where one diverges others would, too."""
        diverged = has_diverged(noted[storage.ERROR])
        self.ledger.constrain(self._open[job.variant], {DOES_NOT_DIVERGE: float(diverged)})
        self._tell(job, "PRUNED" if diverged else "FAIL", {**noted, storage.STATUS: storage.FAILED})

    def _tell(self, job: Job, state: str, noted: Mapping[str, Any], values: list[float] | None = None) -> None:
        """Tell Optuna of a job's end, and of what was proposed again while it ran."""
        trial = self._open.pop(job.variant)
        self._held.pop(job.variant, None)
        self.ledger.note(trial, noted)
        self.ledger.finish(trial, state, values)
        self._repeats.ended(trial.number)

    def _left_behind(self) -> Job | None:
        """The job of a trial that another launch has left: it goes on from its last epoch."""
        for trial in self.ledger.left_behind():
            if (job := self._consider(trial)) is not None:
                return job
        return None

    def _free_again(self) -> Job | None:
        """The job of a trial that another launch trained and has left; told, if that has completed it."""
        if not self._held or time.monotonic() - self._polled < _POLL_S:
            return None
        self._polled = time.monotonic()
        for name, watch in list(self._held.items()):
            job = self.jobs[name]
            if (run := run_of(job)) is not None and is_complete(run):
                self.watch.taken(job)
                self._tell_recorded(job, run)
                self._stand()
                continue
            lease, may_take = watch.look()
            if may_take and (error := failed_before(run)) and not self.ledger.retry_failed:
                self.failed(job, error)
            elif may_take:
                del self._held[name]
                return replace(job, claim=replace(job.claim, takes_over=lease.mark if lease else None))
        return None

    def _enough(self) -> bool:
        """Whether no further point is to be asked for."""
        if self.reason is not None or self.ledger.result().counted >= self.ledger.search.trials:
            return True
        self.reason = self.ledger.why_no_more(self._in_vain)
        return self.reason is not None

    def _show(self, trial: Trial) -> None:
        self.monitor.told(to_searched(self.ledger.trials()[trial.number]))
        self._stand()

    def _stand(self) -> None:
        self.monitor.stands(standing_of(self.ledger.result(), self.ledger.seconds))
