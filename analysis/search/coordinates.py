"""Where a value stands along an axis of parallel coordinates: categories, numbers, logarithms, and not used at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.search.words import number

if TYPE_CHECKING:
    from search_space.dimensions import Dimension

NOT_USED = -0.13
"""Where a dimension stands that means nothing for a trial, below the axis (0 is its lower end, 1 its upper)."""

_MOST_TICKS = 6
_BAND = 0.62  # of the room of a category, over which its lines are spread


@dataclass(frozen=True)
class Coordinate:
    """A dimension as an axis from 0 to 1.

    Attributes:
        key: of the dimension.
        levels: the values of a categorical axis, bottom first; () for one of numbers.
        low, high: ends of an axis of numbers.
        log: whether it is logarithmic.
        ticks: places with their labels.
        spreads: whether lines that share a value are drawn side by side.
    """

    key: str
    levels: tuple[Any, ...]
    low: float
    high: float
    log: bool
    ticks: tuple[tuple[float, str], ...]
    spreads: bool

    def place(self, value: Any) -> float:
        """Where a value stands, from 0 to 1."""
        if self.levels:
            return (self.levels.index(value) + 0.5) / len(self.levels)
        low, high, here = (math.log(each) if self.log else float(each) for each in (self.low, self.high, value))
        return (here - low) / (high - low) if high > low else 0.5


def coordinate(dimension: Dimension) -> Coordinate:
    """The axis of a dimension. Few whole numbers are categories: each has room of its own."""
    if dimension.kind == "choice":
        return _levelled(dimension.key, dimension.choices)
    low, high = dimension.low, dimension.high
    if dimension.kind == "int":
        values = tuple(range(int(low), int(high) + 1, int(dimension.step or 1)))
        if len(values) <= _MOST_TICKS + 2 and not dimension.log:
            return _levelled(dimension.key, values)
    flat = Coordinate(dimension.key, (), low, high, dimension.log, (), dimension.kind == "int")
    few = dimension.size is not None and dimension.size <= _MOST_TICKS + 2 and not dimension.log
    values_along = (
        list(map(float, dimension.values()))
        if few
        else _marked(float(low), float(high), log=bool(dimension.log), whole=dimension.kind == "int")
    )
    ticks = tuple(
        (flat.place(value), number(int(value) if dimension.kind == "int" else value)) for value in values_along
    )
    return Coordinate(flat.key, (), flat.low, flat.high, flat.log, ticks, flat.spreads)


def spread_band(axis: Coordinate) -> float:
    """Over how much of the axis the lines of one value are spread."""
    return _BAND / len(axis.levels) if axis.levels else 0.0


def _levelled(key: str, levels: Sequence[Any]) -> Coordinate:
    ticks = tuple(((place + 0.5) / len(levels), number(level)) for place, level in enumerate(levels))
    return Coordinate(key, tuple(levels), 0.0, 1.0, False, ticks, True)


def _marked(low: float, high: float, *, log: bool, whole: bool) -> list[float]:
    """The values that are written along an axis of numbers: both ends and a few round ones well between them."""
    if log:
        steps = [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
        reach = math.log(high / low)
        between = [step for step in steps if low < step < high]
        apart = [step for step in between if min(math.log(step / low), math.log(high / step)) > 0.12 * reach]
        return [low, *apart[:: max(1, len(apart) // 4 + 1)], high]
    middle = [low + (high - low) * part for part in (0.25, 0.5, 0.75)]
    if whole:
        middle = [value for value in dict.fromkeys(float(round(value)) for value in middle) if low < value < high]
    return [low, *middle, high]
