"""What is said below a table: how its numbers came about, and what is missing from single cells."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from analysis.numbers import PLUS_MINUS
from analysis.results import name_seeds
from analysis.table_model import Cell, Head, Note
from search_space.keys import show_value
from search_space.published import published_tables
from search_space.table_spec import MetricColumn, PaperColumn

if TYPE_CHECKING:
    from runners.planning import Plan


class NoteList:
    """Collects the notes of single cells. The same words get the same mark."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def mark(self, text: str) -> str:
        """The mark of this note: a, b, ... z, aa, ab ..., in the order in which notes come."""
        return self._marks.setdefault(text, _letters(len(self._marks)))

    def __iter__(self) -> Iterator[Note]:
        return (Note(text, mark) for text, mark in self._marks.items())


def general_notes(plan: Plan, heads: Sequence[Head], columns: Sequence[Sequence[Cell]]) -> list[Note]:
    """What holds for the whole table: scale, data, seeds, how the best is marked, what is compared with what."""
    spec = plan.expanded.study.spec
    said = [_setting(plan)]
    spread = any(PLUS_MINUS in cell.text for cells in columns for cell in cells)
    if len(spec.seeds) == 1:
        said.append(f"One seed ({spec.seeds[0]}), so without deviations.")
    elif spread:
        said.append(f"Mean ± standard deviation over {len(spec.seeds)} seeds ({_bare_seeds(spec.seeds)}).")
    else:
        said.append(f"Over {len(spec.seeds)} seeds ({_bare_seeds(spec.seeds)}).")
    said += _aggregates(heads)
    said += marking_notes(spec.table.columns, heads, columns)
    if (baseline := plan.expanded.baseline) and any(head.kind == "delta" for head in heads):
        said.append(f"Δ: difference to ‘{baseline.label}’.")
    levels = [
        head.interval
        for head, cells in zip(heads, columns, strict=True)
        if head.kind == "delta" and head.interval is not None and any(cell.low is not None for cell in cells)
    ]
    for level in dict.fromkeys(levels):
        said.append(f"In brackets: {level:g}% t interval of the difference over seeds, paired where they are the same.")
    if baseline and any(head.kind == "ratio" for head in heads):
        said.append(f"Ratio: the mean as a multiple of that of ‘{baseline.label}’.")
    said += _paper(plan)
    return [Note(text) for text in said]


def _setting(plan: Plan) -> str:
    names = _distinct(variant.config.data.name for variant in plan.expanded.variants)
    sides = _distinct(f"{variant.config.data.resolution} px" for variant in plan.expanded.variants)
    said = f"Scale {plan.expanded.scale}; data set {' and '.join(names)} ({' and '.join(sides)})"
    overrides = {key: value for key, value in plan.expanded.overrides.items() if key != "data.name"}  # named already
    if overrides:
        said += "; with " + ", ".join(f"{key} = {show_value(value)}" for key, value in overrides.items())
    return said + "."


def _aggregates(heads: Sequence[Head]) -> list[str]:
    words = {"median": "median", "min": "smallest", "max": "largest"}
    return [
        f"{head.header}: {words[head.aggregate]} over seeds."
        for head in heads
        if head.aggregate in words and head.aggregate is not None
    ]


def marking_notes(specs: Sequence[object], heads: Sequence[Head], columns: Sequence[Sequence[Cell]]) -> list[str]:
    """How the marked cells were judged; which columns, where that differs. Nothing where nothing is marked.

    Args:
        specs: for each column what the study says of it; only a `MetricColumn` is ever marked.
        heads: the columns.
        columns: their cells.
    """
    rules = {
        "beyond_noise": "ahead of the next by more than both their deviations",
        "always": "best, however small the lead",
    }
    marked: dict[str, list[str]] = {}
    for spec, head, cells in zip(specs, heads, columns, strict=True):
        if isinstance(spec, MetricColumn) and any(cell.best for cell in cells):
            marked.setdefault(spec.mark, []).append(head.header)
    said = [rules[mark] + (f" ({', '.join(headers)})" if len(marked) > 1 else "") for mark, headers in marked.items()]
    lines = [f"Bold: {'; '.join(said)}."] if said else []
    if any(cell.second for cells in columns for cell in cells):
        lines.append("Underlined: the second best, by the same rule.")
    return lines


def _paper(plan: Plan) -> list[str]:
    columns = plan.expanded.study.spec.table.columns
    names = _distinct(column.paper for column in columns if isinstance(column, PaperColumn))
    said = []
    for name in names:
        table = published_tables()[name]
        note = table.note
        where = f"Paper: {table.source} of Bulat and Tzimiropoulos (2020), on MPII"
        said.append(where + (f"; {note}." if note else "."))
    return said


def _bare_seeds(seeds: Sequence[int]) -> str:
    return name_seeds(seeds).partition(" ")[2]


def _distinct(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, len(string.ascii_lowercase))
        letters = string.ascii_lowercase[digit] + letters
    return letters
