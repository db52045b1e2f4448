"""Many comparisons in one table: the more there are, the more of them look real by chance."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float | None]) -> list[float | None]:
    """The p values of one family, corrected so that the chance of even one false discovery stays at the level.

    Holm's step-down method: the smallest of m is multiplied by m, the next by m - 1, and so on; none becomes smaller
    than the one before it, nor larger than 1. Valid however the comparisons depend on each other, and never weaker than
    Bonferroni's. A comparison without a p value (None) stays so and is not counted.

    >>> [round(value, 2) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]

    Raises:
        ValueError: for a value that is no probability.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6
    (1979), 65-70.
    """
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    if not all(0 <= value <= 1 for value, _ in known):
        raise ValueError(f"p values lie between 0 and 1, not {[value for value, _ in known]}")
    corrected: list[float | None] = [None] * len(values)
    least = 0.0
    for rank, (value, place) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * value))
        corrected[place] = least
    return corrected


def p_text(p: float) -> str:
    """A p value as it is printed: three decimals, and below a thousandth only that it is.

    >>> p_text(0.0412), p_text(0.0002)
    ('0.041', '<0.001')
    """
    return "<0.001" if p < 0.001 else f"{p:.3f}"
