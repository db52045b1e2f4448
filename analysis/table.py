"""From a study's plan and its frame to its comparison table, as the study's `table:` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis.columns import build_column
from analysis.notes import NoteList, general_notes
from analysis.results import variant_results
from analysis.table_model import Cell, Head, Row, Table

if TYPE_CHECKING:
    from runners.planning import Plan


def build_table(plan: Plan, frame: pd.DataFrame) -> Table:
    """The comparison table of a study: a row for each variant, in the study's order.

    What follows from the networks alone (`Metric.counted`) comes from the plan and stands before anything is trained.
    Everything else is taken over complete trials only; a cell that has fewer seeds than planned, or none, carries a
    note that names the seeds and what became of them. The best of a column is judged on the rounded values, as printed.

    Args:
        plan: what `runners.planning.plan_study` returned.
        frame: what `analysis.frame.trial_frame` made of the same plan.

    Raises:
        ValueError: if the frame is of another plan.
    """
    study, spec = plan.expanded.study, plan.expanded.study.spec.table
    results = variant_results(plan, frame)
    notes = NoteList()
    columns = [build_column(column, plan, results, notes) for column in spec.columns]
    built = [replace(head, group=column.group) for (head, _), column in zip(columns, spec.columns, strict=True)]
    heads = _distinct_keys(built)
    rows = tuple(
        Row(variant.id, variant.label, tuple(cells[place] for _, cells in columns), variant.baseline, variant.group)
        for place, variant in enumerate(plan.expanded.variants)
    )
    return Table(
        study=study.name,
        title=study.spec.title,
        scale=plan.expanded.scale,
        caption=spec.caption or study.spec.title or study.name,
        label=spec.label or f"tab:{study.name}",
        row_header=spec.row_header,
        columns=heads,
        rows=rows,
        notes=(*general_notes(plan, heads, _cells_by_column(rows, len(heads))), *notes),
        siunitx=spec.siunitx,
    )


def _cells_by_column(rows: Sequence[Row], width: int) -> list[list[Cell]]:
    return [[row.cells[place] for row in rows] for place in range(width)]


def _distinct_keys(heads: Sequence[Head]) -> tuple[Head, ...]:
    """The same columns, those that repeat a key told apart: `pckh`, `pckh_2`."""
    taken: set[str] = set()
    distinct = []
    for head in heads:
        key, number = head.key, 2
        while key in taken:
            key, number = f"{head.key}_{number}", number + 1
        taken.add(key)
        distinct.append(replace(head, key=key))
    return tuple(distinct)
