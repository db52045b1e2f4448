"""Cumulative error curves: which share of landmarks is found within an error (the paper's Figs. 3 and 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.figures.absent import Lack, complete_trials, describe_lacks, nothing, planned_trials
from analysis.figures.bands import Band, FloatArray, band, describe_bands, draw_band
from analysis.figures.choosing import choose, looks
from analysis.figures.material import Material
from analysis.figures.options import options_of
from analysis.figures.page import Drawing
from analysis.figures.panels import draw_panels
from analysis.figures.style import FAINT, SMALL
from search_space.figure_spec import ErrorsOptions, JointGroup
from tasks.metrics import JOINT_GROUPS, SCORED_JOINTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from search_space import Variant

_POINTS = 201
_HALF = 0.5


def share_within(errors: npt.ArrayLike, thresholds: npt.ArrayLike) -> FloatArray:
    """The percentage of landmarks whose error is at most each threshold.

    >>> share_within([0.1, 0.5, 0.7, float("nan")], [0.0, 0.5, 1.0]).round(1).tolist()
    [0.0, 66.7, 100.0]

    Args:
        errors: any shape; NaN: not annotated, left out.
        thresholds: T values, in the errors' unit.
    """
    known = np.asarray(errors, dtype=np.float64)
    known = np.sort(known[np.isfinite(known)])
    found = np.searchsorted(known, np.asarray(thresholds, dtype=np.float64), side="right")
    return 100.0 * found / len(known) if len(known) else np.full(len(found), np.nan)


def error_curves(
    material: Material, variants: Sequence[Variant], until: float, joints: JointGroup = "all"
) -> tuple[dict[str, Band], list[Lack], set[str]]:
    """The cumulative error curve of each variant that has predictions, by its id.

    Args:
        material: the plan and the record.
        variants: whose.
        until: the largest error, in reference lengths.
        joints: all scored landmarks together, or a group of `tasks.metrics.JOINT_GROUPS`.

    Returns:
        The curves; the trials that are not in them; the versions of the data that they were measured on.
    """
    thresholds = np.linspace(0, until, _POINTS)
    columns = list(SCORED_JOINTS if joints == "all" else JOINT_GROUPS[joints])
    complete, lacks = complete_trials(material, variants)
    curves: dict[str, Band] = {}
    versions: set[str] = set()
    for variant in variants:
        shares = []
        for trial in complete.get(variant.id, ()):
            found = material.predictions(trial.run_id) if trial.run_id else "it has no run"
            if isinstance(found, str):
                lacks.append(Lack(variant.label, trial.seed, found))
                continue
            share = share_within(found.errors()[:, columns], thresholds)
            if np.isnan(share).any():
                lacks.append(Lack(variant.label, trial.seed, "none of these landmarks is annotated"))
                continue
            versions.add(found.data_version)
            shares.append(share)
        if shares:
            curves[variant.id] = band(thresholds, shares)
    return curves, lacks, versions


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no trial has kept predictions.
        InputError: for options that do not fit.
    """
    options = options_of(material, ErrorsOptions)
    choice = choose(material, options.variants, material.plan.expanded.variants)
    curves, lacks, versions = error_curves(material, choice.variants, options.until, options.joints)
    if not curves:
        raise nothing("no trial has predictions to draw", lacks, "run the study first: `hglab run STUDY`")
    notes = [describe_bands([each.n for each in curves.values()])]
    if len(versions) > 1:
        notes.append(f"The variants are measured on {len(versions)} different sets of images.")
    notes += describe_lacks(lacks, planned_trials(material, choice.variants))

    def panel(axes: Axes, variants: Sequence[Variant]) -> list[tuple[Any, str]]:
        look = looks(variants)
        shown = [
            (draw_band(axes, curves[each.id], look[each.id], least=0, most=100, every=_POINTS // 8), each.label)
            for each in variants
            if each.id in curves
        ]
        axes.set_xlim(0, options.until)
        axes.set_ylim(0, 100)
        if options.until > _HALF:
            axes.axvline(_HALF, color=FAINT, linewidth=0.7, zorder=1)
            axes.text(_HALF, 2, " PCKh", size=SMALL, color=FAINT, ha="left", va="bottom")
        return shown

    whose = "landmarks" if options.joints == "all" else f"{options.joints} landmarks"
    return draw_panels(
        choice,
        panel,
        notes,
        x_label="normalised error (head sizes)",
        y_label=f"{whose} within it (%)",
        show_notes=options.notes,
    )
