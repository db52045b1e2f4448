"""The size of the gradient layer by layer, in the trained network of each variant.

The paper says of it: gradients of a binary network are up to 10 times smaller than those of a real one (Section 4.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.absent import Lack, describe_lacks, nothing, planned_trials
from analysis.figures.axes import label_logarithmic, power_of_ten
from analysis.figures.bands import Band, band, describe_bands
from analysis.figures.choosing import choose, looks
from analysis.figures.material import Material
from analysis.figures.options import options_of
from analysis.figures.page import Drawing
from analysis.figures.panels import draw_panels
from analysis.figures.style import PAGE, Look
from analysis.figures.weights import complete_with_weights, open_images, open_trained
from search_space.figure_spec import GradientsOptions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from search_space import Variant

_DEEPEST = 1e-5  # of the largest gradient: what is smaller still is cut off, so that the rest can be read


@dataclass(frozen=True)
class Gradients:
    """Gradients of a variant: their logarithms (base 10) by layer, and the mean over all hidden weights.

    A layer that no gradient reaches is NaN.
    """

    by_layer: Band
    mean: float


def gradients_by_layer(
    material: Material, variants: Sequence[Variant], images: int
) -> tuple[dict[str, Gradients], list[Lack]]:
    """The mean absolute gradient of each hidden layer, over the seeds whose weights are there; and what is not in it.

    Layers are numbered from 1, in the order in which they run.

    Raises:
        InputError: for damaged weights, and data that is not there.
    """
    from runners.gradients import layer_gradients

    there, lacks = complete_with_weights(material, variants)
    found: dict[str, Gradients] = {}
    for variant in variants:
        curves, means = [], []
        for trial in there.get(variant.id, ()):
            network = open_trained(material, trial).network
            layers = layer_gradients(network, trial.config, open_images(material, trial), images)
            sizes = np.array([layer.size for layer in layers])
            if not np.isfinite(sizes).all():
                lacks.append(Lack(variant.label, trial.seed, "its gradient is not finite"))
                continue
            curves.append(np.log10(np.where(sizes > 0, sizes, np.nan)))
            means.append(float(np.average(sizes, weights=[layer.weights for layer in layers])))
        if curves:
            places = np.arange(1, len(curves[0]) + 1)
            found[variant.id] = Gradients(band(places, curves), float(np.mean(means)))
    return found, lacks


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no trained weights are there.
        InputError: for options that do not fit, damaged weights, and data that is not there.
    """
    options = options_of(material, GradientsOptions)
    choice = choose(material, options.variants, material.plan.expanded.variants)
    found, lacks = gradients_by_layer(material, choice.variants, options.images)
    if not found:
        raise nothing("no trained weights are there", lacks, "run the study below this --runs")
    notes = [
        f"{describe_bands([each.by_layer.n for each in found.values()])} Both of the logarithm.",
        f"One batch of {options.images} validation images through the trained weights, as in a training step; in "
        "brackets the mean over all hidden weights.",
    ]
    tops = [np.nanmax(each.by_layer.mean) for each in found.values() if np.isfinite(each.by_layer.mean).any()]
    lows = [np.nanmin(each.by_layer.mean) for each in found.values() if np.isfinite(each.by_layer.mean).any()]
    if not tops:
        raise nothing("no gradient reaches any hidden layer", lacks)
    bottom = max(min(lows), max(tops) + float(np.log10(_DEEPEST))) - 0.3
    if min(lows) < bottom:
        notes.append(f"Gradients below {_two_digits(10**bottom)} are cut off.")
    gaps = [each.label for each in choice.variants if each.id in found and np.isnan(found[each.id].by_layer.mean).any()]
    if gaps:
        named = ", ".join(f"‘{label}’" for label in gaps)
        notes.append(f"Gaps: layers that no gradient reaches, of one seed at least ({named}).")
    notes += describe_lacks(lacks, planned_trials(material, choice.variants))

    def panel(axes: Axes, variants: Sequence[Variant]) -> list[tuple[Any, str]]:
        look, shown = looks(variants), []
        axes.set_yscale("log", nonpositive="clip")
        for each in variants:
            if each.id in found:
                mean = _two_digits(found[each.id].mean)
                shown.append((_draw_powers(axes, found[each.id].by_layer, look[each.id]), f"{each.label} ({mean})"))
        axes.set_ylim(10**bottom, 10 ** (max(tops) + 0.3))
        axes.set_xlim(left=0)
        label_logarithmic(axes.yaxis)
        return shown

    return draw_panels(
        choice, panel, notes, x_label="hidden convolution, from input to output", y_label="mean |gradient|",
        width=PAGE, show_notes=options.notes,
    )  # fmt: skip


def _draw_powers(axes: Axes, logarithms: Band, look: Look) -> Any:
    """As `draw_band`, of logarithms on an axis of what they are logarithms of."""
    (line,) = axes.plot(
        logarithms.x, 10**logarithms.mean, color=look.colour, linestyle=look.line, marker=look.marker, markevery=6,
        markersize=3.5, markeredgewidth=0, zorder=3,
    )  # fmt: skip
    if logarithms.std is not None:
        low, high = logarithms.mean - logarithms.std, logarithms.mean + logarithms.std
        axes.fill_between(logarithms.x, 10**low, 10**high, color=look.colour, alpha=0.18, linewidth=0, zorder=2)
    return line


def _two_digits(value: float) -> str:
    return power_of_ten(float(f"{value:.1e}")) if value > 0 else "0"
