"""How a cell's number came about, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.numbers import PLUS_MINUS
from analysis.table_model import Cell, Head
from search_space.conditions import unmet
from search_space.keys import flatten
from search_space.metrics import METRICS
from search_space.published import published_tables
from search_space.table_spec import (
    ConfigColumn,
    CountColumn,
    DeltaColumn,
    MetricColumn,
    PaperColumn,
    RatioColumn,
)

if TYPE_CHECKING:
    from analysis.behind import Behind
    from runners.planning import Plan
    from search_space import Variant

_KINDS = {
    MetricColumn: "metric",
    DeltaColumn: "delta",
    RatioColumn: "ratio",
    PaperColumn: "paper",
    ConfigColumn: "config",
    CountColumn: "n",
}
_OVER = {"mean_std": "mean", "mean": "mean", "median": "median", "min": "smallest", "max": "largest"}


def formula(plan: Plan, variant: Variant, head: Head, cell: Cell, trials: Sequence[Behind]) -> str:
    """How the number of this cell came about, in words; where there is none, why.

    Args:
        plan: of the row's study.
        variant: the row.
        head: the column.
        cell: the cell.
        trials: what is behind it.
    """
    if not _has_column(plan, head):
        return "no number: the row's study does not have this column"
    if head.kind == "metric":
        return _metric(head, cell)
    if head.kind in ("delta", "ratio"):
        return _comparison(plan, variant, head, cell, trials)
    if head.kind == "paper":
        return _paper(plan, variant, head)
    if head.kind == "config":
        return _config(plan, variant, head)
    if head.kind == "n":
        return "how many trials of the row are complete, of all that the study plans"
    return f"{head.header}, taken over the complete trials of the row and of the baseline; see the table's notes"


def _has_column(plan: Plan, head: Head) -> bool:
    """Whether the row's study itself has the column, in a table of several."""
    for column in plan.expanded.study.spec.table.columns:
        if isinstance(column, MetricColumn):
            same = column.metric == head.metric and (head.counted or column.aggregate == head.aggregate)
        elif isinstance(column, DeltaColumn):
            same = column.delta == head.metric and column.interval == head.interval
        elif isinstance(column, RatioColumn):
            same = column.ratio == head.metric
        else:
            same = True  # what the paper and the configuration say is looked up by itself
        if same and _KINDS[type(column)] == head.kind:
            return True
    return head.kind == "statistic"


def _metric(head: Head, cell: Cell) -> str:
    description = METRICS[head.metric].description if head.metric else head.header
    if head.counted:
        return f"{description}: follows from the network, exact before any training and the same for every seed"
    if cell.value is None:
        return f"no number: no complete trial reported it ({description})"
    if cell.n == 1:
        return f"the value of the only complete seed: no deviation ({description})"
    said = f"{_OVER[head.aggregate or 'mean']} over {cell.n} seeds ({description})"
    if PLUS_MINUS in cell.text:
        said += "; ±: their sample standard deviation, with n - 1 in the denominator"
    return said


def _comparison(plan: Plan, variant: Variant, head: Head, cell: Cell, trials: Sequence[Behind]) -> str:
    baseline = plan.expanded.baseline
    if baseline is None:
        return "no number: the study names no baseline to compare with"
    if variant.id == baseline.id:
        return "the row is the baseline itself, with which the others are compared"
    if cell.value is None:
        return f"no number: the row or the baseline ‘{baseline.label}’ has no complete trial yet"
    what = "less" if head.kind == "delta" else "divided by"
    if head.counted:
        return f"the row's number {what} that of the baseline ‘{baseline.label}’; both follow from the networks"
    said = f"the row's mean over its seeds {what} the mean of the baseline ‘{baseline.label}’ over its own"
    own, other = (
        {trial.seed for trial in trials if trial.of == of and trial.lack is None} for of in ("row", "baseline")
    )
    if cell.std is None:
        said += "; without a deviation, which takes two seeds of both"
    elif own == other:
        said += f"; its deviation is that of the {'differences' if head.kind == 'delta' else 'ratios'} seed by seed"
    else:  # `analysis.statistics.difference`
        said += "; its deviation is the root of the sum of the two variances, for the two do not have the same seeds"
    if cell.low is not None and head.interval is not None:
        said += f"; in brackets its {head.interval:g}% t interval over seeds (`analysis.intervals.seed_difference`)"
    return said


def _paper(plan: Plan, variant: Variant, head: Head) -> str:
    columns = [each for each in plan.expanded.study.spec.table.columns if isinstance(each, PaperColumn)]
    column = next((each for each in columns if (each.header or f"{each.column} (paper)") == head.header), None)
    if column is None:
        return "no number: the row's study does not have this column"
    table = published_tables()[column.paper]
    if variant.paper is None or variant.paper not in table.rows:
        return f"no number: {table.source} of the paper has no such row"
    return f"printed in {table.source} of the paper, in its row '{variant.paper}', column '{column.column}'"


def _config(plan: Plan, variant: Variant, head: Head) -> str:
    columns = [each for each in plan.expanded.study.spec.table.columns if isinstance(each, ConfigColumn)]
    column = next((each for each in columns if (each.header or each.config) == head.header), None)
    if column is None:
        return "no value: the row's study does not have this column"
    key = column.config
    if (condition := unmet(key, flatten(variant.config))) is not None:
        return f"no value: {condition}"
    if key in plan.expanded.overrides:
        return f"the key '{key}', set on the command line"
    if key in variant.settings:
        return f"the key '{key}', set by the row"
    return f"the key '{key}', from the study's base, the scale {plan.expanded.scale}, or its default"
