"""Parallel coordinates: a line through the values of each trial, the best on top, what a trial does not use apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from analysis.figures.page import Drawing, finish, new_figure, text_width
from analysis.figures.style import FAINT, INK, PAGE, SMALL
from analysis.search.axes import axis_label
from analysis.search.choosing import NothingFound, spread
from analysis.search.coordinates import NOT_USED, Coordinate, coordinate, spread_band
from analysis.search.tally import caution, tally
from analysis.search.words import metric_named, names_of
from runners.search.results import gains

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from runners.search.results import SearchedTrial, SearchResult

_COLOURS: Final = ("#d2d2d2", "#a9c7dd", "#56a0cf", "#0072B2", "#013a5e")
"""From the worst to the best by the first objective: light to dark, so that a grey print tells them apart, too."""
_BEST: Final = "#D55E00"
_MOST_BEST = 5  # of a front
_MOST_ALONE = 3  # of one objective
_HEIGHT = 3.1
_EDGE = 0.45  # inches left of the first axis and right of the last

_GROUND: Final[Any] = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def draw_coordinates(result: SearchResult) -> Drawing:
    """The figure. Call it inside of `analysis.figures.style.styled`.

    Raises:
        NothingFound: where no trial is complete.
    """
    search = result.search
    trials = sorted(result.complete, key=lambda trial: gains(trial, search.objectives))  # the best is drawn last
    if not trials:
        raise NothingFound(f"no trial is complete yet. {tally(result)}")
    axes_of = [coordinate(each) for each in search.space.dimensions]
    unused = any(axis.key not in trial.point for axis in axes_of for trial in trials)
    several = len(search.objectives) > 1
    best = spread(result.front, search.objectives, _MOST_BEST) if several else result.ranked[:_MOST_ALONE]
    figure = new_figure(PAGE, _HEIGHT)
    axes: Any = figure.subplots()
    columns = len(axes_of) + len(search.objectives)
    room = (PAGE - 2 * _EDGE) / max(1, columns - 1)
    axes.set_xlim(-_EDGE / room, columns - 1 + _EDGE / room)
    axes.set_ylim(NOT_USED - 0.08 if unused else -0.04, 1.04)
    axes.axis("off")
    places = _places(axes_of, trials)
    heights = [_heights(trials, each.metric) for each in search.objectives]
    better = search.objectives[0].direction
    _lines(axes, axes_of, trials, places, heights, best, better)
    names = names_of(axis.key for axis in axes_of)
    for x, axis in enumerate(axes_of):
        _upright(axes, x, names[axis.key] + (" (log)" if axis.log else ""), room)
        for y, label in axis.ticks:
            _tick(axes, x, y, label, room)
        if any(axis.key not in trial.point for trial in trials):
            axes.plot([x], [NOT_USED], marker="_", markersize=7, color=FAINT, zorder=6)
    if unused:
        axes.text(
            -_EDGE / room, NOT_USED, "not\nused", size=SMALL, color=FAINT, ha="left", va="center", linespacing=1.0
        )
    for place, objective in enumerate(search.objectives):
        _objective(axes, len(axes_of) + place, objective.metric, trials, room, better if place == 0 else None)
    left_out = len(result.trials) - len(trials)
    notes = [
        f"{len(trials)} complete trials, dark blue: the best by {metric_named(search.objectives[0].metric).header}."
    ]
    if left_out:
        notes.append(f"{left_out} points that were stopped early, left out, repeated or failed are not drawn.")
    notes.append(caution(result))
    handles, labels = _legend(best, several=several)
    return finish(figure, notes, handles if unused else handles[:1], labels if unused else labels[:1])


def _places(axes_of: Sequence[Coordinate], trials: Sequence[SearchedTrial]) -> list[list[float]]:
    """Where each trial stands on each axis; those that share a value side by side, the best uppermost."""
    columns = []
    for axis in axes_of:
        by_value: dict[Any, list[int]] = {}
        for number, trial in enumerate(trials):
            by_value.setdefault(trial.point.get(axis.key, NOT_USED), []).append(number)
        column = [0.0] * len(trials)
        for value, sharing in by_value.items():
            used = axis.key in trials[sharing[0]].point
            middle = axis.place(value) if used else NOT_USED
            band = (spread_band(axis) if axis.spreads else 0.0) if used else 0.09
            for order, number in enumerate(sharing):
                column[number] = middle + band * ((order + 0.5) / len(sharing) - 0.5)
        columns.append(column)
    return columns


def _heights(trials: Sequence[SearchedTrial], metric: str) -> list[float]:
    values = [trial.values[metric] for trial in trials]
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]


def _lines(
    axes: Axes,
    axes_of: Sequence[Coordinate],
    trials: Sequence[SearchedTrial],
    places: Sequence[Sequence[float]],
    heights: Sequence[Sequence[float]],
    best: Sequence[SearchedTrial],
    better: str,
) -> None:
    """A line for each trial, dotted and pale where it leads to or from what the trial does not use."""
    from matplotlib.collections import LineCollection

    colours = _colour_map(better)
    chosen = {trial.number for trial in best}
    ordered = sorted(range(len(trials)), key=lambda number: trials[number].number in chosen)
    for number in ordered:
        trial = trials[number]
        ys = [column[number] for column in (*places, *heights)]
        used = [axis.key in trial.point for axis in axes_of] + [True] * len(heights)
        ahead = trial.number in chosen
        colour = _BEST if ahead else colours(heights[0][number])
        whole: list[list[tuple[float, float]]] = []
        broken: list[list[tuple[float, float]]] = []
        for x in range(len(ys) - 1):
            (whole if used[x] and used[x + 1] else broken).append([(x, ys[x]), (x + 1, ys[x + 1])])
        width = 1.4 if ahead else 0.8
        # Drawn in the order of their worth: collections of one zorder are drawn as they come.
        axes.add_collection(LineCollection(whole, colors=[colour], linewidths=width, zorder=3, capstyle="round"))
        axes.add_collection(
            LineCollection(broken, colors=[colour], linewidths=width * 0.6, linestyles=[(0, (1, 2))], zorder=3)
        )
        if ahead:
            axes.plot(range(len(ys)), ys, linestyle="", marker="o", markersize=2.6, color=colour, zorder=4)


def _colour_map(better: str) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("worth", _COLOURS if better == "max" else _COLOURS[::-1])


def _upright(axes: Axes, x: float, name: str, room: float) -> None:
    """An axis with its name above, in lines that keep clear of its neighbours."""
    axes.plot([x, x], [0, 1], color=FAINT, linewidth=0.7, zorder=2)
    axes.text(x, 1.03, "\n".join(_broken(name, room)), size=SMALL, ha="center", va="bottom", linespacing=1.05)


def _tick(axes: Axes, x: float, y: float, label: str, room: float) -> None:
    """A label beside its axis, on a pale ground so that lines behind it do not cross it out."""
    axes.text(
        x, y, "\n".join(_broken(label, room)), size=SMALL, color=INK, ha="center", va="center", zorder=9,
        linespacing=1.0, bbox=_GROUND,
    )  # fmt: skip


def _objective(
    axes: Axes, x: float, metric: str, trials: Sequence[SearchedTrial], room: float, better: str | None
) -> None:
    """The axis of an objective; of the first it is the key to the colours."""
    values = [trial.values[metric] for trial in trials]
    label, factor = axis_label(metric, values)
    name = _with_unit(metric_named(metric).header, label)
    axes.plot([x, x], [0, 1], color=FAINT, linewidth=0.7, zorder=2)
    strip = 0.035 / room
    if better:
        axes.imshow(
            [[step / 63] for step in range(64)], extent=(x - strip, x + strip, 0, 1), origin="lower", aspect="auto",
            cmap=_colour_map(better), zorder=2, interpolation="nearest",
        )  # fmt: skip
    axes.text(x, 1.03, "\n".join(_broken(name, room)), size=SMALL, ha="center", va="bottom", linespacing=1.05)
    low, high = min(values), max(values)
    for part in (0.0, 0.25, 0.5, 0.75, 1.0) if high > low else (0.5,):
        written = f"{(low + part * (high - low)) / factor:.3g}"
        axes.text(
            x + 2.2 * strip, part, written, size=SMALL, color=INK, ha="left", va="center", zorder=9, bbox=_GROUND
        )  # fmt: skip


def _with_unit(header: str, label: str) -> str:
    """A metric's header with the unit of its axis, unless that is percent or stands in the header already.

    >>> _with_unit("size", "size (kB)"), _with_unit("latency (ms)", "latency (ms)"), _with_unit("PCKh", "PCKh (%)")
    ('size (kB)', 'latency (ms)', 'PCKh')
    """
    _, found, unit = label.rpartition(" (")
    return header if not found or unit == "%)" or header.endswith(f" ({unit}") else f"{header} ({unit}"


def _broken(words: str, room: float) -> list[str]:
    """Words in lines that fit between two axes; one that is too long is broken."""
    wide = max(0.3, room - 0.06)
    lines = [""]
    for part in words.replace("-", "-\u200b").replace(" ", " \u200b").split("\u200b"):
        if lines[-1] and text_width((lines[-1] + part).strip(), SMALL) > wide:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def _legend(best: Sequence[SearchedTrial], several: bool) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    names = ", ".join(trial.name for trial in best)
    front = "on the Pareto front" if several else "the best"
    handles = [
        Line2D([], [], color=_BEST, linewidth=1.4, marker="o", markersize=2.6),
        Line2D([], [], color=FAINT, linewidth=0.7, linestyle=(0, (1, 2))),
    ]
    return handles, [f"{front}: {names}", "to or from a dimension that is not used"]
