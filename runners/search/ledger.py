"""Optuna's study as a search uses it: points asked for, what is noted at them, their ends, and whose they are."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runners.search import storage
from runners.search.halving import Curve
from runners.search.results import SearchedTrial, SearchResult, point_name, result_of, to_searched
from runners.search.samplers import make_sampler, suggest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

    from search_space import ExpandedSearch, Point

MOST_REPEATED = 200
"""After so many points in a row that were proposed before, the search takes the space for exhausted."""
MOST_REJECTED = 2000
"""After so many points that break a constraint, and none that breaks none: odds of 1 in 150 if one in 400 does."""
_SILENT_S = 60.0
"""After so many seconds without a beat another launch of the search is taken for gone."""


DOES_NOT_DIVERGE = "does not diverge"
"""A constraint of every trial, known once it has ended."""


@dataclass
class InVain:
    """How many points since the last that was trained were rejected, and how many had been proposed before."""

    rejected: int = 0
    repeated: int = 0


@dataclass
class Ledger:
    """One launch's hand in a search's Optuna study.

    Attributes:
        search: what is searched.
        study: Optuna's.
        url: of Optuna's storage.
        launch: the id of this launch.
        ended: whether another launch, by its id, is known to have ended.
        retry_failed: what failed before is proposed again, and is no repetition then.
        last: the search as it stood when it was last looked at.
    """

    search: ExpandedSearch
    study: Study
    url: str
    launch: str
    ended: Callable[[str], bool]
    retry_failed: bool = False
    _begun: float = field(default_factory=lambda: time.monotonic())
    _before: float = 0.0
    _beats: int = 0
    _heard: dict[str, tuple[int, float]] = field(default_factory=dict)
    _alive: set[str] = field(default_factory=set)
    _ended_trials: dict[int, SearchedTrial] = field(default_factory=dict)
    _grid: list[Point] | None = None
    last: SearchResult | None = None

    def begin(self) -> None:
        """Lay into the queue what is to be proposed first: first points, what failed if it is to be retried."""
        before = storage.seconds_of_launches(self.study)
        self._before = sum(seconds for launch, seconds in before.items() if launch != self.launch)
        self.beat()
        known = [_fixed(trial) for trial in self.trials()]
        for point in self.search.first:
            if dict(point) not in known:
                self.study.enqueue_trial(dict(point))
                known.append(dict(point))
        if self.retry_failed:
            for failed in self.result().trials:
                if failed.state == "failed" and failed.duplicate_of is None:
                    self.study.enqueue_trial(dict(failed.point), {storage.RETRIES: failed.number})

    def trials(self) -> list[FrozenTrial]:
        """Every trial of the search, by its number."""
        return self.study.get_trials(deepcopy=False)

    def result(self) -> SearchResult:
        """The search as it stands."""
        self.last = result_of(self.search, self.study, self.url, self._ended_trials)
        return self.last

    @property
    def seconds(self) -> float:
        """What all launches have taken, this one included."""
        return self._before + time.monotonic() - self._begun

    def why_no_more(self, in_vain: InVain) -> str | None:
        """Why no further point is to be asked for, although the search has not all its trials; None if one may be."""
        rejected, repeated = in_vain.rejected, in_vain.repeated
        if self.search.hours is not None and self.seconds >= self.search.hours * 3600:
            return f"its {self.search.hours:g} hours are over"
        if (rejected or repeated) and self._is_through():
            return f"all {self.search.space.size} points of the space have been tried"
        if repeated >= MOST_REPEATED:
            return f"{repeated} points since the last new one were proposed before: the sampler hardly finds another"
        if rejected >= MOST_REJECTED:
            what = f"{rejected} points since the last that was trained break a constraint or cannot be built"
            return f"{what}: loosen a constraint, or narrow the space to what satisfies it"
        if self.search.sampler.name == "grid" and not self._waits and self._next_of_grid() is None:
            return "every point of the grid has been tried"
        return None

    def _is_through(self) -> bool:
        """Whether every point of a finite space has been proposed."""
        size, trials = self.search.space.size, self.trials()
        if size is None or size > len(trials):
            return False
        return len({tuple(_fixed(trial).items()) for trial in trials if storage.POINT in trial.user_attrs}) >= size

    @property
    def _waits(self) -> bool:
        """Whether a point lies in the queue."""
        return any(trial.state.name == "WAITING" for trial in self.trials())

    def ask(self) -> Trial:
        """A new trial of this launch, from the queue if something lies there."""
        if self.search.sampler.name == "grid" and not self._waits and (point := self._next_of_grid()) is not None:
            self.study.enqueue_trial(dict(point))
        return self.study.ask()

    def left_behind(self) -> Iterator[Trial]:
        """The trials that other launches began and cannot end any more."""
        from optuna import Trial

        for left in self._others_trials():
            if self._is_left(left) and self._is_left(self.trials()[left.number]):  # others may be taking them up, too
                self.study._thread_local.cached_all_trials = None  # as `ask` does: the sampler is to know the newest
                yield Trial(self.study, left._trial_id)

    def unsure(self) -> bool:
        """Whether a trial is under way elsewhere of which it has yet to show whether anybody trains it."""
        return any(
            not self._is_left(trial) and not self._owners(trial) <= self._alive for trial in self._others_trials()
        )

    def point(self, trial: Trial) -> Point:
        """The point of a trial, which is this launch's from now on."""
        repeated = storage.DUPLICATE_OF in trial.user_attrs
        self.note(trial, {storage.LAUNCH: self.launch} | ({storage.DUPLICATE_OF: None} if repeated else {}))
        point = suggest(self.search, trial)
        self.note(trial, {storage.POINT: dict(point)})
        return point

    def constrain(self, trial: Trial, violations: Mapping[str, float]) -> None:
        """Tell Optuna's samplers by how much a trial breaks each constraint, 0 where it does not."""
        from optuna.exceptions import UpdateFinishedTrialError

        known = self.trials()[trial.number].constraints  # of one that has been taken up again
        with suppress(UpdateFinishedTrialError):
            for constraint, beyond in violations.items():
                if constraint not in known:
                    trial.set_constraint(constraint, beyond)

    def same_before(self, trial: Trial, fingerprint: str) -> FrozenTrial | None:
        """The trial of this search that stands for the same configuration, if there is one already."""
        trials = self.trials()
        retried = {other.user_attrs.get(storage.RETRIES) for other in trials}
        for other in reversed(trials):
            noted = other.user_attrs
            same = noted.get(storage.FINGERPRINT) == fingerprint and other.number != trial.number
            again = other.number in retried or (self.retry_failed and to_searched(other).state == "failed")
            repeats = other.number > trial.number and not other.state.is_finished()  # or is about to say so
            if same and noted.get(storage.DUPLICATE_OF) is None and not again and not repeats:
                return other
        return None

    def note(self, trial: Trial, noted: Mapping[str, Any]) -> None:
        """Note things at a trial: JSON values. One that another launch has ended meanwhile stays as it is."""
        from optuna.exceptions import UpdateFinishedTrialError

        known = trial._cached_frozen_trial.user_attrs
        with suppress(UpdateFinishedTrialError):
            for key, value in noted.items():
                if key not in known or known[key] != value:
                    trial.set_user_attr(key, copy.deepcopy(value))

    def report(self, trial: Trial, epoch: int, value: float) -> None:
        """Tell Optuna of an epoch, unless it was told: a trial that goes on repeats the epochs before."""
        from optuna.exceptions import UpdateFinishedTrialError

        with suppress(UpdateFinishedTrialError):
            if epoch not in trial._cached_frozen_trial.intermediate_values:
                trial.report(value, epoch)

    def finish(self, trial: Trial, state: str, values: list[float] | None = None) -> None:
        """End a trial: "COMPLETE" with its objectives, "PRUNED" or "FAIL". One that has ended stays as it is."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        self.study.sampler = make_sampler(self.search, trial.number)
        self.constrain(trial, {DOES_NOT_DIVERGE: 0.0})
        told = values if state == "COMPLETE" else None
        with suppress(UpdateFinishedTrialError):
            self.study.tell(trial.number, told, state=TrialState[state], skip_if_finished=True)

    def curves(self, known: Set[str] = frozenset()) -> list[Curve]:
        """Of trials that have ended, but for those of these names: the scheduler's metric after each epoch."""
        ended = [trial for trial in self.trials() if trial.state.is_finished()]
        told = [(point_name(trial.number), trial.user_attrs) for trial in ended if storage.CURVE in trial.user_attrs]
        return [
            (name, noted[storage.ALL_EPOCHS], {int(epoch): value for epoch, value in noted[storage.CURVE].items()})
            for name, noted in told
            if name not in known
        ]

    def beat(self) -> None:
        """Show other launches that this one is alive, and note the time that it has taken."""
        self._beats += 1
        storage.beat(self.study, self.launch, self._beats, time.monotonic() - self._begun)

    def end(self) -> None:
        """Leave what has not ended to the next launch."""
        from optuna import Trial

        for trial in self.trials():
            if trial.state.name == "RUNNING" and trial.user_attrs.get(storage.LAUNCH) == self.launch:
                self.note(Trial(self.study, trial._trial_id), {storage.LAUNCH: ""})
        self._beats = storage.OVER - 1
        self.beat()

    def _others_trials(self) -> list[FrozenTrial]:
        """The trials under way that are not this launch's."""
        running = (trial for trial in self.trials() if trial.state.name == "RUNNING")
        return [trial for trial in running if trial.user_attrs.get(storage.LAUNCH) != self.launch]

    def _owners(self, trial: FrozenTrial) -> set[str]:
        """Who may be at work on another launch's trial: any other, while it does not say whose it is."""
        owner = trial.user_attrs.get(storage.LAUNCH)
        return {owner} if owner is not None else storage.beats(self.study).keys() - {self.launch}

    def _is_left(self, trial: FrozenTrial) -> bool:
        """Whether a trial is under way of which nobody is at work any more."""
        owner = trial.user_attrs.get(storage.LAUNCH)
        return trial.state.name == "RUNNING" and owner != self.launch and all(map(self._is_gone, self._owners(trial)))

    def _is_gone(self, launch: str) -> bool:
        """Whether a launch of this search does not live any more, as far as its end or its silence tells."""
        if not launch or self.ended(launch):
            return True
        heard, now = storage.beats(self.study).get(launch, 0), time.monotonic()
        if heard == storage.OVER:
            return True
        if launch not in self._heard or heard != self._heard[launch][0]:
            if launch in self._heard:
                self._alive.add(launch)
            self._heard[launch] = (heard, now)
        silent = now - self._heard[launch][1] > _SILENT_S
        if silent:
            self._alive.discard(launch)
        return silent

    def _next_of_grid(self) -> Point | None:
        """The next point of a space that is gone through in a random order: laid into the queue one by one, for what
        waits is read from the storage again and again.
        """
        if self._grid is None:
            self._grid = list(self.search.space.points())
            random.Random(self.search.seed).shuffle(self._grid)
            self._grid.reverse()
        known = {_as_text(_fixed(trial)) for trial in self.trials()}
        while self._grid and _as_text(self._grid[-1]) in known:
            self._grid.pop()
        return self._grid[-1] if self._grid else None


def _as_text(point: Point) -> str:
    return repr(sorted(point.items()))


def _fixed(trial: FrozenTrial) -> dict[str, Any]:
    """The point of a trial, also of one that waits."""
    return dict(trial.user_attrs.get(storage.POINT) or trial.system_attrs.get("fixed_params", {}))
