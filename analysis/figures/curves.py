"""Learning curves: a metric by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.absent import Lack, complete_trials, describe_lacks, nothing, planned_trials
from analysis.figures.axes import label_logarithmic, metric_axis
from analysis.figures.bands import Band, band, describe_bands, draw_band
from analysis.figures.choosing import choose, looks
from analysis.figures.material import Material, NothingToDraw
from analysis.figures.options import options_of
from analysis.figures.page import Drawing
from analysis.figures.panels import draw_panels
from search_space.figure_spec import CurvesOptions
from search_space.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from search_space import Variant


def learning_curves(material: Material, variants: Sequence[Variant], metric: str) -> tuple[dict[str, Band], list[Lack]]:
    """A metric by epoch (from 1) for each variant that has it, by its id; and the trials that are not in it.

    Where seeds have different epochs, the curve goes over those that all of them have.

    Raises:
        InputError: for a record that cannot be read.
    """
    from runners.record.details import read_curves

    complete, lacks = complete_trials(material, variants)
    runs = [trial.run_id for trials in complete.values() for trial in trials if trial.run_id]
    read = read_curves(material.places.uri, runs, metric) if runs else {}
    bands: dict[str, Band] = {}
    for variant in variants:
        curves = []
        for trial in complete.get(variant.id, ()):
            curve = {epoch: value for epoch, value in read.get(trial.run_id or "", ()) if epoch > 0}
            if not curve:
                lacks.append(Lack(variant.label, trial.seed, f"recorded without {metric}; --fresh trains again"))
            elif not all(np.isfinite(list(curve.values()))):
                lacks.append(Lack(variant.label, trial.seed, f"{metric} is not finite in each epoch"))
            else:
                curves.append(curve)
        if curves:
            epochs = sorted(set.intersection(*(set(curve) for curve in curves)))
            bands[variant.id] = band(epochs, [[curve[epoch] for epoch in epochs] for curve in curves])
    return bands, lacks


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no complete trial has the metric by epoch.
        InputError: for options that do not fit, and a record that cannot be read.
    """
    options = options_of(material, CurvesOptions)
    metric = METRICS[options.metric]
    if metric.counted:
        raise NothingToDraw(f"{metric.name} does not change while a network learns", "name another --option metric=")
    choice = choose(material, options.variants, material.plan.expanded.variants)
    bands, lacks = learning_curves(material, choice.variants, metric.name)
    if not bands:
        raise nothing(f"no complete trial has {metric.name} by epoch", lacks, "run the study first: `hglab run STUDY`")
    axis = metric_axis(metric, [value for each in bands.values() for value in each.mean])
    notes = [describe_bands([each.n for each in bands.values()])]
    notes += describe_lacks(lacks, planned_trials(material, choice.variants))

    def panel(axes: Axes, variants: Sequence[Variant]) -> list[tuple[Any, str]]:
        from matplotlib.ticker import MaxNLocator

        look = looks(variants)
        least = 0.0 if metric.format != "number" or min(each.mean.min() for each in bands.values()) >= 0 else None
        shown = []
        for each in variants:
            if each.id in bands:
                drawn = axis.scaled(bands[each.id])
                shown.append((draw_band(axes, drawn, look[each.id], least=None if options.log else least), each.label))
        if options.log:
            axes.set_yscale("log")
            label_logarithmic(axes.yaxis)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        return shown

    return draw_panels(choice, panel, notes, x_label="epoch", y_label=axis.label, show_notes=options.notes)
