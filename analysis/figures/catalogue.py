"""Every figure by its name, and those that suit a study."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from analysis.figures.kind import FigureKind

if TYPE_CHECKING:
    from runners.job import Places
    from runners.planning import Plan

_ALL = (
    FigureKind(
        "curves",
        "Learning curves",
        "A metric by epoch for each variant, with a band over seeds.",
        "",
        "record",
        "analysis.figures.curves",
    ),
    FigureKind(
        "joints",
        "PCKh by joint",
        "PCKh@0.5 of each joint for each variant, with the deviation over seeds.",
        "",
        "record",
        "analysis.figures.joints",
    ),
    FigureKind(
        "errors",
        "Cumulative error curves",
        "The share of landmarks found within an error, for each variant, with a band over seeds.",
        "Figs. 3 and 8",
        "predictions",
        "analysis.figures.errors",
    ),
    FigureKind(
        "pareto",
        "Accuracy against cost",
        "Accuracy against parameters, operations and size, with the Pareto front.",
        "",
        "record",
        "analysis.figures.pareto",
    ),
    FigureKind(
        "sweep",
        "A key against accuracy",
        "The values of a key against a metric, parameters on a second axis, the paper's numbers as hollow marks.",
        "Figs. 9b and 10b",
        "record",
        "analysis.figures.sweep",
    ),
    FigureKind(
        "poses",
        "Predicted poses, failures first",
        "Skeletons that two variants predict on the same images, beside the truth.",
        "Figs. 4 and 15",
        "predictions",
        "analysis.figures.poses",
    ),
    FigureKind(
        "filters",
        "Learned binary filters",
        "The most frequent 3x3 binary filters of the first, a middle and the last layer.",
        "Fig. 5",
        "weights",
        "analysis.figures.filters",
    ),
    FigureKind(
        "features",
        "Features of layers",
        "Feature maps of an image: first, middle and last layer of each network, or before and after 1x1 layers.",
        "Figs. 6 and 13",
        "weights",
        "analysis.figures.features",
    ),
    FigureKind(
        "gradients",
        "Gradients by layer",
        "The mean size of the gradient in each hidden layer of each trained network, for one batch.",
        "Section 4.5 (in words)",
        "weights",
        "analysis.figures.gradients",
    ),
)

FIGURES: Mapping[str, FigureKind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every figure by its name, in the order in which a report shows them."""


def default_figures(plan: Plan, places: Places | None = None) -> list[str]:
    """The figures worth showing of a study: those that it names in `figures:`, else those that can say something.

    Curves, joints, errors, pareto and poses always; sweep where the study varies a number; filters, features and
    gradients where trained weights lie in the folder of runs. Any of them may still raise NothingToDraw.

    Args:
        plan: of the study.
        places: where weights would be; None: as if they were there.
    """
    named = plan.expanded.study.spec.figures.named
    if named:
        return list(named)
    from analysis.figures.sweep import varied_number

    weights = places is None or any(places.weights(trial.fingerprint).is_file() for trial in plan.trials)
    fits = {
        "sweep": varied_number(plan) is not None,
        "filters": weights and any(variant.config.model.binary for variant in plan.expanded.variants),
        "features": weights,
        "gradients": weights,
    }
    return [name for name in FIGURES if fits.get(name, True)]
