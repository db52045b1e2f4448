"""How numbers are printed: unit, digits and sign, one choice for a whole column so that its cells compare."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from search_space.metrics import CountFormat

MINUS = "−"
PLUS_MINUS = " ± "
NONE = "—"

# (unit, what one unit is, fewest digits, digits that the smallest number of a column keeps at least, most digits)
_UNITS: dict[str, tuple[str, float, int, int, int]] = {
    "millions": ("M", 1e6, 2, 2, 4),
    "giga": ("G", 1e9, 2, 2, 5),
    "megabytes": ("MB", 1e6, 1, 2, 4),
    "s": ("s", 1.0, 0, 2, 2),
    "min": ("min", 60.0, 1, 2, 3),
    "h": ("h", 3600.0, 1, 2, 4),
    "percent": ("", 1.0, 1, 0, 1),
    "millionths": ("×10⁻⁶", 1e-6, 1, 2, 3),
    "number": ("", 1.0, 0, 3, 5),
}


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How one column prints its numbers."""

    unit: str
    factor: float
    digits: int
    signed: bool = False

    def rounded(self, value: float) -> Decimal:
        """The number in the column's unit, rounded as it is printed. Zero has no sign."""
        return Decimal(f"{value / self.factor:.{self.digits}f}") + Decimal(0)

    def text(self, value: float, std: float | None = None) -> str:
        """The number as printed: `76.0 ± 0.4`, `6.24 M`, `+5.9`.

        >>> NumberFormat("M", 1e6, 2).text(6_237_000)
        '6.24 M'
        """
        number = self.rounded(value)
        sign = MINUS if number < 0 else "+" if self.signed and number > 0 else ""
        shown = f"{sign}{abs(number):,.{self.digits}f}"
        if std is not None:
            shown += f"{PLUS_MINUS}{self.rounded(std):,.{self.digits}f}"
        return f"{shown} {self.unit}" if self.unit else shown


def choose_format(kind: CountFormat, values: Iterable[float], digits: int | None = None) -> NumberFormat:
    """The format of a column that holds these numbers.

    Digits that the study does not give: 1 for percentages, else as many as keep two significant digits (three for plain
    numbers) of the column's smallest number. Seconds are printed in seconds below ten minutes, minutes below three
    hours, hours above, as the column's largest needs it.
    """
    sizes = [abs(value) for value in values if value]
    name: str = kind
    if kind == "seconds":
        largest = max(sizes, default=0.0)
        name = "s" if largest < 600 else "min" if largest < 10_800 else "h"
    unit, factor, fewest, significant, most = _UNITS[name]
    if digits is None:
        digits = fewest
        if sizes and significant:
            leading = math.floor(math.log10(min(sizes) / factor))
            digits = min(max(fewest, significant - 1 - leading), most)
    return NumberFormat(unit, factor, digits)


def decimals(values: Iterable[float]) -> int:
    """The most decimals that any of these numbers was written with.

    >>> decimals([76.0, 72.7]), decimals([25.0, 6.0])
    (1, 0)
    """
    return max((len(f"{value:.10f}".rstrip("0").partition(".")[2]) for value in values), default=0)
