"""Several studies in one table: the rows of all, study by study; the columns of all, each once.

Numbers stay those of the studies' own tables: every difference is to the baseline of its own study. What is judged
over a whole column, its unit, its digits and its best, is judged over the rows of all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.columns import mark_column
from analysis.joined_notes import notes_of_all
from analysis.joined_part import Part
from analysis.notes import NoteList
from analysis.numbers import NONE
from analysis.provenance import joined_provenance
from analysis.table_model import Cell, Head, Row, Table
from analysis.uniform import number_format, uniform
from search_space.table_spec import MetricColumn


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the joined table: its head, and its place in the table of each part that has it, by the part."""

    head: Head
    places: Mapping[int, int]


def join_tables(parts: Sequence[Part]) -> Table:
    """One table of several studies.

    Each study is a group of rows, whose ids are `study/row`. Columns that show the same (the same metric taken over
    seeds in the same way, the same key, the paper's numbers below the same header) are one; a study that lacks a column
    has `—` there. Units and digits are one for the whole column, and the best is marked over all of it: as the first
    study that asks for a mark says, rows that are the same trials counting once.

    Args:
        parts: at least one, each study once.

    Raises:
        ValueError: for a study that stands twice.
    """
    names = [part.name for part in parts]
    if len(set(names)) != len(names):
        raise ValueError(f"a study stands twice in {names}")
    columns = _joined_columns([part.table for part in parts])
    specs = [_marking(column, parts) for column in columns]
    same, notes = _same_trials(parts), NoteList()
    heads: list[Head] = []
    cells: list[list[Cell]] = []
    for column, spec in zip(columns, specs, strict=True):
        head, built = _cells(column, parts, notes)
        heads.append(head)
        cells.append(_marked(head, built, spec, same))
    rows = tuple(
        replace(row, cells=tuple(built[place] for built in cells)) for place, row in enumerate(_bare_rows(parts))
    )
    provenances = [part.table.provenance for part in parts if part.table.provenance is not None]
    first = parts[0].table
    return replace(
        first,
        study="+".join(names),
        title=_together([part.table.title for part in parts]),
        scale=", ".join(dict.fromkeys(part.table.scale for part in parts)),
        caption=_together([part.table.caption for part in parts]),
        label=f"tab:{'-'.join(names)}",
        row_header=first.row_header if len({part.table.row_header for part in parts}) == 1 else "Variant",
        columns=tuple(heads),
        rows=rows,
        notes=(*notes_of_all(parts, specs, heads, cells, same), *notes),
        provenance=joined_provenance(provenances, rows) if len(provenances) == len(parts) else None,
    )


def _together(texts: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _bare_rows(parts: Sequence[Part]) -> list[Row]:
    """The rows of all, with ids and groups that tell the studies apart; their cells are still those of the parts."""
    return [
        replace(row, id=f"{part.name}/{row.id}", group=f"{part.name}: {row.group}" if row.group else part.name)
        for part in parts
        for row in part.table.rows
    ]


def _joined_columns(tables: Sequence[Table]) -> list[_Column]:
    """The union of the columns: what only a later study has stands before the next column that it shares, else last."""
    places: dict[Hashable, dict[int, int]] = {}
    order: list[Hashable] = []
    for number, table in enumerate(tables):
        waiting: list[Hashable] = []
        for place, what in enumerate(_identities(table)):
            if what in places:
                at = order.index(what)
                order[at:at] = waiting
                waiting = []
            else:
                waiting.append(what)
            places.setdefault(what, {})[number] = place
        order += waiting
    columns: list[_Column] = []
    for what in order:
        of = [tables[number].columns[place] for number, place in places[what].items()]
        columns.append(_Column(_head(of, [column.head for column in columns]), places[what]))
    return columns


def _identities(table: Table) -> list[Hashable]:
    """What each column shows, by which it is known in another study's table."""
    seen: Counter[Hashable] = Counter()
    found: list[Hashable] = []
    for head in table.columns:
        if head.kind in ("metric", "delta", "ratio"):
            what: tuple[Hashable, ...] = (head.kind, head.metric, head.aggregate, head.interval)
        elif head.kind == "paper":  # the paper's tables print the same metric below the same header
            what = (head.kind, head.metric, head.header)
        else:
            what = (head.kind, head.key)
        found.append((*what, seen[what]))
        seen[what] += 1
    return found


def _head(of: Sequence[Head], before: Sequence[Head]) -> Head:
    """The head of a joined column: the first study's, with a key and a header that no column before it has."""
    first = of[0]
    # In its own study's table it may have a number: `pckh_2`.
    key = first.metric if first.kind == "metric" and first.metric else first.key
    if first.kind == "paper" and len({head.key for head in of}) > 1:  # it shows several tables of the paper
        key = f"paper_{first.metric or re.sub(r'[^0-9a-z]+', '_', first.header.lower()).strip('_')}"
    taken = {head.key for head in before}
    if key in taken and first.aggregate:
        key = f"{key}_{first.aggregate}"
    number, bare = 2, key
    while key in taken:
        key, number = f"{bare}_{number}", number + 1
    header = first.header
    if first.aggregate and (header, first.group) in {(head.header, head.group) for head in before}:
        header = f"{header} ({first.aggregate.replace('_std', '')})"
    return replace(first, key=key, header=header, numeric=all(head.numeric for head in of))


def _cells(column: _Column, parts: Sequence[Part], notes: NoteList) -> tuple[Head, list[Cell]]:
    """The head of a column and the cells of all rows, printed alike, the marks of their notes made anew."""
    heads: list[Head] = []
    cells: list[Cell] = []
    for number, part in enumerate(parts):
        place = column.places.get(number)
        words = {note.mark: note.text for note in part.table.notes if note.mark is not None}
        for row in part.table.rows:
            cell = Cell(None, NONE) if place is None else row.cells[place]
            marks = tuple(notes.mark(words[mark]) for mark in cell.marks)
            cells.append(replace(cell, marks=marks, best=False, second=False))
            heads.append(column.head if place is None else part.table.columns[place])
    return uniform(column.head, heads, cells)


def _marking(column: _Column, parts: Sequence[Part]) -> MetricColumn | None:
    """How the best of a column is to be marked: what the first study says that asks for it; None where none does."""
    for number, place in column.places.items():
        spec = parts[number].plan.expanded.study.spec.table.columns[place]
        if isinstance(spec, MetricColumn) and spec.best != "none":
            return spec
    return None


def _marked(head: Head, cells: Sequence[Cell], spec: MetricColumn | None, same: Sequence[int]) -> list[Cell]:
    """The cells with the best marked. Rows that are the same trials are one in the contest, and share its mark."""
    if spec is None:
        return list(cells)
    entered: dict[int, Cell] = {}
    for cell, trials in zip(cells, same, strict=True):
        if trials not in entered or entered[trials].value is None:  # a study may lack the column that another has
            entered[trials] = cell
    marked = dict(zip(entered, mark_column(spec, list(entered.values()), number_format(head, cells)), strict=True))
    return [
        replace(cell, best=marked[trials].best, second=marked[trials].second) if cell.value is not None else cell
        for cell, trials in zip(cells, same, strict=True)
    ]


def _same_trials(parts: Sequence[Part]) -> list[int]:
    """For each row of the joined table the first row that is the same trials: its own place, where none is before."""
    first: dict[frozenset[str], int] = {}
    found: list[int] = []
    for part in parts:
        for row in part.table.rows:
            trials = frozenset(trial.fingerprint for trial in part.plan.trials if trial.variant.id == row.id)
            found.append(first.setdefault(trials, len(found)))
    return found
