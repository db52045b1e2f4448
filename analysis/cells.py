"""What the columns over seeds share: a cell's count of seeds with its note, and the values behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.notes import NoteList
from analysis.numbers import NONE
from analysis.results import VariantResults
from analysis.table_model import Cell, Head
from search_space.metrics import Metric

if TYPE_CHECKING:
    from runners.planning import Plan

BuiltColumn = tuple[Head, list[Cell]]


def seeds_cell(metric: str, result: VariantResults, notes: NoteList) -> Cell:
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


def seed_values(metric: Metric, plan: Plan, variant: str, result: VariantResults) -> Mapping[int, float]:
    """The metric's values by seed: of complete trials, or of the network itself where it is counted."""
    if metric.counted:
        return {trial.seed: float(getattr(plan.counts[variant], metric.name)) for trial in result.trials}
    return result.values(metric.name)
