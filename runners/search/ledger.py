"""Optuna's study as a search uses it: points asked for, what is noted at them, their ends, and whose they are."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runners.search import storage
from runners.search.results import SearchResult, result_of, to_searched
from runners.search.samplers import make_sampler, suggest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

    from search_space import ExpandedSearch, Point

MOST_IN_VAIN = 200
"""After so many points in a row that were rejected or proposed before, the search takes the space for exhausted."""
_SILENT_S = 60.0
"""After so many seconds without a beat another launch of the search is taken for gone."""


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

    def begin(self) -> None:
        """Lay into the queue what is to be proposed first: first points, a grid, what failed if it is to be retried."""
        self._before = sum(storage.seconds_of_launches(self.study).values())
        self.beat()
        known = [_fixed(trial) for trial in self.trials()]
        for point in (*self.search.first, *self._grid()):
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
        return result_of(self.search, self.study, self.url)

    @property
    def seconds(self) -> float:
        """What all launches have taken, this one included."""
        return self._before + time.monotonic() - self._begun

    def why_no_more(self, in_vain: int) -> str | None:
        """Why no further point is to be asked for, although the search has not all its trials; None if one may be.

        Args:
            in_vain: how many points in a row were rejected or proposed before.
        """
        if self.search.hours is not None and self.seconds >= self.search.hours * 3600:
            return f"its {self.search.hours:g} hours are over"
        if in_vain >= MOST_IN_VAIN:
            return f"{in_vain} points in a row were rejected or proposed before: the space has no more"
        if self.search.sampler.name == "grid" and not self._waits:
            return "every point of the grid has been tried"
        return None

    @property
    def _waits(self) -> bool:
        """Whether a point lies in the queue."""
        return any(trial.state.name == "WAITING" for trial in self.trials())

    def ask(self) -> Trial:
        """A new trial of this launch, from the queue if something lies there."""
        trials = self.trials()
        number = next((trial.number for trial in trials if trial.state.name == "WAITING"), len(trials))
        self.study.sampler = make_sampler(self.search, number)
        return self.study.ask()

    def left_behind(self) -> Iterator[Trial]:
        """The trials that other launches began and cannot end any more."""
        from optuna import Trial

        for left in self.trials():
            owner = left.user_attrs.get(storage.LAUNCH, "")
            if left.state.name == "RUNNING" and owner != self.launch and self._is_gone(owner):
                self.study.sampler = make_sampler(self.search, left.number)
                yield Trial(self.study, left._trial_id)

    def point(self, trial: Trial) -> Point:
        """The point of a trial, which is this launch's from now on."""
        self.note(trial, {storage.LAUNCH: self.launch, storage.NAME: f"p{trial.number}", storage.DUPLICATE_OF: None})
        point = suggest(self.search, trial)
        self.note(trial, {storage.POINT: dict(point)})
        return point

    def constrain(self, trial: Trial, violations: Mapping[str, float]) -> None:
        """Tell Optuna's samplers by how much a trial breaks each constraint, 0 where it does not."""
        if not self.trials()[trial.number].constraints:  # else it has been taken up again
            for constraint, beyond in violations.items():
                trial.set_constraint(constraint, beyond)

    def same_before(self, trial: Trial, fingerprint: str) -> FrozenTrial | None:
        """The trial of this search that stands for the same configuration, if there is one already."""
        for other in reversed(self.trials()):
            noted = other.user_attrs
            same = noted.get(storage.FINGERPRINT) == fingerprint and other.number != trial.number
            again = self.retry_failed and other.state.name == "FAIL"
            if same and noted.get(storage.DUPLICATE_OF) is None and not again:
                return other
        return None

    def note(self, trial: Trial, noted: Mapping[str, Any]) -> None:
        """Note things at a trial that has not ended: JSON values."""
        for key, value in noted.items():
            self.study._storage.set_trial_user_attr(trial._trial_id, key, value)

    def report(self, trial: Trial, epoch: int, value: float) -> None:
        """Tell Optuna of an epoch, unless it was told: a trial that goes on repeats the epochs before."""
        if epoch not in self.trials()[trial.number].intermediate_values:
            trial.report(value, epoch)

    def finish(self, trial: Trial, state: str, values: list[float] | None = None) -> None:
        """End a trial: "COMPLETE" with its objectives, "PRUNED" or "FAIL". One that has ended stays as it is."""
        from optuna.trial import TrialState

        self.study.sampler = make_sampler(self.search, trial.number)
        told = values if state == "COMPLETE" else None
        self.study.tell(trial.number, told, state=TrialState[state], skip_if_finished=True)

    def curves(self) -> list[tuple[str, int, dict[int, float]]]:
        """Of trials that have ended: name, epochs in all, the scheduler's metric after each epoch that was trained."""
        ended = [trial for trial in self.trials() if trial.state.name in ("COMPLETE", "PRUNED")]
        return [
            (
                to_searched(trial).name,
                trial.user_attrs[storage.ALL_EPOCHS],
                {int(epoch): value for epoch, value in trial.user_attrs[storage.CURVE].items()},
            )
            for trial in ended
            if storage.CURVE in trial.user_attrs
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
        self.beat()

    def _is_gone(self, launch: str) -> bool:
        """Whether a launch of this search does not live any more, as far as its end or its silence tells."""
        if not launch or self.ended(launch):
            return True
        heard, now = storage.beats(self.study).get(launch, 0), time.monotonic()
        before, since = self._heard.get(launch, (-1, now))
        if heard != before:
            self._heard[launch] = (heard, now)
            return False
        return now - since > _SILENT_S

    def _grid(self) -> list[Point]:
        """Every point of a space that is gone through as a grid, in a random order."""
        if self.search.sampler.name != "grid":
            return []
        points: list[Point] = list(self.search.space.points())
        random.Random(self.search.seed).shuffle(points)
        return points


def _fixed(trial: FrozenTrial) -> dict[str, Any]:
    """The point of a trial, also of one that waits."""
    return dict(trial.user_attrs.get(storage.POINT) or trial.system_attrs.get("fixed_params", {}))
