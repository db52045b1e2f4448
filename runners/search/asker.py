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
from runners.record.chosen import choose_runs
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial
from runners.search import storage
from runners.search.feasibility import Verdict
from runners.search.halving import scheduled_metric
from runners.search.ledger import Ledger
from runners.search.monitor import SearchMonitor, standing_of
from runners.search.results import named_figures, to_searched
from runners.sharing import Watch
from runners.worker import is_of_surroundings
from search_space import Constraint, InputError, TrialConfig

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

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
    _last: dict[str, Progress] = field(default_factory=dict)
    _curves: dict[str, dict[str, float]] = field(default_factory=dict)
    _held: dict[str, LeaseWatch] = field(default_factory=dict)
    _polled: float = 0.0
    _attached: dict[str, list[Trial]] = field(default_factory=dict)
    _in_vain: int = 0
    _failures: int = 0
    _succeeded: bool = False

    def begin(self) -> None:
        """Take up the search."""
        self.ledger.begin()
        self._stand()

    def next(self) -> Job | Literal["wait", "done"]:
        """The next job; "wait" while there is none yet, "done" when the search has come to its end.

        Points that need no training are told on the way: those that break a constraint, that cannot be built, that
        were proposed before, or whose trial the record holds complete.
        """
        while not self.stopped() and self.reason is None:
            job = self._left_behind() or self._free_again()
            if job is not None:
                return job
            if self._enough():
                break
            job = self._consider(self.ledger.ask())
            if job is not None:
                return job
        if self.stopped():
            return "done"
        return "wait" if self._held or self._attached_elsewhere() else "done"

    def progressed(self, job: Job, progress: Progress) -> None:
        """Note how far a job is."""
        self.watch.progressed(job, progress)
        trial, before = self._open.get(job.variant), self._last.get(job.variant)
        if trial is None or (before is not None and progress.epoch <= before.epoch):
            return
        self._last[job.variant] = progress
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
        self.watch.finished(job)
        self._succeeded = True
        self._tell_complete(job, self._figures(job))
        self._stand()

    def pruned(self, job: Job, epoch: int) -> None:
        """Tell that the scheduler has stopped a job early."""
        self.monitor.pruned(job, epoch)
        self.prune(job, epoch)
        self._succeeded = True
        self._tell(job, "PRUNED", {storage.FIGURES: named_figures(self._figures(job)), **self._run_of(job)})
        self._stand()

    def failed(self, job: Job, error: str) -> None:
        """Tell that a job has failed; one that its surroundings have ended stays open for the next launch."""
        self.watch.failed(job, error)
        if is_of_surroundings(error):
            self.reason = error
            return
        self._failures += 1
        if self._failures >= HOPELESS and not self._succeeded:
            self.reason = f"the first {self._failures} trials have all failed; the last: {error}"
        self._tell(job, "FAIL", {storage.ERROR: error, storage.FIGURES: named_figures(job.counts), **self._run_of(job)})
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
        violations = {str(each): verdict.violations.get(str(each), 0.0) for each in self.constraints}
        self.ledger.constrain(trial, {**violations, _CAN_BE_BUILT: float(bool(verdict.problems))})
        if not verdict.feasible:
            self._tell_infeasible(trial, verdict)
            return None
        job = self.plan(f"p{trial.number}", search.label(point), config, verdict)
        earlier = self.ledger.same_before(trial, job.fingerprint)
        noted = {storage.FINGERPRINT: job.fingerprint, storage.FIGURES: named_figures(verdict.figures)}
        if earlier is not None:
            self.ledger.note(trial, {**noted, storage.DUPLICATE_OF: earlier.number})
            self._tell_repeated(trial, earlier)
            return None
        self.ledger.note(trial, noted)
        self._in_vain = 0
        self._open[job.variant], self.jobs[job.variant] = trial, job
        return None if self._told_from_the_record(job, trial) else job

    def _told_from_the_record(self, job: Job, trial: Trial) -> bool:
        """Whether the record knows how the trial ends, so that it is told and not trained."""
        run = choose_runs(self._recorded(job)).get(job.fingerprint)
        if run is not None and run.state == "complete":
            self._tell_recorded(job, run)
        elif run is not None and run.state == "failed" and not self.ledger.retry_failed:
            error = f"failed before, in the study {run.study}: {run.error or 'it does not say why'}"
            self._tell(job, "FAIL", {storage.ERROR: error, storage.RUN: run.run_id})
        else:
            return False
        self._show(trial)
        return True

    def _tell_infeasible(self, trial: Trial, verdict: Verdict) -> None:
        self._in_vain += 1
        noted: dict[str, Any] = {
            storage.STATUS: storage.INFEASIBLE,
            storage.FIGURES: named_figures(verdict.figures),
            storage.VIOLATIONS: dict(verdict.violations),
        }
        self.ledger.note(trial, noted | ({storage.ERROR: "; ".join(verdict.problems)} if verdict.problems else {}))
        self.ledger.finish(trial, "PRUNED")
        self._show(trial)

    def _tell_repeated(self, trial: Trial, earlier: FrozenTrial) -> None:
        """Tell a point as it was told before; where that has yet to end, once it has."""
        self._in_vain += 1
        if earlier.state.is_finished():
            self.ledger.note(trial, {storage.FIGURES: earlier.user_attrs.get(storage.FIGURES, {})})
            self.ledger.finish(trial, earlier.state.name, earlier.values)
            self._show(trial)
        else:
            self._attached.setdefault(to_searched(earlier).name, []).append(trial)

    def _tell_recorded(self, job: Job, run: RecordedTrial) -> None:
        noted = self.ledger.trials()[self._open[job.variant].number].user_attrs
        if storage.EPOCHS not in noted:  # else this search trained it, and was killed before it could tell
            self.ledger.note(self._open[job.variant], {storage.STATUS: storage.RECORDED})
        self._succeeded = True
        self._tell_complete(job, {**job.counts, **run.metrics})

    def _tell_complete(self, job: Job, figures: Mapping[str, float]) -> None:
        metrics = [objective.metric for objective in self.ledger.search.objectives]
        missing = [metric for metric in metrics if not math.isfinite(figures.get(metric, math.nan))]
        noted = {storage.FIGURES: named_figures(figures), **self._run_of(job)}
        if missing:
            self._tell(job, "FAIL", {**noted, storage.ERROR: f"it reports no finite {', '.join(missing)}"})
        else:
            self._tell(job, "COMPLETE", noted, [figures[metric] for metric in metrics])

    def _tell(self, job: Job, state: str, noted: Mapping[str, Any], values: list[float] | None = None) -> None:
        """Tell Optuna of a job's end, and of what was proposed again while it ran."""
        trial = self._open.pop(job.variant)
        self._held.pop(job.variant, None)
        self.ledger.note(trial, noted)
        self.ledger.finish(trial, state, values)
        for twin in self._attached.pop(job.variant, ()):
            self._tell_repeated(twin, self.ledger.trials()[trial.number])

    def _left_behind(self) -> Job | None:
        """The job of a trial that another launch has left: it goes on from its last epoch."""
        for trial in self.ledger.left_behind():
            job = self._consider(trial)
            if job is not None:
                return job
        return None

    def _free_again(self) -> Job | None:
        """The job of a trial that another launch trained and has left; told, if that has completed it."""
        if not self._held or time.monotonic() - self._polled < _POLL_S:
            return None
        self._polled = time.monotonic()
        for name, watch in list(self._held.items()):
            job = self.jobs[name]
            run = choose_runs(self._recorded(job)).get(job.fingerprint)
            if run is not None and run.state == "complete":
                self.watch.taken(job)
                self._tell_recorded(job, run)
                self._stand()
                continue
            lease, may_take = watch.look()
            if may_take:
                del self._held[name]
                return replace(job, claim=replace(job.claim, takes_over=lease.mark if lease else None))
        return None

    def _attached_elsewhere(self) -> bool:
        """Whether a repeated point still waits for a trial that another launch of this search trains."""
        for name in [name for name in self._attached if name not in self._open]:
            earlier = self.ledger.trials()[int(name.removeprefix("p"))]
            if earlier.state.is_finished():
                for twin in self._attached.pop(name):
                    self._tell_repeated(twin, earlier)
        return any(name not in self._open for name in self._attached)

    def _enough(self) -> bool:
        """Whether no further point is to be asked for."""
        if self.ledger.result().counted >= self.ledger.search.trials:
            return True
        self.reason = self.ledger.why_no_more(self._in_vain)
        return self.reason is not None

    def _figures(self, job: Job) -> dict[str, float]:
        last = self._last.get(job.variant)
        return {**job.counts, **(last.metrics if last else {})}

    def _run_of(self, job: Job) -> dict[str, Any]:
        """The run of a job's trial, as it is noted, and the epochs that it holds."""
        run = choose_runs(self._recorded(job)).get(job.fingerprint)
        return {} if run is None else {storage.RUN: run.run_id, storage.EPOCHS: int(run.metrics.get("epoch", 0))}

    def _recorded(self, job: Job) -> list[RecordedTrial]:
        """The runs of a job's trial; none while the record is away."""
        try:
            return read_trials(job.places.uri, job.fingerprint)
        except InputError:
            return []

    def _show(self, trial: Trial) -> None:
        self.monitor.told(to_searched(self.ledger.trials()[trial.number]))
        self._stand()

    def _stand(self) -> None:
        self.monitor.stands(standing_of(self.ledger.result(), self.ledger.seconds))
