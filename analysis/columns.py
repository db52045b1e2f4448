"""The columns of a table, one function for each kind that `search_space.table_spec` knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from analysis.cells import BuiltColumn, seed_values, seeds_cell
from analysis.comparison import delta_column, ratio_column
from analysis.notes import NoteList
from analysis.numbers import NONE, NumberFormat, choose_format, decimals
from analysis.results import VariantResults
from analysis.statistics import Printed, Summary, leads_beyond_noise, summarise
from analysis.table_model import Cell, Head
from search_space.conditions import resolved, unmet
from search_space.keys import flatten, show_value
from search_space.metrics import METRICS, Better, Metric
from search_space.published import published_tables
from search_space.table_spec import (
    Aggregate,
    ConfigColumn,
    CountColumn,
    DeltaColumn,
    MetricColumn,
    PaperColumn,
    RatioColumn,
)

if TYPE_CHECKING:
    from runners.planning import Plan

_AnyColumn = MetricColumn | DeltaColumn | RatioColumn | PaperColumn | ConfigColumn | CountColumn
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
        return delta_column(column, plan, results, notes)
    if isinstance(column, RatioColumn):
        return ratio_column(column, plan, results, notes)
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
        cell = seeds_cell(metric.name, results[variant.id], notes)
        if value is not None:
            std = summary.std if summary.n > 1 else None
            text = printed.text(value, std if column.aggregate == "mean_std" else None)
            cell = replace(cell, value=value, text=text, std=std)
        cells.append(cell)
    cells = mark_column(column, cells, printed)
    aggregate = None if metric.counted else column.aggregate
    head = Head(
        metric.name, column.header or metric.header, "metric", metric=metric.name, format=kind, unit=printed.unit,
        aggregate=aggregate, better=_better(column), counted=metric.counted,
    )  # fmt: skip
    return head, cells


def mark_column(column: MetricColumn, cells: Sequence[Cell], printed: NumberFormat) -> list[Cell]:
    """The cells of a metric's column, of one study or of several, marked as the column asks."""
    if column.best == "none":
        return list(cells)
    return _mark_best(cells, printed, _better(column) == "max", METRICS[column.metric].counted, column)


def _better(column: MetricColumn) -> Better:
    return column.best if column.best == "max" or column.best == "min" else METRICS[column.metric].better


def _paper_column(column: PaperColumn, plan: Plan) -> BuiltColumn:
    table = published_tables()[column.paper]
    numbers = table.numbers(column.column)
    metric = _metric_of_paper(column.column)
    base = _BASE_UNITS.get(metric.format, 1.0) if metric else 1.0
    kind = metric.format if metric else "number"
    printed = choose_format(kind, (), decimals(numbers) if column.digits is None else column.digits)
    cells = []
    for variant in plan.expanded.variants:
        there = variant.paper is not None and variant.paper in table.rows
        value = table.value(variant.paper, column.column) if there and variant.paper else None
        if isinstance(value, str):  # the paper says it in words
            cells.append(Cell(value, value))
        else:
            cells.append(
                Cell(None, NONE) if value is None else Cell(round(value * base, 6), printed.text(value * base))
            )
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
        value = resolved(column.config, flat)  # what a level does not say it has from the block
        cells.append(Cell(value, show_value(value)) if active else Cell(None, NONE))
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


def _summary(metric: Metric, plan: Plan, variant: str, result: VariantResults) -> Summary:
    return summarise(seed_values(metric, plan, variant, result).values())


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


def _mark_best(
    cells: Sequence[Cell], printed: NumberFormat, largest: bool, exact: bool, column: MetricColumn
) -> list[Cell]:
    """The same cells with the best marked, and the second best, as `search_space.table_spec.MetricColumn` says."""
    ranked = [
        (place, _ranked(float(cell.value), cell.std, printed, exact))
        for place, cell in enumerate(cells)
        if isinstance(cell.value, int | float)
    ]
    ranked.sort(key=lambda pair: (pair[1].value, pair[1].raw), reverse=largest)
    best = _leaders(ranked, column.mark == "always")
    # The second leads all others by the same rule; without a first there is no second.
    others = [pair for pair in ranked if pair[0] not in best]
    second = _leaders(others, column.mark == "always") if column.second and best else set()
    return [replace(cell, best=place in best, second=place in second) for place, cell in enumerate(cells)]


@dataclass(frozen=True, slots=True)
class _Ranked(Printed):
    """A value as printed, and before it was rounded."""

    raw: float
    raw_std: float


def _leads(best: _Ranked, following: _Ranked) -> bool:
    """Whether the best leads beyond noise as printed, and not only because rounding has hidden the noise."""
    noise = max(best.raw_std, following.raw_std)
    return leads_beyond_noise(best, following) and abs(best.raw - following.raw) > noise


def _leaders(ranked: Sequence[tuple[int, _Ranked]], always: bool) -> set[int]:
    """The places of those that lead all others; `ranked` has the best first.

    All that share the best rounded value lead with `always`, and none beyond noise: neither leads the other.
    """
    if len(ranked) < 2:  # a single row leads nobody
        return set()
    first, top = ranked[0]
    if always:
        return {place for place, each in ranked if each.value == top.value}
    following = [each for _, each in ranked[1:] if each.value == ranked[1][1].value]
    return {first} if all(_leads(top, each) for each in following) else set()


def _ranked(value: float, std: float | None, printed: NumberFormat, exact: bool) -> _Ranked:
    rounded = Decimal(0) if exact else None if std is None else printed.rounded(std)
    return _Ranked(printed.rounded(value), rounded, value, std or 0.0)


def _metric_of_paper(column: str) -> Metric | None:
    """The lab's metric that the paper's column prints, if it has one: by name, else by header."""
    by_header = {metric.header: metric for metric in METRICS.values()}
    return METRICS.get(column) or by_header.get(column)
