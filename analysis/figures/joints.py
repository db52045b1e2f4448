"""PCKh by joint, a bar for each variant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.absent import complete_trials, count_seeds, describe_lacks, nothing, planned_trials
from analysis.figures.choosing import choose, looks
from analysis.figures.material import Material
from analysis.figures.options import options_of
from analysis.figures.page import Drawing
from analysis.figures.panels import draw_panels
from analysis.figures.style import FAINT, INK, PAGE
from analysis.statistics import Summary, summarise
from search_space.figure_spec import JointsOptions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from search_space import Variant

COLUMNS = {
    "pckh_head": "Head",
    "pckh_shld": "Shoulder",
    "pckh_elbow": "Elbow",
    "pckh_wrist": "Wrist",
    "pckh_hip": "Hip",
    "pckh_knee": "Knee",
    "pckh_ankle": "Ankle",
    "pckh": "All",
}
"""The metrics that are shown, and what stands below their bars."""


def joint_summaries(material: Material, variants: Sequence[Variant]) -> dict[str, dict[str, Summary]]:
    """PCKh over the complete seeds of each variant, in percent: by variant and metric; what has no value is left out.

    A joint that a data set does not annotate has no PCKh.
    """
    found: dict[str, dict[str, Summary]] = {}
    for variant in variants:
        values = {metric: material.results[variant.id].values(metric) for metric in COLUMNS}
        summaries = {metric: summarise(seeds.values()) for metric, seeds in values.items() if seeds}
        if summaries:
            found[variant.id] = summaries
    return found


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where no trial is complete.
        InputError: for options that do not fit.
    """
    options = options_of(material, JointsOptions)
    choice = choose(material, options.variants, material.plan.expanded.variants)
    summaries = joint_summaries(material, choice.variants)
    _, lacks = complete_trials(material, choice.variants)
    if not summaries:
        raise nothing("no trial is complete", lacks, "run the study first: `hglab run STUDY`")
    used = {variant: max(each.n for each in joints.values()) for variant, joints in summaries.items()}
    spread = "; bars: mean ± one standard deviation" if max(used.values()) > 1 else ""
    notes = [f"{count_seeds(used)}{spread}.", *describe_lacks(lacks, planned_trials(material, choice.variants))]

    reached = [joint.mean + (joint.std if joint.n > 1 else 0) for each in summaries.values() for joint in each.values()]
    top = max(1.0, 1.05 * max(reached))

    def panel(axes: Axes, variants: Sequence[Variant]) -> list[tuple[Any, str]]:
        look, shown = looks(variants), [each for each in variants if each.id in summaries]
        width = 0.82 / len(shown)
        handles = []
        for place, each in enumerate(shown):
            joints = {metric: summaries[each.id][metric] for metric in COLUMNS if metric in summaries[each.id]}
            offset = (place - (len(shown) - 1) / 2) * width
            x = [list(COLUMNS).index(metric) + offset for metric in joints]
            drawn = axes.bar(
                x,
                [joint.mean for joint in joints.values()],
                width,
                color=_lightened(look[each.id].colour),
                hatch=look[each.id].hatch,
                edgecolor="white",
                linewidth=0.4,
                zorder=2,
            )
            bars = [(at, joint) for at, joint in zip(x, joints.values(), strict=True) if joint.n > 1]
            axes.errorbar(
                [at for at, _ in bars], [joint.mean for _, joint in bars], yerr=[joint.std for _, joint in bars],
                fmt="none", ecolor=INK, elinewidth=0.8, capsize=min(2.0, width * 12), capthick=0.8, zorder=3,
            )  # fmt: skip
            handles.append((drawn, each.label))
        axes.set_xticks(range(len(COLUMNS)), list(COLUMNS.values()))
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.55, len(COLUMNS) - 0.45)
        axes.set_ylim(0, top)
        axes.grid(visible=False, axis="x")
        axes.axvline(len(COLUMNS) - 1.5, color=FAINT, linewidth=0.6)  # the total is of another kind
        return handles

    return draw_panels(
        choice, panel, notes, x_label="", y_label="PCKh@0.5 (%)", width=PAGE, height=2.4, show_notes=options.notes
    )


def _lightened(colour: str) -> str:
    """Black would hide the lower half of a deviation."""
    return "#6a6a6a" if colour == "#000000" else colour
