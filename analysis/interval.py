"""An interval, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.numbers import NumberFormat


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, in the unit of what it is an interval of; `level` in percent."""

    low: float
    high: float
    level: float

    def __contains__(self, value: float) -> bool:
        """Whether the value lies within, ends included."""
        return self.low <= value <= self.high


def brackets(printed: NumberFormat, interval: Interval) -> str:
    """An interval without its unit.

    >>> brackets(NumberFormat("", 1.0, 1), Interval(-0.42, 9.9, 95))
    '[−0.4, 9.9]'
    """
    bare = replace(printed, unit="", signed=False)
    return f"[{bare.text(interval.low)}, {bare.text(interval.high)}]"


def with_interval(printed: NumberFormat, value: float, interval: Interval | None) -> str:
    """A value with its interval, if it has one: `+9.0 [8.1, 9.9]`, `+12 [9, 15] s`."""
    text = printed.text(value)
    if interval is None:
        return text
    unit = f" {printed.unit}" if printed.unit else ""
    return f"{text.removesuffix(unit)} {brackets(printed, interval)}{unit}"
