"""The columns of a table, one function for each kind that `search_space.table_spec` knows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from analysis.notes import NoteList
from analysis.numbers import NONE, NumberFormat, choose_format, decimals
from analysis.results import VariantResults
from analysis.statistics import Printed, Summary, difference, leads_beyond_noise, summarise
from analysis.table_model import Cell, Head
from search_space.conditions import unmet
from search_space.keys import flatten, show_value
from search_space.metrics import METRICS, Metric
from search_space.published import published_tables
from search_space.table_spec import Aggregate, ConfigColumn, CountColumn, DeltaColumn, MetricColumn, PaperColumn

if TYPE_CHECKING:
    from runners.planning import Plan
    from search_space.expand import Variant

BuiltColumn = tuple[Head, list[Cell]]
_AnyColumn = MetricColumn | DeltaColumn | PaperColumn | ConfigColumn | CountColumn
_BASE_UNITS: Mapping[str, float] = {"millions": 1e6, "giga": 1e9, "megabytes": 1e6}


def build_column(column: _AnyColumn, plan: Plan, results: Mapping[str, VariantResults], notes: NoteList) -> BuiltColumn:
    """A column's head and its cells, one for each variant in the study's order.

    Args:
        column: what the study's `table:` says.
        plan: the plan.
        results: the trials of each variant, by its id.
        notes: takes the notes that the cells need.
    """
    if isinstance(column, MetricColumn):
        return _metric_column(column, plan, results, notes)
    if isinstance(column, DeltaColumn):
        return _delta_column(column, plan, results, notes)
    if isinstance(column, PaperColumn):
        return _paper_column(column, plan)
    if isinstance(column, ConfigColumn):
        return _config_column(column, plan)
    return _count_column(column, plan, results, notes)


def _metric_column(
    column: MetricColumn, plan: Plan, results: Mapping[str, VariantResults], notes: NoteList
) -> BuiltColumn:
    metric = METRICS[column.metric]
    summaries = [_summary(metric, plan, variant.id, results[variant.id]) for variant in plan.expanded.variants]
    values = [_aggregated(summary, column.aggregate) for summary in summaries]
    kind = column.format or metric.format
    printed = choose_format(kind, [value for value in values if value is not None], column.digits)
    cells = []
    for variant, summary, value in zip(plan.expanded.variants, summaries, values, strict=True):
        if metric.counted and value is not None:
            cells.append(Cell(round(value), printed.text(value)))
            continue
        cell = _seeds_cell(metric.name, results[variant.id], notes)
        if value is not None:
            std = summary.std if summary.n > 1 else None
            text = printed.text(value, std if column.aggregate == "mean_std" else None)
            cell = replace(cell, value=value, text=text, std=std)
        cells.append(cell)
    better = column.best if column.best == "max" or column.best == "min" else metric.better
    if column.best != "none":
        cells = _mark_best(cells, printed, better == "max", column.mark == "always", metric.counted)
    aggregate = None if metric.counted else column.aggregate
    head = Head(
        metric.name, column.header or metric.header, "metric", metric=metric.name, format=kind, unit=printed.unit,
        aggregate=aggregate, better=better, counted=metric.counted,
    )  # fmt: skip
    return head, cells


def _delta_column(
    column: DeltaColumn, plan: Plan, results: Mapping[str, VariantResults], notes: NoteList
) -> BuiltColumn:
    metric = METRICS[column.delta]
    header = column.header or f"Δ {metric.header}"
    baseline = plan.expanded.baseline
    values = {variant.id: _values(metric, plan, variant.id, results[variant.id]) for variant in plan.expanded.variants}
    against = values[baseline.id] if baseline else {}
    differences = {variant: difference(own, against) for variant, own in values.items() if own and against}
    sizes = [abs(each.value) for each in differences.values()]
    levels = [summarise(own.values()).mean for own in values.values() if own]
    # Digits as the metric's own column has them, so that numbers and differences compare; seconds in their own unit.
    digits = column.digits if column.digits is not None else _digits_of(metric, plan)
    choice = choose_format(metric.format, sizes if metric.format == "seconds" else levels, digits)
    printed = replace(choice, signed=True)
    cells = []
    for variant in plan.expanded.variants:
        cell = Cell(None, NONE) if metric.counted else _seeds_cell(metric.name, results[variant.id], notes)
        if cell.text != NONE:
            cell = replace(cell, text=NONE)  # "failed" stands once in a row, at the metric
        told = differences.get(variant.id)
        if baseline is not None and variant.id == baseline.id:
            cell = replace(cell, value=0.0 if told else None, text=NONE)
        elif told is not None:
            std = None if metric.counted or math.isnan(told.std) else told.std
            short = () if metric.counted else _baseline_marks(metric.name, baseline, results, notes)
            runs = cell.runs + (() if metric.counted or baseline is None else results[baseline.id].runs(metric.name))
            cell = replace(
                cell, value=told.value, std=std, text=printed.text(told.value), runs=runs,
                marks=tuple(dict.fromkeys((*cell.marks, *short))),
            )  # fmt: skip
        elif baseline is not None and not against and values[variant.id]:
            mark = notes.mark(f"no difference yet: the baseline has no complete trial with '{metric.name}'")
            cell = replace(cell, marks=(*cell.marks, mark))
        cells.append(cell)
    head = Head(
        f"delta_{metric.name}", header, "delta", metric=metric.name, format=metric.format, unit=printed.unit,
        better=metric.better, counted=metric.counted,
    )  # fmt: skip
    return head, cells


def _paper_column(column: PaperColumn, plan: Plan) -> BuiltColumn:
    table = published_tables()[column.paper]
    place = table.columns.index(column.column)
    metric = _metric_of_paper(column.column)
    base = _BASE_UNITS.get(metric.format, 1.0) if metric else 1.0
    digits = column.digits if column.digits is not None else decimals(row[place] for row in table.rows.values())
    kind = metric.format if metric else "number"
    printed = choose_format(kind, (), digits)
    cells = []
    for variant in plan.expanded.variants:
        if variant.paper is None or variant.paper not in table.rows:
            cells.append(Cell(None, NONE))
        else:
            value = table.value(variant.paper, column.column)
            cells.append(Cell(round(value * base, 6), printed.text(value * base)))
    head = Head(
        f"paper_{column.paper}_{column.column}", column.header or f"{column.column} (paper)", "paper",
        metric=metric.name if metric else None, format=kind, unit=printed.unit, counted=bool(metric and metric.counted),
    )  # fmt: skip
    return head, cells


def _config_column(column: ConfigColumn, plan: Plan) -> BuiltColumn:
    cells = []
    for variant in plan.expanded.variants:
        flat = flatten(variant.config)
        active = unmet(column.config, flat) is None
        cells.append(Cell(flat[column.config], show_value(flat[column.config])) if active else Cell(None, NONE))
    numeric = all(isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
                  for cell in cells if cell.value is not None)  # fmt: skip
    return Head(f"config.{column.config}", column.header or column.config, "config", numeric=numeric), cells


def _count_column(
    column: CountColumn, plan: Plan, results: Mapping[str, VariantResults], notes: NoteList
) -> BuiltColumn:
    cells = []
    for variant in plan.expanded.variants:
        result = results[variant.id]
        n, planned = len(result.complete), result.planned
        short = result.shortfall(None)
        runs = tuple(trial.run_id for trial in result.complete if trial.run_id is not None)
        text = str(n) if n == planned else f"{n}/{planned}"
        cells.append(Cell(n, text, n=n, n_planned=planned, marks=(notes.mark(short),) if short else (), runs=runs))
    return Head("n", column.header or "n", "n"), cells


def _seeds_cell(metric: str, result: VariantResults, notes: NoteList) -> Cell:
    """The cell of a metric, its value still to come: how many seeds it has, and the note where some are missing."""
    short = result.shortfall(metric)
    return Cell(
        None,
        "failed" if result.all_failed else NONE,
        n=len(result.values(metric)),
        n_planned=result.planned,
        marks=(notes.mark(short),) if short else (),
        runs=result.runs(metric),
    )


def _baseline_marks(
    metric: str, baseline: Variant | None, results: Mapping[str, VariantResults], notes: NoteList
) -> tuple[str, ...]:
    short = results[baseline.id].shortfall(metric) if baseline else None
    return (notes.mark(short),) if short else ()


def _digits_of(metric: Metric, plan: Plan) -> int | None:
    """The digits that the study gives to the metric's own column."""
    columns = plan.expanded.study.spec.table.columns
    own = [each.digits for each in columns if isinstance(each, MetricColumn) and each.metric == metric.name]
    return own[0] if own else None


def _values(metric: Metric, plan: Plan, variant: str, result: VariantResults) -> Mapping[int, float]:
    if metric.counted:
        return {trial.seed: float(getattr(plan.counts[variant], metric.name)) for trial in result.trials}
    return result.values(metric.name)


def _summary(metric: Metric, plan: Plan, variant: str, result: VariantResults) -> Summary:
    return summarise(_values(metric, plan, variant, result).values())


def _aggregated(summary: Summary, aggregate: Aggregate) -> float | None:
    if not summary.n:
        return None
    return {
        "mean_std": summary.mean,
        "mean": summary.mean,
        "median": summary.median,
        "min": summary.minimum,
        "max": summary.maximum,
    }[aggregate]


def _mark_best(cells: Sequence[Cell], printed: NumberFormat, largest: bool, always: bool, exact: bool) -> list[Cell]:
    """The same cells with the best marked, as `search_space.table_spec.MetricColumn` says.

    All that share the best rounded value are marked with `always`, and none beyond noise: neither leads the other.
    """
    ranked = [
        (place, Printed(printed.rounded(float(cell.value)), _printed_std(cell, printed, exact)))
        for place, cell in enumerate(cells)
        if isinstance(cell.value, int | float)
    ]
    if len(ranked) < 2:  # a single row leads nobody
        return list(cells)
    ranked.sort(key=lambda pair: pair[1].value, reverse=largest)
    top = ranked[0][1]
    if always:
        best = {place for place, each in ranked if each.value == top.value}
    else:
        following = [each for _, each in ranked[1:] if each.value == ranked[1][1].value]
        best = {ranked[0][0]} if all(leads_beyond_noise(top, each) for each in following) else set()
    return [replace(cell, best=place in best) for place, cell in enumerate(cells)]


def _printed_std(cell: Cell, printed: NumberFormat, exact: bool) -> Decimal | None:
    if exact:
        return Decimal(0)
    return None if cell.std is None else printed.rounded(cell.std)


def _metric_of_paper(column: str) -> Metric | None:
    """The lab's metric that the paper's column prints, if it has one: by name, else by header."""
    by_header = {metric.header: metric for metric in METRICS.values()}
    return METRICS.get(column) or by_header.get(column)
