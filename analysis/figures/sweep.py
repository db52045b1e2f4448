"""A key against a metric, with the parameters that each of its values costs (the paper's Figs. 9b and 10b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.figures.absent import Lack, complete_trials, count_seeds, describe_lacks, nothing, planned_trials
from analysis.figures.axes import label_logarithmic, metric_axis, power_of_ten
from analysis.figures.material import Material, NothingToDraw
from analysis.figures.options import options_of
from analysis.figures.page import Drawing, finish, new_figure
from analysis.figures.style import COLUMN, FAINT, LOOKS, MOST, Look
from analysis.statistics import Summary, summarise
from search_space.conditions import active_settings
from search_space.figure_spec import SweepOptions
from search_space.keys import show_value
from search_space.metrics import METRICS, Metric
from search_space.published import PublishedTable, published_tables
from search_space.table_spec import PaperColumn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from runners.planning import Plan
    from search_space import Variant

_WIDE = 8  # from this ratio of largest to smallest value on, an axis of positive values is logarithmic

_MOST_VALUES = 10  # that all stand along the axis


@dataclass(frozen=True)
class Step:
    """A value of the key: the variant that has it, the metric over its seeds, parameters, the paper's number."""

    value: float
    variant: Variant
    gain: Summary
    params: int
    paper: float | None


@dataclass(frozen=True)
class Line:
    """The steps of variants that agree in all else; `others` says in what they differ from the other lines."""

    others: str
    steps: tuple[Step, ...]


def varied_number(plan: Plan) -> str | None:
    """The one number that some of the study's variants vary alone, as a key; None where there is none, or several."""
    keys = varied_numbers(plan)
    return keys[0] if len(keys) == 1 else None


def varied_numbers(plan: Plan) -> list[str]:
    """The keys with numbers in which alone some two variants differ."""
    values: dict[str, set[float]] = {}
    for variant in plan.expanded.variants:
        for key, value in active_settings(variant.config).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                values.setdefault(key, set()).add(float(value))
    several = [key for key, found in values.items() if len(found) > 1]
    return [key for key in several if groups_along(plan.expanded.variants, key)]


def groups_along(variants: Sequence[Variant], key: str) -> dict[str, list[Variant]]:
    """Variants that agree in every key but this one, two at least, by what tells them from the other groups."""
    settings = {variant.id: active_settings(variant.config) for variant in variants}
    there = [variant for variant in variants if isinstance(settings[variant.id].get(key), int | float)]
    keys = list(dict.fromkeys(name for variant in there for name in settings[variant.id] if name != key))
    differing = [name for name in keys if len({show_value(settings[each.id].get(name)) for each in there}) > 1]
    groups: dict[tuple[str, ...], list[Variant]] = {}
    for variant in there:
        values = tuple(_in_words(settings[variant.id].get(name)) for name in differing)
        groups.setdefault(values, []).append(variant)
    # A key that means something in some variants only follows from another one: no need to say it, too.
    own = [name for name in differing if all(name in settings[each.id] for each in there)] or differing
    found = {}
    for values, members in groups.items():
        pairs = zip(differing, values, strict=True)
        if len(members) > 1:
            found[", ".join(f"{name.rpartition('.')[2]} {value}" for name, value in pairs if name in own)] = members
    return found


def _in_words(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else show_value(value)


def sweep_lines(material: Material, variants: Sequence[Variant], key: str, metric: str) -> list[Line]:
    """The steps along a key, a line for each set of variants that agree in every other key; one step makes no line.

    Args:
        material: the plan and the record.
        variants: which ones; those in which the key means nothing are left out.
        key: the key.
        metric: what is measured.
    """
    published = published_metric(material.plan, metric)
    lines = []
    for words, members in groups_along(variants, key).items():
        steps = [
            Step(
                float(active_settings(variant.config)[key]),
                variant,
                summarise(material.results[variant.id].values(metric).values()),
                material.plan.counts[variant.id].params,
                _paper_number(variant, published),
            )
            for variant in members
        ]
        lines.append(Line(words, tuple(sorted(steps, key=lambda step: step.value))))
    return lines


def published_metric(plan: Plan, metric: str) -> tuple[PublishedTable, str] | None:
    """The paper's table, and its column, of which the study's own table shows this metric; None where there is none."""
    for column in plan.expanded.study.spec.table.columns:
        if isinstance(column, PaperColumn) and column.column in (metric, METRICS[metric].header):
            return published_tables()[column.paper], column.column
    return None


def _paper_number(variant: Variant, published: tuple[PublishedTable, str] | None) -> float | None:
    if published is None or variant.paper is None or variant.paper not in published[0].rows:
        return None
    value = published[0].value(variant.paper, published[1])
    return value if isinstance(value, float) else None


def draw(material: Material) -> Drawing:
    """The figure.

    Raises:
        NothingToDraw: where the study varies no number, or several and none is named; where no trial is complete.
        InputError: for options that do not fit.
    """
    options = options_of(material, SweepOptions)
    plan, metric = material.plan, METRICS[options.metric]
    key = options.key or varied_number(plan)
    if key is None:
        keys = varied_numbers(plan)
        if not keys:
            what = "the study varies no number alone: no two variants differ in one key that is a number"
            raise NothingToDraw(what, "vary one, as studies/fig9_depth.yaml does")
        raise NothingToDraw(f"the study varies several numbers: {', '.join(keys)}", f"name one: --option key={keys[0]}")
    variants = plan.expanded.variants
    if options.variants:
        variants = tuple(each for name in options.variants for each in variants if each.id == name)
    lines = sweep_lines(material, variants, key, metric.name)
    if not lines:
        others = [other for other in varied_numbers(plan) if other != key]
        raise NothingToDraw(
            f"no two variants differ in {key} alone, so there is no line to draw",
            f"name another key: {', '.join(others)}"
            if others
            else "studies/fig9_depth.yaml shows how to vary a number",
        )
    shown = [step.variant for line in lines for step in line.steps]
    _, lacks = complete_trials(material, shown)
    lacks += [
        Lack(each.label, trial.seed, str(trial.lack(metric.name)))
        for each in shown
        for trial in material.results[each.id].complete
        if trial.lack(metric.name)
    ]
    if not any(step.gain.n for line in lines for step in line.steps):
        raise nothing(f"no complete trial has {metric.name}", lacks, "run the study first: `hglab run STUDY`")
    return _drawn(material, options, key, metric, lines, lacks, variants)


def _drawn(
    material: Material, options: SweepOptions, key: str, metric: Metric, lines: Sequence[Line], lacks: Sequence[Lack],
    variants: Sequence[Variant],
) -> Drawing:  # fmt: skip
    steps = [step for line in lines for step in line.steps]
    used = {step.variant.id: step.gain.n for step in steps if step.gain.n}
    notes = [f"{count_seeds(used)}{'; points: mean ± one standard deviation' if max(used.values()) > 1 else ''}."]
    drawn = list(lines)[:MOST]
    if len(lines) > MOST:
        notes.append(f"{MOST} of {len(lines)} lines; --option variants=a,b picks others.")
    figure = new_figure(COLUMN, 2.3)
    axes = figure.subplots()
    second = axes.twinx()
    handles: list[Any] = []
    labels: list[str] = []
    for line, look in zip(drawn, LOOKS, strict=False):
        handles.append(_accuracy(axes, line, look))
        labels.append(f"{METRICS[metric.name].header}{f', {line.others}' if line.others else ''}")
    handles.append(_parameters(second, drawn))
    labels.append("parameters (right)")
    published = published_metric(material.plan, metric.name) if options.paper else None
    if published and any(step.paper is not None for step in steps):
        handles.append(_published(axes, drawn))
        labels.append(f"paper ({published[0].source}, MPII)")
        if published[0].note:
            notes.append(f"Paper: {published[0].note}.")
    _value_axis(axes, sorted({step.value for step in steps}))
    axes.set_xlabel(key)
    axes.set_ylabel(metric_axis(metric, [step.gain.mean for step in steps if step.gain.n]).label)
    left_out = [each.label for each in variants if each.id not in {step.variant.id for step in steps}]
    if left_out:
        named = ", ".join(f"‘{label}’" for label in left_out[:4]) + (", …" if len(left_out) > 4 else "")
        notes.append(f"Not along this key: {named}.")
    notes += describe_lacks(lacks, planned_trials(material, [step.variant for step in steps]))
    return finish(figure, notes, handles, labels, show_notes=options.notes)


def _accuracy(axes: Axes, line: Line, look: Look) -> Any:
    steps = [step for step in line.steps if step.gain.n]
    deviations = [step.gain.std if step.gain.n > 1 else 0.0 for step in steps]
    return axes.errorbar(
        [step.value for step in steps], [step.gain.mean for step in steps], yerr=deviations, color=look.colour,
        linestyle=look.line, marker=look.marker, markersize=4.5, elinewidth=0.8, capsize=2, capthick=0.8, zorder=3,
    )  # fmt: skip


def _parameters(axes: Axes, lines: Sequence[Line]) -> Any:
    from analysis.numbers import choose_format

    params = [step.params for line in lines for step in line.steps]
    printed = choose_format("millions", params)
    handle: Any = None
    for line in lines:
        (handle,) = axes.plot(
            [step.value for step in line.steps], [step.params / printed.factor for step in line.steps],
            color=FAINT, linestyle=(0, (2, 2)), linewidth=1.0, marker="_", markersize=7, zorder=2,
        )  # fmt: skip
    axes.set_ylim(0, 1.25 * max(params) / printed.factor)
    axes.set_ylabel("parameters (M)")
    axes.grid(visible=False)
    axes.spines["right"].set_visible(True)
    return handle


def _published(axes: Axes, lines: Sequence[Line]) -> Any:
    points = [(step.value, step.paper) for line in lines for step in line.steps if step.paper is not None]
    (handle,) = axes.plot(
        [value for value, _ in points], [number for _, number in points], linestyle="", marker="o", markersize=6.5,
        markerfacecolor="white", markeredgecolor="#0072B2", markeredgewidth=1.2, zorder=4,
    )  # fmt: skip
    return handle


def _value_axis(axes: Axes, values: Sequence[float]) -> None:
    """A mark at each value of the key, if they are few; on a logarithmic axis where they reach far."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    wide = values[0] > 0 and values[-1] >= _WIDE * values[0]
    if wide:
        axes.set_xscale("log", base=2 if len(values) <= _MOST_VALUES else 10)
    axes.grid(visible=False, axis="x")
    if len(values) > _MOST_VALUES:
        if wide:
            label_logarithmic(axes.xaxis)
        return
    axes.xaxis.set_major_locator(FixedLocator(list(values)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(power_of_ten))
