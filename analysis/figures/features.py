"""Feature maps of an image: of a first, middle and last layer (the paper's Fig. 13), around 1x1 layers (Fig. 6)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.figures.absent import nothing
from analysis.figures.material import Material, NothingToDraw
from analysis.figures.options import options_of
from analysis.figures.page import Drawing, finish, fit, new_figure
from analysis.figures.style import FAINT, PAGE, SMALL, TEXT
from analysis.figures.weights import complete_with_weights, open_images, open_trained, spread_over
from search_space.figure_spec import FeaturesOptions
from search_space.problems import InputError, did_you_mean

if TYPE_CHECKING:
    from runners.features import Pair
    from runners.planning import PlannedTrial
    from tasks.pose import Split

FloatArray = npt.NDArray[np.float64]

_MOST_VARIANTS = 6
_LAYERS = 3


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no trained weights are there; for 1x1 layers, where no network has any.
        InputError: for options that do not fit, damaged weights, and images that are not there.
    """
    options = options_of(material, FeaturesOptions)
    variants = material.plan.expanded.variants
    if options.variants:
        variants = tuple(each for name in options.variants for each in variants if each.id == name)
    there, lacks = complete_with_weights(material, variants, options.seed)
    if not there:
        raise nothing("no trained weights are there", lacks, "run the study below this --runs")
    trials = [there[variant.id][0] for variant in variants if variant.id in there]
    left = [] if options.variants else trials[_MOST_VARIANTS:]
    trials = trials if options.variants else trials[:_MOST_VARIANTS]
    images = {trial.variant.id: open_images(material, trial) for trial in trials}
    for trial in trials:
        if options.image >= (held := len(images[trial.variant.id])):
            where = f"--option image={options.image}"
            raise InputError.at(where, f"there are {held} validation images", f"a number from 0 to {held - 1}")
    if options.show == "layers":
        figure, notes = _layers(material, options, trials, images)
    else:
        figure, notes = _one_by_one(material, options, trials, images)
    absent = [variant.label for variant in variants if variant.id not in there]
    if absent:
        reason = "; ".join(dict.fromkeys(lack.why for lack in lacks if lack.label in absent))
        notes.append(f"Not in it: {', '.join(f'‘{label}’' for label in absent)} ({reason}).")
    if left:
        notes.append(f"Not shown: {len(left)} more variants; --option variants=a,b picks.")
    return finish(figure, notes, show_notes=options.notes)


def _layers(
    material: Material, options: FeaturesOptions, trials: Sequence[PlannedTrial], images: Mapping[str, Split]
) -> tuple[Any, list[str]]:
    """A line for each network: the image, and some maps of each layer."""
    from runners.features import layer_maps, network_input, shown_layers

    named = list(options.layers)
    across = math.ceil(math.sqrt(options.count))
    columns = (len(named) or _LAYERS) + 1
    cell = PAGE / max(columns, 4)
    figure = new_figure(cell * columns, len(trials) * (cell + 0.16) + (0.2 if named else 0.05))
    grid: Any = figure.subplots(len(trials), columns, squeeze=False)
    for line, trial in zip(grid, trials, strict=True):
        network = open_trained(material, trial).network
        layers = named or list(shown_layers(network))
        try:
            maps = layer_maps(network, network_input(images[trial.variant.id], options.image), layers, options.count)
        except KeyError as error:
            known = [name for name, _ in network.named_modules() if name]
            what = f"'{error.args[0]}' is no layer of {trial.variant.id} that gives maps"
            raise InputError.at("--option layers", what, did_you_mean(str(error.args[0]), known)) from None
        for axes in line:
            axes.set_axis_off()
        line[0].imshow(picture(images[trial.variant.id], options.image), interpolation="antialiased")
        fit(line[0].set_title(f"{trial.variant.label}", size=TEXT, pad=3), cell - 0.08)
        for axes, name in zip(line[1:], layers, strict=True):
            shown = maps[name]
            axes.imshow(tiled(shown, columns=across), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            size = f"{shown.shape[1]}×{shown.shape[2]}"
            fit(axes.set_title(f"{name}, {size}", size=SMALL, pad=3, color=FAINT, weight="normal"), cell - 0.08)
    seeds = ", ".join(dict.fromkeys(str(trial.seed) for trial in trials))
    notes = [
        f"Validation image {options.image}, seed {seeds}. Of each layer the {options.count} maps that vary most; each "
        "map's contrast is stretched to its own range."
    ]
    return figure, notes


def _one_by_one(
    material: Material, options: FeaturesOptions, trials: Sequence[PlannedTrial], images: Mapping[str, Split]
) -> tuple[Any, list[str]]:
    """A line for each 1x1 layer of each network: maps before (above) and after (below)."""
    from runners.features import network_input, one_by_one_layers, one_by_one_pairs

    rows: list[tuple[PlannedTrial, str, list[Pair]]] = []
    without: list[str] = []
    for trial in trials:
        network = open_trained(material, trial).network
        known = one_by_one_layers(network)
        unknown = [name for name in options.layers if name not in known]
        if unknown:
            what = f"'{unknown[0]}' is no 1x1 layer of {trial.variant.id}"
            raise InputError.at(f"--option layers={unknown[0]}", what, did_you_mean(unknown[0], known))
        image = network_input(images[trial.variant.id], options.image)
        wide = _with_wide_maps(known)
        layers = list(options.layers) or spread_over(wide, 2)
        if not layers:
            without.append(trial.variant.label)
            continue
        found = one_by_one_pairs(network, image, layers, options.count)
        rows += [(trial, name, found[name]) for name in layers]
    if not rows:
        raise NothingToDraw("none of these networks has a 1x1 layer", "name others with --option variants=...")
    columns = options.count
    cell = PAGE / max(columns, 4) / 2
    figure = new_figure(cell * columns * 2, len(rows) * (cell + 0.3))
    boxes: Any = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for box, (trial, name, pairs) in zip(boxes, rows, strict=True):
        grid: Any = box.subplots(1, 2 * columns, squeeze=False)[0]
        for axes in grid:
            axes.set_axis_off()
        for place, pair in enumerate(pairs):
            for axes, each, words in (
                (grid[2 * place], pair.before, "before"),
                (grid[2 * place + 1], pair.after, f"after, r {pair.correlation:+.2f}".replace("-", "−")),
            ):
                axes.imshow(tiled(each[None]), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
                axes.set_title(words, size=SMALL, pad=2, color=FAINT, weight="normal")
        title = box.suptitle(f"{trial.variant.label}: {name}", size=TEXT, x=0.005, ha="left", weight="bold")
        fit(title, cell * columns * 2 - 0.1)
    seeds = ", ".join(dict.fromkeys(str(trial.seed) for trial, _, _ in rows))
    notes = [
        f"Validation image {options.image}, seed {seeds}. Of each layer the {options.count} maps behind it that vary "
        "most, before each the map in front that correlates most with it (r, over pixels); contrast stretched."
    ]
    if without:
        notes.append(f"Without 1x1 layers: {', '.join(f'‘{label}’' for label in without)}.")
    return figure, notes


def _with_wide_maps(layers: Sequence[str]) -> list[str]:
    """Those outside of an hourglass, whose maps have enough pixels to be seen; all, where there are none."""
    return [name for name in layers if ".hourglass." not in name] or list(layers)


def picture(split: Split, row: int) -> FloatArray:
    """What the network sees of an image, as a picture: R x R x 3."""
    from runners.features import network_input

    shown: FloatArray = network_input(split, row).numpy().astype(np.float64).transpose(1, 2, 0)
    return shown


def tiled(maps: npt.NDArray[np.floating], columns: int = 1) -> FloatArray:
    """Maps n x H x W beside and below one another, each stretched to 0 ... 1, with white lines between them."""
    count, height, width = maps.shape
    rows = -(-count // columns)
    gap = max(1, height // 24)
    sheet = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap))
    for place, each in enumerate(maps):
        low, high = float(each.min()), float(each.max())
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        stretched = (each - low) / (high - low) if high > low else np.full((height, width), 0.5)
        sheet[top : top + height, left : left + width] = stretched
    return sheet
