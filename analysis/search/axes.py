"""The axes of a search's figures: an objective or a count with its unit, logarithmic where values differ tenfold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from analysis.figures.axes import label_logarithmic, metric_axis
from analysis.search.words import is_cost, metric_named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MANY = 10  # times the smallest: from there on an axis is logarithmic


def set_axis(axes: Axes, side: Literal["x", "y"], metric: str, values: Sequence[float]) -> None:
    """Give an axis of a figure its label, its scale and its numbers for the values of a metric in base units."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.xaxis if side == "x" else axes.yaxis
    label, factor = axis_label(metric, values)
    positive = [value for value in values if value > 0]
    if is_cost(metric) and len(positive) == len(values) and max(values) >= _MANY * min(values):
        getattr(axes, f"set_{side}scale")("log")
        label_logarithmic(axis)
        inner = axis.get_major_formatter()
        axis.set_major_formatter(FuncFormatter(lambda value, place: inner(value / factor, place)))
    else:
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / factor:.4g}"))
    getattr(axes, f"set_{side}label")(label)


def axis_label(metric: str, values: Sequence[float]) -> tuple[str, float]:
    """What stands along the axis of a metric, and by how much its numbers are divided.

    Counts are in the unit of tables, and in a thousandth of it for tiny networks.
    """
    known = metric_named(metric)
    made = metric_axis(known, values)
    largest = max(map(abs, values), default=0.0)
    small = {"millions": "k", "giga": "M", "megabytes": "kB"}.get(known.format)
    if small is not None and largest < 0.5 * made.factor:
        return f"{made.label.partition(' (')[0]} ({small})", made.factor / 1000
    return made.label, made.factor


def rug(axes: Axes, xs: Sequence[float], style: dict[str, Any]) -> None:
    """Marks on the lower edge, for trials that have a place along the axis but no height."""
    if xs:  # an empty line that is not clipped leaves the layout no room
        axes.plot(xs, [0.0] * len(xs), transform=axes.get_xaxis_transform(), linestyle="", clip_on=False, **style)
