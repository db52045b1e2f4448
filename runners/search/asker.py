"""What a search trains next, and what it makes of what was trained: Optuna is asked and told here, and nowhere else.

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
from runners.search.halving import scheduled_metric
from runners.search.monitor import SearchMonitor, SearchStanding
from runners.search.results import SearchResult, counts, result_of, to_searched
from runners.search.samplers import make_sampler, suggest
from runners.sharing import Watch
from runners.worker import is_of_surroundings

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

    from runners.search.feasibility import Verdict
    from search_space import Constraint, ExpandedSearch, Point, TrialConfig

MOST_IN_VAIN = 200
"""After so many points in a row that were rejected or proposed before, the search takes the space for exhausted."""
_HOPELESS = 5
_POLL_S = 2.0
_SILENT_BEATS_S = 60.0
"""After so many seconds without a beat another launch of the search is taken for gone."""


@dataclass
class Asker:
    """One launch of a search.

    Attributes:
        search: what is searched.
        study: Optuna's.
        url: of Optuna's storage.
        launch: the id of this launch.
        plan: makes the job of a point's trial, from its name, label, configuration and what was judged of it.
        judge: says what a configuration costs, and which constraints it breaks.
        ended: whether another launch, by its id, is known to have ended.
        stopped: whether this launch was asked to stop.
        prune: says in the record that the scheduler has stopped a job after an epoch.
        monitor: is told how it goes.
        watch: passes on to the monitor, and remembers how jobs ended.
        constraints: with absolute bounds.
        retry_failed: train what failed before again.
        reason: why the search ended before all its trials, if it did.
    """

    search: ExpandedSearch
    study: Study
    url: str
    launch: str
    plan: Callable[[str, str, TrialConfig, Verdict], Job]
    judge: Callable[[TrialConfig], Verdict]
    ended: Callable[[str], bool]
    stopped: Callable[[], bool]
    prune: Callable[[Job, int], None]
    monitor: SearchMonitor
    watch: Watch
    constraints: Sequence[Constraint] = ()
    retry_failed: bool = False
    reason: str | None = None
    _begun: float = field(default_factory=time.monotonic)
    _spent: float = 0.0
    _beats: int = 0
    _open: dict[str, Trial] = field(default_factory=dict)
    _jobs: dict[str, Job] = field(default_factory=dict)
    _last: dict[str, Progress] = field(default_factory=dict)
    _curves: dict[str, dict[int, float]] = field(default_factory=dict)
    _held: dict[str, LeaseWatch] = field(default_factory=dict)
    _polled: float = 0.0
    _attached: dict[str, list[Trial]] = field(default_factory=dict)
    _others: dict[str, tuple[int, float]] = field(default_factory=dict)
    _in_vain: int = 0
    _failures: int = 0

    def begin(self) -> None:
        """Take up the search: first points into the queue, what failed before if it is to be tried again."""
        self._spent = sum(storage.seconds_of_launches(self.study).values())
        self.beat()
        points = self.search.space.points() if self.search.sampler.name == "grid" else ()
        known = [_fixed(trial) for trial in self._trials()]
        for point in (*self.search.first, *_shuffled(points, self.search.seed)):
            if dict(point) not in known:
                self.study.enqueue_trial(dict(point))
                known.append(dict(point))
        if self.retry_failed:
            for trial in self._trials():
                if trial.state.name == "FAIL" and trial.user_attrs.get(storage.DUPLICATE_OF) is None:
                    self.study.enqueue_trial(dict(trial.params))
                    # It counts no more: the one that was just laid in the queue does, in its place.
                    storage.note(self.study, trial, **{storage.DUPLICATE_OF: len(self._trials()) - 1})
        self._stand()

    def next(self) -> Job | Literal["wait", "done"]:
        """The next job; "wait" while there is none yet, "done" when the search has come to its end.

        Points that need no training are told on the way: those that break a constraint, that cannot be built, that
        were proposed before, or whose trial the record holds complete.
        """
        while not self.stopped() and self.reason is None:
            job = self._taken_up() or self._free_again()
            if job is not None:
                return job
            if self._full():
                break
            asked = self._ask()
            if asked is not None:
                return asked
        waits = bool(self._held) and not self.stopped()
        return "wait" if waits or self._attached_to_others() else "done"

    def progressed(self, job: Job, progress: Progress) -> None:
        """Note how far a job is."""
        self.watch.progressed(job, progress)
        trial, before = self._open.get(job.variant), self._last.get(job.variant)
        if trial is None or (before is not None and progress.epoch <= before.epoch):
            return
        self._last[job.variant] = progress
        noted: dict[str, Any] = {storage.EPOCHS: progress.epoch}
        if self.search.scheduler.name != "none":
            curve = self._curves.setdefault(job.variant, {})
            curve[progress.epoch] = progress.metrics.get(scheduled_metric(self.search), math.nan)
            noted |= {storage.CURVE: _plain(curve), storage.ALL_EPOCHS: progress.epochs}
        storage.note(self.study, trial, **noted)
        value = progress.metrics.get(self.search.objectives[0].metric)
        if len(self.search.objectives) == 1 and value is not None and math.isfinite(value):
            trial.report(value, progress.epoch)
        self._stand()

    def finished(self, job: Job) -> None:
        """Tell that a job is complete."""
        self.watch.finished(job)
        last = self._last.get(job.variant)
        self._failures = 0
        self._tell_complete(job, {**job.counts, **(last.metrics if last else {})})
        self._stand()

    def pruned(self, job: Job, epoch: int) -> None:
        """Tell that the scheduler has stopped a job early."""
        self.monitor.pruned(job, epoch)
        self.prune(job, epoch)
        last = self._last.get(job.variant)
        self._failures = 0
        self._tell(job, "PRUNED", {storage.FIGURES: _plain({**job.counts, **(last.metrics if last else {})})})
        self._stand()

    def failed(self, job: Job, error: str) -> None:
        """Tell that a job has failed; one that its surroundings have ended stays open for the next launch."""
        self.watch.failed(job, error)
        if is_of_surroundings(error):
            self.reason = error
            return
        self._failures += 1
        if self._failures >= _HOPELESS and not any(trial.state.name == "COMPLETE" for trial in self._trials()):
            self.reason = f"the first {self._failures} trials have all failed; the last: {error}"
        self._tell(job, "FAIL", {storage.ERROR: error, storage.FIGURES: _plain(job.counts)})
        self._stand()

    def held(self, job: Job, holder: Holder | None) -> None:
        """Wait for a trial that another launch trains."""
        if job.variant not in self._held:
            self.watch.held(job, holder)
            self._held[job.variant] = LeaseWatch(job.places.folder(job.fingerprint), job.claim.heartbeat_s)

    def beat(self) -> None:
        """Show other launches that this one is alive, and note the time that it has taken."""
        self._beats += 1
        storage.beat(self.study, self.launch, self._beats, time.monotonic() - self._begun)

    def end(self) -> None:
        """Leave what has not ended to the next launch."""
        for trial in self._trials():
            if trial.state.name == "RUNNING" and trial.user_attrs.get(storage.LAUNCH) == self.launch:
                storage.note(self.study, trial, **{storage.LAUNCH: ""})
        self.beat()

    @property
    def jobs(self) -> list[Job]:
        """Every job that this launch has begun."""
        return list(self._jobs.values())

    def result(self) -> SearchResult:
        """The search as it stands."""
        return result_of(self.search, self.study, self.url)

    def curves(self) -> list[tuple[str, int, dict[int, float]]]:
        """Of trials that have ended: name, epochs in all, the scheduler's metric after each epoch that was trained."""
        ended = [trial for trial in self._trials() if trial.state.name in ("COMPLETE", "PRUNED")]
        curves = [(trial, trial.user_attrs[storage.CURVE]) for trial in ended if storage.CURVE in trial.user_attrs]
        return [
            (to_searched(trial).name, trial.user_attrs[storage.ALL_EPOCHS], {int(k): v for k, v in curve.items()})
            for trial, curve in curves
        ]

    def _ask(self) -> Job | None:
        """A new point's job; None for a point that was told at once."""
        from optuna.trial import TrialState

        trials = self._trials()
        number = next((each.number for each in trials if each.state == TrialState.WAITING), len(trials))
        self.study.sampler = make_sampler(self.search, number)
        return self._consider(self.study.ask())

    def _consider(self, trial: Trial) -> Job | None:
        """The job of a trial of Optuna's; None if it was told at once."""
        name = f"p{trial.number}"
        storage.note(self.study, trial, **{storage.LAUNCH: self.launch, storage.NAME: name})
        point = suggest(self.search, trial)
        storage.note(self.study, trial, **{storage.POINT: dict(point)})
        config = self.search.config(point)
        verdict = self.judge(config)
        self._constrain(trial, verdict)
        if not verdict.feasible:
            self._tell_infeasible(trial, verdict)
            return None
        job = self.plan(name, self.search.label(point), config, verdict)
        noted: dict[str, Any] = {storage.FINGERPRINT: job.fingerprint, storage.FIGURES: _plain(verdict.figures)}
        storage.note(self.study, trial, **noted)
        return self._to_train(trial, job)

    def _constrain(self, trial: Trial, verdict: Verdict) -> None:
        """Tell Optuna's samplers by how much the trial breaks each constraint; what cannot be built breaks one, too."""
        if not self._trials()[trial.number].constraints:  # else it is taken up again
            for constraint in self.constraints:
                trial.set_constraint(str(constraint), verdict.violations.get(str(constraint), 0.0))
            trial.set_constraint("can be built", float(bool(verdict.problems)))

    def _to_train(self, trial: Trial, job: Job) -> Job | None:
        earlier = self._same_before(trial, job.fingerprint)
        if earlier is not None:
            self._tell_repeated(trial, earlier)
            return None
        self._in_vain = 0
        self._open[job.variant], self._jobs[job.variant] = trial, job
        recorded = choose_runs(read_trials(job.places.uri, job.fingerprint)).get(job.fingerprint)
        if recorded is not None and recorded.state == "complete" and not job.claim.fresh:
            self._tell_recorded(job, recorded)
            return None
        if recorded is not None and recorded.state == "failed" and not self.retry_failed:
            error = f"failed before, in the study {recorded.study}: {recorded.error or 'it does not say why'}"
            self._tell(job, "FAIL", {storage.ERROR: error, storage.RUN: recorded.run_id})
            self._show(trial)
            return None
        return job

    def _same_before(self, trial: Trial, fingerprint: str) -> FrozenTrial | None:
        """The trial of this search that stands for the same configuration, if there is one already."""
        for other in self._trials():
            same = other.user_attrs.get(storage.FINGERPRINT) == fingerprint and other.number != trial.number
            if same and other.user_attrs.get(storage.DUPLICATE_OF) is None:
                return other
        return None

    def _tell_infeasible(self, trial: Trial, verdict: Verdict) -> None:
        self._in_vain += 1
        noted: dict[str, Any] = {
            storage.STATUS: storage.INFEASIBLE,
            storage.FIGURES: _plain(verdict.figures),
            storage.VIOLATIONS: dict(verdict.violations),
        }
        if verdict.problems:
            noted[storage.ERROR] = "; ".join(verdict.problems)
        storage.note(self.study, trial, **noted)
        self._finish(trial, "PRUNED")
        self._show(trial)

    def _tell_repeated(self, trial: Trial, earlier: FrozenTrial) -> None:
        self._in_vain += 1
        noted = {storage.DUPLICATE_OF: earlier.number, storage.FIGURES: earlier.user_attrs.get(storage.FIGURES, {})}
        storage.note(self.study, trial, **noted)
        if earlier.state.is_finished():
            self._finish(trial, earlier.state.name, earlier.values)
            self._show(trial)
        else:
            self._attached.setdefault(to_searched(earlier).name, []).append(trial)

    def _tell_recorded(self, job: Job, run: RecordedTrial) -> None:
        trial = self._open[job.variant]
        if storage.EPOCHS not in trial.user_attrs:  # else this search trained it, and was killed before it could tell
            storage.note(self.study, trial, **{storage.STATUS: storage.RECORDED})
        self._tell_complete(job, {**job.counts, **run.metrics}, run)
        self._show(trial)

    def _tell_complete(self, job: Job, figures: Mapping[str, float], run: RecordedTrial | None = None) -> None:
        values = [figures.get(objective.metric, math.nan) for objective in self.search.objectives]
        run = run or choose_runs(self._recorded(job)).get(job.fingerprint)
        noted: dict[str, Any] = {storage.FIGURES: _plain(figures)}
        if run is not None:
            noted |= {storage.RUN: run.run_id, storage.EPOCHS: int(run.metrics.get("epoch", 0))}
        missing = [
            objective.metric
            for objective, value in zip(self.search.objectives, values, strict=True)
            if not math.isfinite(value)
        ]
        if missing:
            self._tell(job, "FAIL", {**noted, storage.ERROR: f"it reports no finite {', '.join(missing)}"})
        else:
            self._tell(job, "COMPLETE", noted, values)

    def _tell(self, job: Job, state: str, noted: Mapping[str, Any], values: list[float] | None = None) -> None:
        """Tell Optuna of a job's end, and of what was proposed again while it ran."""
        trial = self._open.pop(job.variant)
        self._held.pop(job.variant, None)
        storage.note(self.study, trial, **noted)
        self._finish(trial, state, values)
        for twin in self._attached.pop(job.variant, ()):
            storage.note(self.study, twin, **{storage.FIGURES: noted.get(storage.FIGURES, {})})
            self._finish(twin, state, values)
            self._show(twin)

    def _finish(self, trial: Trial, state: str, values: list[float] | None = None) -> None:
        from optuna.trial import TrialState

        told = values if state == "COMPLETE" else None
        self.study.sampler = make_sampler(self.search, trial.number)
        self.study.tell(trial.number, told, state=TrialState[state], skip_if_finished=True)

    def _taken_up(self) -> Job | None:
        """The job of a trial that a launch has left behind: it goes on from its last epoch."""
        from optuna import Trial

        for left in self._trials():
            owner = left.user_attrs.get(storage.LAUNCH, "")
            if left.state.name == "RUNNING" and owner != self.launch and self._is_gone(owner):
                self.study.sampler = make_sampler(self.search, left.number)
                if (
                    left.user_attrs.get(storage.DUPLICATE_OF) is not None
                ):  # of one that may have ended since, or never will
                    storage.note(self.study, left, **{storage.DUPLICATE_OF: None})
                job = self._consider(Trial(self.study, left._trial_id))
                if job is not None:
                    return job
        return None

    def _is_gone(self, launch: str) -> bool:
        """Whether a launch of this search does not live any more, as far as its end or its silence tells."""
        if not launch or self.ended(launch):
            return True
        heard, now = storage.beats(self.study).get(launch, 0), time.monotonic()
        before, since = self._others.get(launch, (-1, now))
        if heard != before:
            self._others[launch] = (heard, now)
            return False
        return now - since > _SILENT_BEATS_S

    def _free_again(self) -> Job | None:
        """The job of a trial that another launch trained and has left; told, if that has completed it."""
        if not self._held or time.monotonic() - self._polled < _POLL_S:
            return None
        self._polled = time.monotonic()
        for name, watch in list(self._held.items()):
            job = self._jobs[name]
            run = choose_runs(run for run in self._recorded(job) if run.run_id not in job.claim.known).get(
                job.fingerprint
            )
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

    def _attached_to_others(self) -> bool:
        """Whether a repeated point still waits for a trial that another launch of this search trains."""
        if self.stopped():
            return False
        for name in [name for name in self._attached if name not in self._open]:
            earlier = self._trials()[int(name.removeprefix("p"))]
            if earlier.state.is_finished():
                for twin in self._attached.pop(name):
                    self._finish(twin, earlier.state.name, earlier.values)
                    self._show(twin)
        return any(name not in self._open for name in self._attached)

    def _full(self) -> bool:
        """Whether no further point is to be asked for; says why where it is not for having enough."""
        if sum(counts(to_searched(trial)) for trial in self._trials()) >= self.search.trials:
            return True
        hours = self.search.hours
        if hours is not None and self._spent + time.monotonic() - self._begun >= hours * 3600:
            self.reason = f"its {hours:g} hours are over"
        elif self._in_vain >= MOST_IN_VAIN:
            self.reason = f"{MOST_IN_VAIN} points in a row were rejected or proposed before: the space has no more"
        elif self._grid_is_done():
            self.reason = "every point of the grid has been tried"
        return self.reason is not None

    def _grid_is_done(self) -> bool:
        return self.search.sampler.name == "grid" and not any(trial.state.name == "WAITING" for trial in self._trials())

    def _recorded(self, job: Job) -> list[RecordedTrial]:
        """The runs of a job's trial; none while the record is away."""
        from search_space import InputError

        try:
            return read_trials(job.places.uri, job.fingerprint)
        except InputError:
            return []

    def _trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def _show(self, trial: Trial) -> None:
        self.monitor.told(to_searched(self._trials()[trial.number]))
        self._stand()

    def _stand(self) -> None:
        result = self.result()
        trials = result.trials
        spent = self._spent + time.monotonic() - self._begun
        self.monitor.stands(
            SearchStanding(
                counted=result.counted,
                trials=self.search.trials,
                infeasible=sum(trial.state == "infeasible" for trial in trials),
                repeated=sum(trial.duplicate_of is not None for trial in trials),
                pruned=sum(trial.state == "pruned" and trial.duplicate_of is None for trial in trials),
                failed=sum(trial.state == "failed" and trial.duplicate_of is None for trial in trials),
                best=result.best,
                front=result.front,
                epochs_trained=sum(trial.epochs for trial in trials if counts(trial) and not trial.reused),
                seconds=spent,
                hours=self.search.hours,
            )
        )


def _fixed(trial: FrozenTrial) -> dict[str, Any]:
    """The point of a trial, also of one that waits."""
    return dict(trial.system_attrs.get("fixed_params") or trial.params)


def _plain(figures: Mapping[Any, float]) -> dict[str, float]:
    """Figures that JSON can hold."""
    return {str(key): float(value) for key, value in figures.items() if math.isfinite(value)}


def _shuffled(points: Any, seed: int) -> list[Point]:
    import random

    listed = list(points)
    random.Random(seed).shuffle(listed)
    return listed
