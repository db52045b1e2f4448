"""Mean and deviation over seeds, of curves; and lines with a band around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.figures.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """Curves of n seeds at the same places.

    Attributes:
        x: P places.
        mean: P.
        std: P, the sample standard deviation over seeds; None of a single seed.
        n: how many seeds.
    """

    x: FloatArray
    mean: FloatArray
    std: FloatArray | None
    n: int


def band(x: npt.ArrayLike, curves: Sequence[npt.ArrayLike]) -> Band:
    """Mean and deviation of one or more curves, P values each at the P places `x`."""
    values = np.asarray(curves, dtype=np.float64)
    std = values.std(axis=0, ddof=1) if len(values) > 1 else None
    return Band(np.asarray(x, dtype=np.float64), values.mean(axis=0), std, len(values))


def draw_band(
    axes: Axes,
    found: Band,
    look: Look,
    *,
    least: float | None = None,
    most: float | None = None,
    every: int | None = None,
) -> Any:
    """Draw a line with its band, which ends at `least` and `most` where values cannot go beyond; gives the line.

    Args:
        axes: where.
        found: what.
        look: whose.
        least: the smallest possible value.
        most: the largest possible value.
        every: a mark at each so many places; None: at about six of them.
    """
    step = every or max(1, len(found.x) // 6)
    (line,) = axes.plot(
        found.x, found.mean, color=look.colour, linestyle=look.line, marker=look.marker, markevery=step,
        markersize=3.5, markeredgewidth=0, zorder=3,
    )  # fmt: skip
    if found.std is not None:
        low, high = np.clip([found.mean - found.std, found.mean + found.std], least, most)
        axes.fill_between(found.x, low, high, color=look.colour, alpha=0.18, linewidth=0, zorder=2)
    return line


def describe_bands(numbers: Sequence[int]) -> str:
    """What lines and bands are, in a sentence, for so many seeds behind each line."""
    least, most = min(numbers), max(numbers)
    if most == 1:
        return "One seed each, so without bands."
    seeds = f"{least}" if least == most else f"{least} to {most}"
    alone = "; a line of a single seed has none" if least == 1 else ""
    return f"Lines: mean over {seeds} seeds; bands: ± one standard deviation{alone}."
