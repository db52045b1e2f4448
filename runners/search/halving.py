"""Stopping trials early: asynchronous successive halving and HyperBand, as Ray Tune decides them.

The rungs are rebuilt from results when a search goes on, so nothing of a scheduler is stored.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from math import exp
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from search_space.metrics import METRICS

if TYPE_CHECKING:
    from ray.tune.schedulers import AsyncHyperBandScheduler

    from search_space import ExpandedSearch

Curve = tuple[str, int, Mapping[int, float]]
"""Of a trial: its name, its epochs in all, the scheduler's metric after each that was trained."""


@dataclass
class Halving:
    """Decides after each epoch whether a trial goes on.

    asha: after `grace` epochs, and again at each power of `reduction` beyond, a trial goes on if it is among the best
    1 / `reduction` of those that came so far (Li et al., A System for Massively Parallel Hyperparameter Tuning, 2020,
    Algorithm 2). hyperband: the same with several brackets, of which the later begin to stop later (their Section 3.2);
    a trial's bracket is drawn from its name.

    Attributes:
        metric: the figure of an epoch that is compared.
        mode: "max" or "min".
        brackets: Tune's scheduler for each bracket.
        ended: the curves of the trials that have ended, but for those of these names. They are asked for before each
            decision, for trials also end elsewhere: before a launch was killed, in another launch, in another study.
    """

    metric: str
    mode: str
    brackets: tuple[AsyncHyperBandScheduler, ...]
    ended: Callable[[Set[str]], Iterable[Curve]] = lambda known: ()
    _known: set[str] = field(default_factory=set)

    def stops(self, name: str, epoch: int, epochs: int, metrics: Mapping[str, float]) -> bool:
        """Whether a trial is to stop after this epoch: never after its last."""
        if epoch >= epochs or self.metric not in metrics:
            return False
        for other, of_other, values in self.ended(self._known | {name}):
            self._known.add(other)
            for each in sorted(values):
                if each < of_other:
                    self._tell(other, each, values[each])
        self._known.add(name)
        return self._tell(name, epoch, metrics[self.metric])

    def _tell(self, name: str, epoch: int, value: float) -> bool:
        bracket, trial = self._bracket(name), SimpleNamespace(trial_id=name)
        if name not in bracket._trial_info:
            bracket.on_trial_add(None, trial)  # type: ignore[arg-type]  # it asks for the name alone
        return bracket.on_trial_result(None, trial, {"epoch": epoch, self.metric: value}) == "STOP"  # type: ignore[arg-type]

    def _bracket(self, name: str) -> AsyncHyperBandScheduler:
        # As Tune weighs them: by the exponential of the number of their rungs.
        rungs = [len(bracket._brackets[0]._rungs) for bracket in self.brackets]
        weights = [exp(count - max(rungs)) for count in rungs]
        return random.Random(name).choices(self.brackets, weights)[0]


def make_halving(search: ExpandedSearch, epochs: int, ended: Callable[[Set[str]], Iterable[Curve]]) -> Halving | None:
    """The scheduler that a search asks for; None if every trial is trained to its end.

    Args:
        search: the search.
        epochs: the most that a trial of it has.
        ended: as `Halving` has it.
    """
    spec = search.scheduler
    if spec.name == "none":
        return None
    from ray.tune.schedulers import AsyncHyperBandScheduler

    metric = scheduled_metric(search)
    mode = next((each.direction for each in search.objectives if each.metric == metric), METRICS[metric].better)
    starts = [first_rung(spec.grace, spec.reduction, number) for number in range(_brackets(search, epochs))]
    options: dict[str, Any] = {"time_attr": "epoch", "metric": metric, "mode": mode, "max_t": epochs}
    made = [
        AsyncHyperBandScheduler(grace_period=start, reduction_factor=spec.reduction, brackets=1, **options)
        for start in starts
    ]
    return Halving(metric, mode, tuple(made), ended)


def scheduled_metric(search: ExpandedSearch) -> str:
    """The metric by which the scheduler compares trials: the first objective unless the search says otherwise."""
    return search.scheduler.metric or search.objectives[0].metric


def first_rung(grace: int, reduction: float, bracket: int) -> int:
    """The epoch after which a bracket stops trials first."""
    return round(grace * reduction**bracket)


def rungs(search: ExpandedSearch, epochs: int) -> list[list[int]]:
    """After which epochs trials are stopped, for each bracket; [] without a scheduler."""
    spec = search.scheduler
    if spec.name == "none":
        return []
    made: list[list[int]] = []
    for number in range(_brackets(search, epochs)):
        epoch, listed = float(first_rung(spec.grace, spec.reduction, number)), []
        while epoch < epochs:
            listed.append(int(epoch) if epoch == int(epoch) else int(epoch) + 1)
            epoch *= spec.reduction
        made.append(listed)
    return made


def _brackets(search: ExpandedSearch, epochs: int) -> int:
    """How many brackets there are: of those asked for, those that begin before the last epoch."""
    spec = search.scheduler
    asked = 1 if spec.name == "asha" else spec.brackets
    fits = [number for number in range(asked) if first_rung(spec.grace, spec.reduction, number) < epochs]
    return max(1, len(fits))
