"""The dimensions of a search: keys of the configuration, and the values that each may take."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from search_space.conditions import Need, unmet
from search_space.keys import show_value
from search_space.problems import Location

Kind = Literal["choice", "int", "float"]

NOWHERE = Location("")
_TOLERANCE = 1e-9  # of a step: 0.1 + 2 * 0.1 is 0.30000000000000004


@dataclass(frozen=True)
class Dimension:
    """A key that varies in a search, with its domain.

    Attributes:
        key: as a study writes it.
        kind: one of a list, a whole number, or a number.
        choices: the list, in the study's order; empty for numbers.
        low: the least value, included; an int where `kind` is int; without meaning for a list.
        high: the greatest value, included, a whole number of steps above `low`.
        step: the distance of neighbouring values; None for every whole number, and for every number between.
        log: evenly spread on a logarithmic scale.
        needs: what must hold besides for the dimension to vary (`if:`); elsewhere the key has its value of the base.
        location: where the dimension stands in the study.
    """

    key: str
    kind: Kind
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    needs: tuple[Need, ...] = ()
    location: Location = NOWHERE

    @property
    def size(self) -> int | None:
        """How many values there are; None for a range of numbers without a step."""
        if self.kind == "choice":
            return len(self.choices)
        if self.step is None and self.low < self.high and self.kind == "float":
            return None
        return round((self.high - self.low) / (self.step or 1)) + 1

    def value(self, index: int) -> Any:
        """The value at a place from 0 to size - 1, as the study would write it: 0.3, not 0.30000000000000004."""
        if self.kind == "choice":
            return self.choices[index]
        if self.kind == "int":
            return int(self.low) + index * int(self.step or 1)
        return float(Decimal(repr(self.low)) + index * Decimal(repr(self.step or 1)))

    def values(self) -> tuple[Any, ...]:
        """All values, in order. Raises ValueError for a range of numbers without a step."""
        if self.size is None:
            raise ValueError(f"'{self.key}' has no end of values")
        return tuple(self.value(index) for index in range(self.size))

    def settle(self, value: Any) -> Any:
        """The value of the domain that is meant by `value`: a number on a step that missed it by rounding is put there.

        Raises:
            ValueError: for a value outside of the domain.
        """
        found = self._index(value) if self.size is not None else None
        if found is not None:
            return self.value(found)
        if self.size is None and _is_number(value) and self.low <= value <= self.high:
            return float(value)
        raise ValueError(f"'{self.key}' is {show_value(value)}, which is not {self.describe()}")

    def contains(self, value: Any) -> bool:
        """Whether the value is of the domain."""
        try:
            self.settle(value)
        except ValueError:
            return False
        return True

    def draw(self, rng: random.Random) -> Any:
        """A random value: all values alike, or all of them alike on the logarithmic scale."""
        if self.kind == "choice" or (self.size is not None and not self.log):
            return self.value(rng.randrange(self.size or 1))
        low, high = self.low, self.high
        if self.kind == "int":  # each whole number stands for the half on either side of it
            drawn = round(math.exp(rng.uniform(math.log(low - 0.5), math.log(high + 0.5))))
            return int(min(max(drawn, low), high))
        drawn_float = math.exp(rng.uniform(math.log(low), math.log(high))) if self.log else rng.uniform(low, high)
        return min(max(drawn_float, low), high)

    def describe(self) -> str:
        """The domain in words: `one of bottleneck, hierarchical`, `a whole number from 2 to 6`."""
        if self.kind == "choice":
            shown = [show_value(choice) for choice in self.choices]
            return f"one of {', '.join(shown)}" if len(shown) > 2 else " or ".join(shown)
        low, high = (show_number(bound) for bound in (self.low, self.high))
        kind = "a whole number" if self.kind == "int" else "a number"
        steps = f" in steps of {show_number(self.step)}" if self.step is not None else ""
        return f"{kind} from {low} to {high}{steps}{', on a logarithmic scale' if self.log else ''}"

    @property
    def condition(self) -> str:
        """What `if:` says, in words: `'model.relu' is true`; empty without one."""
        return " and ".join(map(str, self.needs))

    def lacking(self, settings: Mapping[str, Any]) -> Need | None:
        """What `if:` asks for and these (complete, flat) settings do not have; None where they have all of it."""
        held = (need.holds(settings) and unmet(need.key, settings) is None for need in self.needs)
        return next((need for need, holds in zip(self.needs, held, strict=True) if not holds), None)

    def _index(self, value: Any) -> int | None:
        if self.kind == "choice":
            alike = (value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in self.choices)
            return next((index for index, found in enumerate(alike) if found), None)
        if not _is_number(value):
            return None
        steps = (value - self.low) / (self.step or 1)
        index = round(steps) if math.isfinite(steps) else -1
        return index if abs(steps - index) <= _TOLERANCE and 0 <= index <= (self.size or 1) - 1 else None


def show_number(number: float | None, digits: int = 6) -> str:
    """A number in few signs, of so many significant digits at most.

    >>> [show_number(number) for number in (6, 0.25, 6.3e6, 1e-4)]
    ['6', '0.25', '6.3e6', '1e-4']
    """
    if number is None:
        return "none"
    if number == 0 or 1e-3 <= abs(number) < 1e5 or not math.isfinite(number):
        return f"{number:.{digits}g}"
    mantissa, _, exponent = f"{number:.{digits - 1}e}".partition("e")
    short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{short}e{int(exponent)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
