"""Learned 3x3 binary filters (the paper's Fig. 5): the most frequent patterns of some layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.absent import nothing
from analysis.figures.material import Material, NothingToDraw
from analysis.figures.options import options_of
from analysis.figures.page import Drawing, finish, fit, new_figure
from analysis.figures.style import FAINT, INK, PAGE, SMALL, TEXT
from analysis.figures.weights import complete_with_weights, open_trained, spread_over
from search_space.figure_spec import FiltersOptions
from search_space.problems import InputError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from runners.filters import LayerFilters
    from runners.planning import PlannedTrial

_LAYERS = 3
_MOST_VARIANTS = 3
_NAME = 0.2  # inches for the name of a variant, above its first row
_HEAD = 0.16  # for the words above each row of filters
_FOOT = 0.17  # and for the numbers below it


def filters_of(material: Material, trial: PlannedTrial, layers: Sequence[str]) -> list[LayerFilters]:
    """The filters of some layers of a trial's network; of none named, of its first, middle and last 3x3 layer.

    Raises:
        InputError: for a name that is no binary 3x3 convolution of the network.
    """
    from runners.filters import filter_layers, layer_filters

    network = open_trained(material, trial).network
    known = filter_layers(network)
    layers = [f"{name}.conv" if f"{name}.conv" in known else name for name in layers]  # a unit is called so, too
    for name in layers:
        if name not in known:
            what = f"'{name}' is no binary 3x3 convolution of {trial.variant.id}"
            raise InputError.at(f"--option layers={name}", what, did_you_mean(name, known))
    return [layer_filters(network, name) for name in layers or spread_over(known, _LAYERS)]


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no binary network's weights are there.
        InputError: for options that do not fit.
    """
    options = options_of(material, FiltersOptions)
    variants = material.plan.expanded.variants
    if options.variants:
        variants = tuple(each for name in options.variants for each in variants if each.id == name)
    binary = [variant for variant in variants if variant.config.model.binary]
    if not binary:
        raise NothingToDraw("none of these variants is binary", "name one with --option variants=...")
    there, lacks = complete_with_weights(material, binary, options.seed)
    if not there:
        raise nothing("no binary network's trained weights are there", lacks, "run the study below this --runs")
    shown = [variant for variant in binary if variant.id in there]
    if not options.variants:
        shown = shown[:_MOST_VARIANTS]
    rows = [
        (there[variant.id][0], filters) for variant in shown
        for filters in filters_of(material, there[variant.id][0], options.layers)
    ]  # fmt: skip
    tile = PAGE / max(options.count, 8)
    names = [trial.name if not place or rows[place - 1][0] != trial else "" for place, (trial, _) in enumerate(rows)]
    heights = [_HEAD + tile + _FOOT + (_NAME if name else 0) for name in names]
    figure = new_figure(PAGE, sum(heights))
    lines: Any = figure.subplots(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, height, name, (trial, filters) in zip(lines, heights, names, rows, strict=True):
        axes.set(xlim=(0, PAGE), ylim=(0, height), aspect="equal")
        axes.set_axis_off()
        if name:
            words = f"{trial.variant.label}, seed {trial.seed}"
            fit(axes.text(0.1 * tile, height, words, size=TEXT, weight="bold", va="top"), PAGE * 0.85)
        _row(axes, filters, options.count, tile)
    notes = ["White: +1, black: −1. Below each filter: how often it stands in the layer."]
    absent = [variant.label for variant in binary if variant.id not in there]
    if absent:
        reason = "; ".join(dict.fromkeys(lack.why for lack in lacks if lack.label in absent))
        notes.append(f"Without weights: {', '.join(f'‘{label}’' for label in absent)} ({reason}).")
    left = [variant.label for variant in binary if variant.id in there and variant not in shown]
    if left:
        notes.append(f"Not shown: {', '.join(f'‘{label}’' for label in left)}; --option variants=... picks.")
    return finish(figure, notes, show_notes=options.notes)


def _row(axes: Axes, filters: LayerFilters, count: int, tile: float) -> None:
    """One layer: words, and below them its filters in a line. Lengths are inches of the page."""
    from runners.filters import PATTERNS

    words = f"{filters.layer}: {filters.total:,} filters, {len(filters.patterns)} of the {PATTERNS} possible patterns"
    axes.text(0.1 * tile, _FOOT + 0.95 * tile, words, size=SMALL, color=FAINT, va="bottom")
    for place, (pattern, times) in enumerate(zip(filters.patterns[:count], filters.counts[:count], strict=True)):
        left, side = place * tile + 0.1 * tile, 0.8 * tile
        bottom = _FOOT + 0.1 * tile
        _pattern(axes, pattern, left, bottom, side)
        axes.text(left + side / 2, _FOOT, f"{times:,}×", size=SMALL, ha="center", va="top")


def _pattern(axes: Any, pattern: Any, left: float, bottom: float, side: float) -> None:
    from matplotlib.patches import Rectangle

    cell = side / 3
    for row in range(3):
        for column in range(3):
            fill = "white" if pattern[row, column] > 0 else INK
            corner = (left + column * cell, bottom + (2 - row) * cell)
            axes.add_patch(Rectangle(corner, cell, cell, facecolor=fill, edgecolor=FAINT, linewidth=0.4))
