"""The columns that compare a variant with the baseline: the difference of the means, and their ratio."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.cells import BuiltColumn, seed_values, seeds_cell
from analysis.interval import with_interval
from analysis.notes import NoteList
from analysis.numbers import NONE, NumberFormat, choose_format
from analysis.results import VariantResults
from analysis.statistics import Comparison, difference, ratio, summarise
from analysis.table_model import Cell, Head
from search_space.metrics import METRICS, Metric
from search_space.table_spec import DeltaColumn, MetricColumn, RatioColumn

if TYPE_CHECKING:
    from runners.planning import Plan

_Compare = Callable[[Mapping[int, float], Mapping[int, float]], Comparison]


def delta_column(
    column: DeltaColumn, plan: Plan, results: Mapping[str, VariantResults], notes: NoteList
) -> BuiltColumn:
    """The difference of a metric's mean to the baseline's. See `analysis.columns.build_column`."""
    metric = METRICS[column.delta]
    told = _compared(metric, difference, plan, results)
    sizes = [abs(each.value) for each in told.values()]
    values = (seed_values(metric, plan, variant.id, results[variant.id]) for variant in plan.expanded.variants)
    levels = [summarise(own.values()).mean for own in values if own]
    # Digits as the metric's own column has them, so that numbers and differences compare; seconds in their own unit.
    digits = column.digits if column.digits is not None else _digits_of(metric, plan)
    choice = choose_format(metric.format, sizes if metric.format == "seconds" else levels, digits)
    printed = replace(choice, signed=True)
    cells = _cells(metric, told, 0.0, lambda each: printed.text(each.value), plan, results, notes)
    header = column.header or f"Δ {metric.header}"
    if column.interval is not None:
        cells = _with_intervals(cells, metric, column.interval, printed, plan, results, notes)
        header = column.header or f"{header} [{column.interval:g}%]"
    head = Head(
        f"delta_{metric.name}", header, "delta", metric=metric.name, format=metric.format, unit=printed.unit,
        better=metric.better, counted=metric.counted, interval=column.interval,
    )  # fmt: skip
    return head, cells


def _with_intervals(
    cells: Sequence[Cell],
    metric: Metric,
    level: float,
    printed: NumberFormat,
    plan: Plan,
    results: Mapping[str, VariantResults],
    notes: NoteList,
) -> list[Cell]:
    """The cells of differences with their intervals over seeds (`analysis.intervals.seed_difference`).

    Where seeds give none, a note says why.
    """
    from analysis.intervals import seed_difference  # with scipy.stats, which most tables do without

    baseline = plan.expanded.baseline
    against = seed_values(metric, plan, baseline.id, results[baseline.id]) if baseline else {}
    bounded = []
    for variant, cell in zip(plan.expanded.variants, cells, strict=True):
        if baseline is None or variant.id == baseline.id or not isinstance(cell.value, float):
            bounded.append(cell)
            continue
        own = seed_values(metric, plan, variant.id, results[variant.id])
        told = seed_difference(own, against, level)
        if told is None:
            why = "a single seed" if min(len(own), len(against)) < 2 else "no deviation between seeds"
            bounded.append(replace(cell, marks=(*cell.marks, notes.mark(f"no interval: {why}"))))
            continue
        text = with_interval(printed, cell.value, told.interval)
        bounded.append(replace(cell, text=text, low=told.interval.low, high=told.interval.high))
    return bounded


def ratio_column(
    column: RatioColumn, plan: Plan, results: Mapping[str, VariantResults], notes: NoteList
) -> BuiltColumn:
    """A metric's mean as a multiple of the baseline's. See `analysis.columns.build_column`."""
    metric = METRICS[column.ratio]
    told = {
        variant: each for variant, each in _compared(metric, ratio, plan, results).items() if each.value == each.value
    }
    printed = choose_format("number", [each.value for each in told.values()], column.digits)
    if column.digits is None:  # two significant digits are enough of a ratio
        printed = replace(printed, digits=max(2, printed.digits - 1))

    def text(each: Comparison) -> str:
        return printed.text(each.value, None if metric.counted or math.isnan(each.std) else each.std)

    cells = _cells(metric, told, 1.0, text, plan, results, notes)
    head = Head(
        f"ratio_{metric.name}", column.header or f"{metric.header} ratio", "ratio", metric=metric.name, format="number",
        better=metric.better, counted=metric.counted,
    )  # fmt: skip
    return head, cells


def _compared(
    metric: Metric, compare: _Compare, plan: Plan, results: Mapping[str, VariantResults]
) -> dict[str, Comparison]:
    """Each variant against the baseline, by its id; without those of which there is nothing to compare yet."""
    values = {
        variant.id: seed_values(metric, plan, variant.id, results[variant.id]) for variant in plan.expanded.variants
    }
    baseline = plan.expanded.baseline
    against = values[baseline.id] if baseline else {}
    return {variant: compare(own, against) for variant, own in values.items() if own and against}


def _cells(
    metric: Metric,
    told: Mapping[str, Comparison],
    own: float,
    text: Callable[[Comparison], str],
    plan: Plan,
    results: Mapping[str, VariantResults],
    notes: NoteList,
) -> list[Cell]:
    """The cells of a comparison; `own` is what the baseline's comparison with itself comes to."""
    baseline = plan.expanded.baseline
    short = () if metric.counted or baseline is None else _marks(metric.name, results[baseline.id], notes)
    runs = () if metric.counted or baseline is None else results[baseline.id].runs(metric.name)
    cells = []
    for variant in plan.expanded.variants:
        cell = Cell(None, NONE) if metric.counted else seeds_cell(metric.name, results[variant.id], notes)
        cell = replace(cell, text=NONE)  # "failed" stands once in a row, at the metric
        each = told.get(variant.id)
        if baseline is not None and variant.id == baseline.id:
            cell = replace(cell, value=own if each else None)
        elif each is not None:
            std = None if metric.counted or math.isnan(each.std) else each.std
            marks = tuple(dict.fromkeys((*cell.marks, *short)))
            cell = replace(cell, value=each.value, std=std, text=text(each), runs=cell.runs + runs, marks=marks)
        elif (
            baseline is not None
            and baseline.id not in told
            and seed_values(metric, plan, variant.id, results[variant.id])
        ):
            mark = notes.mark(f"no comparison yet: the baseline has no complete trial with '{metric.name}'")
            cell = replace(cell, marks=(*cell.marks, mark))
        cells.append(cell)
    return cells


def _marks(metric: str, baseline: VariantResults, notes: NoteList) -> tuple[str, ...]:
    short = baseline.shortfall(metric)
    return (notes.mark(short),) if short else ()


def _digits_of(metric: Metric, plan: Plan) -> int | None:
    """The digits that the study gives to the metric's own column."""
    columns = plan.expanded.study.spec.table.columns
    own = [each.digits for each in columns if isinstance(each, MetricColumn) and each.metric == metric.name]
    return own[0] if own else None
