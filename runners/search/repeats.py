"""Points that repeat a trial of the same search: told as that one ended, or will."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runners.search import storage
from runners.search.ledger import Ledger

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

_MOST_WAITING = 20


@dataclass
class Repeats:
    """What one launch was given again.

    Attributes:
        ledger: Optuna's study.
        show: is given each trial that has been told.
    """

    ledger: Ledger
    show: Callable[[Trial], None]
    _waiting: dict[int, list[Trial]] = field(default_factory=dict)

    def tell(self, trial: Trial, earlier: FrozenTrial) -> None:
        """Tell a point as it was told before; where that has yet to end, once it has."""
        if earlier.state.is_finished():
            noted = earlier.user_attrs
            status = {storage.STATUS: storage.FAILED} if noted.get(storage.STATUS) == storage.FAILED else {}
            self.ledger.constrain(trial, earlier.constraints)
            self.ledger.note(trial, {storage.FIGURES: noted.get(storage.FIGURES, {}), **status})
            self.ledger.finish(trial, earlier.state.name, earlier.values)
            self.show(trial)
        else:
            self._waiting.setdefault(earlier.number, []).append(trial)

    def ended(self, number: int) -> None:
        """Tell what repeats a trial that has ended."""
        for trial in self._waiting.pop(number, ()):
            self.tell(trial, self.ledger.trials()[number])

    def wait_elsewhere(self, mine: Container[int]) -> bool:
        """Whether a point still waits for a trial that another launch of this search trains.

        Args:
            mine: the numbers of the trials that this launch trains.
        """
        for number in [number for number in self._waiting if number not in mine]:
            if self.ledger.trials()[number].state.is_finished():
                self.ended(number)
        return any(number not in mine for number in self._waiting)

    def are_many(self) -> bool:
        """Whether so many points wait that it is better to await what they repeat than to ask for more."""
        return sum(map(len, self._waiting.values())) >= _MOST_WAITING
