"""Accuracy against what a network costs, with the Pareto front: the networks that no other beats at both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis.figures.absent import Lack, complete_trials, count_seeds, describe_lacks, nothing, planned_trials
from analysis.figures.axes import label_logarithmic, metric_axis
from analysis.figures.choosing import looks
from analysis.figures.material import Material
from analysis.figures.options import options_of
from analysis.figures.page import Drawing, finish, new_figure
from analysis.figures.style import COLUMN, FAINT, INK, MOST, PAGE, SMALL, Look
from analysis.numbers import choose_format
from analysis.statistics import Summary, summarise
from runners.search.front import undominated
from search_space.figure_spec import Cost, ParetoOptions
from search_space.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from search_space import Variant

BINARY_PER_REAL = 64
"""Binary operations that one instruction does on words of 64 bits (Rastegari et al., XNOR-Net, 2016, Section 3.2)."""

_MOST_NUMBERED = 10


@dataclass(frozen=True)
class Point:
    """A variant: what it costs, in base units, and what it gains over its seeds."""

    variant: Variant
    cost: float
    gain: Summary


def pareto_front(points: Sequence[Point], better: Literal["max", "min"] = "max") -> list[Point]:
    """The points that no other beats: none costs at most as much and gains at least as much, and one of both strictly.

    Cheapest first; twins are both there.
    """
    sign = 1.0 if better == "max" else -1.0
    return [points[place] for place in undominated([(-point.cost, sign * point.gain.mean) for point in points])]


def pareto_points(material: Material, variants: Sequence[Variant], cost: Cost, metric: str) -> list[Point]:
    """A point for each variant with a complete trial that has the metric (and, for "seconds", the time).

    "operations" are real multiply-accumulates + binary ones / 64.
    """
    points = []
    for variant in variants:
        result, counts = material.results[variant.id], material.plan.counts[variant.id]
        gain = summarise(result.values(metric).values())
        if cost == "operations":
            price = counts.real_macs + counts.binary_macs / BINARY_PER_REAL
        elif cost == "seconds":
            price = summarise(result.values(cost).values()).mean
        else:
            price = float(getattr(counts, cost))
        if gain.n and price == price:  # not NaN
            points.append(Point(variant, price, gain))
    return points


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no trial is complete.
        InputError: for options that do not fit.
    """
    options = options_of(material, ParetoOptions)
    metric = METRICS[options.metric]
    variants = material.plan.expanded.variants
    if options.variants:
        variants = tuple(each for name in options.variants for each in variants if each.id == name)
    _, lacks = complete_trials(material, variants)
    panels = {cost: pareto_points(material, variants, cost, metric.name) for cost in options.cost}
    shown = list({point.variant.id: point.variant for points in panels.values() for point in points}.values())
    lacks += _without(material, variants, metric.name)
    if not shown:
        raise nothing(f"no complete trial has {metric.name}", lacks, "run the study first: `hglab run STUDY`")
    used = {variant.id: len(material.results[variant.id].values(metric.name)) for variant in shown}
    figure = new_figure(COLUMN if len(panels) == 1 else PAGE, 2.3)
    rows: Any = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    ahead = [point.variant for points in panels.values() for point in pareto_front(points, metric.better)]
    front = {variant.id: variant for variant in ahead}  # in the order of the first panel's costs
    many = len(shown) > MOST
    numbered = list(front.values())[:_MOST_NUMBERED] if many else []
    for axes, (cost, points) in zip(rows, panels.items(), strict=True):
        _panel(axes, points, pareto_front(points, metric.better), looks(shown), numbered, many=many)
        axes.set_xlabel(_cost_label(axes, cost, points))
    rows[0].set_ylabel(metric_axis(metric, [point.gain.mean for point in panels[options.cost[0]]]).label)
    handles, labels = _legend(shown, numbered, looks(shown), many=many)
    spread = "; points: mean ± one standard deviation" if max(used.values()) > 1 else ""
    notes = [f"{count_seeds(used)}{spread}. Line: Pareto front{' of the means' if spread else ''}."]
    if "operations" in panels:
        notes.append(f"Operations: real multiply-accumulates + binary ones / {BINARY_PER_REAL}, for one image.")
    if many and spread:
        notes.append("Grey points, which are on no front, are drawn without it.")
    if many and len(front) > len(numbered):
        notes.append(f"{len(numbered)} of the {len(front)} on a front are named.")
    notes += describe_lacks(lacks, planned_trials(material, variants))
    return finish(figure, notes, handles, labels, show_notes=options.notes)


def _without(material: Material, variants: Sequence[Variant], metric: str) -> list[Lack]:
    return [
        Lack(variant.label, trial.seed, str(trial.lack(metric)))
        for variant in variants
        for trial in material.results[variant.id].complete
        if trial.lack(metric) is not None
    ]


def _panel(
    axes: Axes,
    points: Sequence[Point],
    front: Sequence[Point],
    look: Mapping[str, Look],
    numbered: Sequence[Variant],
    *,
    many: bool,
) -> None:
    axes.plot(
        [point.cost for point in front], [point.gain.mean for point in front],
        color=FAINT, linewidth=1.0, drawstyle="steps-post", zorder=1,
    )  # fmt: skip
    on_front = {point.variant.id for point in front}
    if many:
        behind = [point for point in points if point.variant.id not in on_front]
        axes.plot(
            [point.cost for point in behind], [point.gain.mean for point in behind],
            linestyle="", marker="o", markersize=3, markeredgewidth=0, color="#9a9a9a", zorder=2,
        )  # fmt: skip
        _marks(axes, front, INK, "o", 3.5, 3)
    else:
        for point in points:
            own = look[point.variant.id]
            _marks(axes, [point], own.colour, own.marker, 5.5, 3 if point.variant.id in on_front else 2)
    names = [variant.id for variant in numbered]
    for point in front:
        if point.variant.id in names:
            axes.annotate(
                str(names.index(point.variant.id) + 1), (point.cost, point.gain.mean), (-3, 3),
                textcoords="offset points", size=SMALL, ha="right", va="bottom", zorder=4,
            )  # fmt: skip
    axes.margins(0.12, 0.12)


def _marks(axes: Axes, points: Sequence[Point], colour: str, marker: str, size: float, above: int) -> None:
    """Marks with their deviations; a single seed has none."""
    deviations = [point.gain.std if point.gain.n > 1 else 0.0 for point in points]
    axes.errorbar(
        [point.cost for point in points], [point.gain.mean for point in points],
        yerr=deviations if any(deviations) else None, fmt=marker, color=colour, markersize=size, elinewidth=0.8,
        capsize=2, capthick=0.8, zorder=above,
    )  # fmt: skip


def _cost_label(axes: Axes, cost: Cost, points: Sequence[Point]) -> str:
    """The label of the cost's axis, with its unit; logarithmic where costs differ by tenfold."""
    from matplotlib.ticker import FuncFormatter

    values = [point.cost for point in points if point.cost > 0]
    factor, unit = _unit(cost, max(values, default=0.0))
    if values and len(values) == len(points) and max(values) >= 10 * min(values):
        axes.set_xscale("log")
        label_logarithmic(axes.xaxis)
    inner = axes.xaxis.get_major_formatter() if axes.get_xscale() == "log" else None
    written = (lambda value, place: inner(value / factor, place)) if inner else _plain(factor)
    axes.xaxis.set_major_formatter(FuncFormatter(written))
    words = "operations" if cost == "operations" else metric_axis(METRICS[cost], values).label.partition(" (")[0]
    return f"{words} ({unit})"


def _unit(cost: Cost, largest: float) -> tuple[float, str]:
    """What a cost is divided by, and what that is called: the unit of tables, a thousandth of it for tiny networks."""
    if cost == "seconds":
        printed = choose_format("seconds", [largest])
        return printed.factor, printed.unit
    factor, units = {"params": (1e6, "kM"), "size_bytes": (1e6, "kM")}.get(cost, (1e9, "MG"))
    byte = "B" if cost == "size_bytes" else ""
    small = largest < 0.5 * factor
    return (factor / 1000 if small else factor), units[0 if small else 1] + byte


def _plain(factor: float) -> Any:
    return lambda value, _: f"{value / factor:.4g}"


def _legend(
    shown: Sequence[Variant], numbered: Sequence[Variant], look: Any, *, many: bool
) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    if not many:
        marks = [
            Line2D([], [], color=look[each.id].colour, marker=look[each.id].marker, linestyle="", markersize=5.5)
            for each in shown
        ]
        return list(marks), [each.label for each in shown]
    blanks = [Line2D([], [], color="none") for _ in numbered]
    return list(blanks), [f"{place}  {each.label}" for place, each in enumerate(numbered, start=1)]
