"""Predicted skeletons on validation images, two variants side by side, failures first (the paper's Figs. 4 and 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.figures.absent import Lack, complete_trials, describe_lacks, nothing
from analysis.figures.material import Material
from analysis.figures.options import options_of
from analysis.figures.page import Drawing, finish, fit, new_figure
from analysis.figures.style import INK, PAGE, SMALL, TEXT
from analysis.figures.weights import open_images
from search_space.conditions import active_settings
from search_space.figure_spec import PoseOrder, PosesOptions
from search_space.problems import InputError
from tasks.metrics import SCORED_JOINTS

if TYPE_CHECKING:
    from analysis.results import SeedResult
    from runners.planning import PlannedTrial
    from runners.predictions import Predictions
    from search_space import Variant

_HALF = 0.5
_ACROSS = 4  # tiles in a line


@dataclass(frozen=True)
class Shown:
    """A trial and what it predicted."""

    trial: PlannedTrial
    predictions: Predictions


def mean_errors(predictions: Predictions) -> npt.NDArray[np.float64]:
    """The mean error of each image over its scored, annotated joints, in head sizes: N; NaN where there is none."""
    errors = predictions.errors()[:, list(SCORED_JOINTS)]
    known = np.isfinite(errors)
    counted = known.sum(axis=1)
    total = np.where(known, errors, 0.0).sum(axis=1)
    means: npt.NDArray[np.float64] = np.divide(total, counted, out=np.full(len(errors), np.nan), where=counted > 0)
    return means


def in_order(errors: npt.ArrayLike, order: PoseOrder, count: int) -> list[int]:
    """The rows of `count` images: largest mean error first (failures), smallest first, or as they come.

    Images without an error (NaN) are left out; of equals the earlier is first.
    """
    values = np.asarray(errors, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(values))
    if order != "first":
        keys = -values[rows] if order == "failures" else values[rows]
        rows = rows[np.argsort(keys, kind="stable")]
    return [int(row) for row in rows[:count]]


def two_variants(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """The two variants that are worth laying side by side: a binary one and a real one where there are both.

    The baseline first, or the first binary one; beside it the one of the other kind that differs from it least. Where
    all are of one kind: the baseline, or the first, and the next.
    """
    ordered = sorted(variants, key=lambda variant: not variant.baseline)
    binary = [variant for variant in ordered if variant.config.model.binary]
    real = [variant for variant in ordered if not variant.config.model.binary]
    if not binary or not real:
        return tuple(ordered[:2])
    first = binary[0]
    own = active_settings(first.config)

    def differences(other: Variant) -> int:
        settings = active_settings(other.config)
        return sum(own.get(key) != settings.get(key) for key in own.keys() | settings.keys())

    return first, min(real, key=differences)


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no trial has kept predictions.
        InputError: for options that do not fit, and images that are not there.
    """
    options = options_of(material, PosesOptions)
    everyone = material.plan.expanded.variants
    if len(options.variants) > 2:
        what = f"lays two variants side by side, not {len(options.variants)}"
        raise InputError.at("--option variants", what, "name two, as in variants=bottleneck,bottleneck_real")
    named = tuple(each for name in options.variants for each in everyone if each.id == name)
    variants, shown, lacks = _chosen(material, named, options.seed)
    if not shown:
        raise nothing("no trial has predictions to draw", lacks, "run the study first: `hglab run STUDY`")
    rows = in_order(mean_errors(shown[0].predictions), options.order, options.count)
    if not rows:
        raise nothing("no image has an annotated head size and joints", lacks)
    split = open_images(material, shown[0].trial)
    if len(split) != len(shown[0].predictions):
        what = f"{len(split)} validation images, and predictions for {len(shown[0].predictions)}"
        raise InputError.at("--data-root", what, "give the folder with the data of the record")
    figure = _drawn(split, shown, rows)
    first = f"‘{shown[0].trial.variant.label}’"
    orders = {
        "failures": f"Largest mean error of {first} first.",
        "successes": f"Smallest mean error of {first} first.",
        "first": "The first images.",
    }
    seeds = ", ".join(dict.fromkeys(str(each.trial.seed) for each in shown))
    notes = [f"{orders[options.order]} Seed {seeds}. White dots: annotated; errors in head sizes, over scored joints."]
    wanted = [lack for lack in lacks if options.seed in (None, lack.seed)]
    if len(shown) < len(variants):
        notes += describe_lacks(wanted, sum(material.results[each.id].planned for each in variants))
    handles, labels = _legend()
    return finish(figure, notes, handles, labels, show_notes=options.notes)


def _chosen(
    material: Material, named: Sequence[Variant], seed: int | None
) -> tuple[Sequence[Variant], list[Shown], list[Lack]]:
    """The variants to show, and of each the trial with predictions; both of the same seed and images if they can be."""
    everyone = material.plan.expanded.variants
    complete, lacks = complete_trials(material, named or everyone)
    candidates = [variant for variant in named or everyone if variant.id in complete]
    while True:  # a variant without any predictions makes room for another, unless it was asked for
        variants = named or two_variants(candidates)
        found = {
            each.id: _with_predictions(material, each, complete.get(each.id, ()), seed, lacks) for each in variants
        }
        without = [each for each in variants if not found[each.id]]
        if named or not without:
            break
        candidates = [each for each in candidates if each not in without]
    there = [variant for variant in variants if found[variant.id]]
    if not there:
        return variants, [], lacks
    labels = {variant.label for variant in variants}
    lacks = [lack for lack in lacks if lack.label in labels]
    common = set.intersection(*(set(found[variant.id]) for variant in there))
    shown = [found[each.id][min(common) if common else min(found[each.id])] for each in there]
    versions = {(each.predictions.data_version, len(each.predictions)) for each in shown}
    return variants, shown if len(versions) == 1 else shown[:1], lacks


def _with_predictions(
    material: Material, variant: Variant, complete: Sequence[SeedResult], seed: int | None, lacks: list[Lack]
) -> dict[int, Shown]:
    """The trials of a variant that have predictions, by seed; those that have none are added to `lacks`."""
    found: dict[int, Shown] = {}
    for result in complete:
        if seed not in (None, result.seed) or result.run_id is None:
            continue
        predictions = material.predictions(result.run_id)
        if isinstance(predictions, str):
            lacks.append(Lack(variant.label, result.seed, predictions))
        else:
            found[result.seed] = Shown(material.by_name[variant.id, result.seed], predictions)
    return found


def _drawn(split: Any, shown: Sequence[Shown], rows: Sequence[int]) -> Any:
    """The tiles: an image in each variant's version, two or more images in a line."""
    from tasks.draw import draw_tiles

    sets = [
        draw_tiles(split, rows, each.predictions.predicted[list(rows)], each.predictions.target[list(rows)])
        for each in shown
    ]
    images_across = min(_ACROSS // len(shown), len(rows))
    lines = -(-len(rows) // images_across)
    width = PAGE * images_across * len(shown) / _ACROSS
    tile = PAGE / _ACROSS
    figure = new_figure(width, lines * (tile + 0.14) + 0.2)
    grid: Any = figure.subplots(lines, images_across * len(shown), squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, row in enumerate(rows):
        for which, each in enumerate(shown):
            axes = grid[place // images_across][place % images_across * len(shown) + which]
            axes.imshow(np.asarray(sets[which][place]), interpolation="antialiased")
            axes.text(
                0.5, -0.02, _result(each.predictions, row), transform=axes.transAxes, size=SMALL, ha="center", va="top"
            )
            if place < images_across:
                title = axes.set_title(each.trial.variant.label, size=TEXT, pad=3, color=INK)
                fit(title, tile - 0.1)
    return figure


def _result(predictions: Predictions, row: int) -> str:
    errors = predictions.errors()[row, list(SCORED_JOINTS)]
    known = errors[np.isfinite(errors)]
    return f"{int((known <= _HALF).sum())} of {known.size} joints, error {known.mean():.2f}"


def _legend() -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    from tasks.draw import COLOURS

    handles = [
        Line2D([], [], color=(colour[0] / 255, colour[1] / 255, colour[2] / 255), linewidth=2.5)
        for colour in COLOURS.values()
    ]
    dot = Line2D([], [], linestyle="", marker="o", markersize=4, markerfacecolor="white", markeredgecolor=INK)
    return [*handles, dot], [*(f"{name} limbs" for name in COLOURS), "annotated"]
