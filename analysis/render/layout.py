"""How the cells of one column line up, told without a format: number below number, deviation below deviation."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from analysis.numbers import PLUS_MINUS
from analysis.table_model import Cell, Head

_WIDE_HEADER = 10


@dataclass(frozen=True, slots=True)
class Pieces:
    """The text of a cell in pieces. `number` is the whole text of a cell that holds no number."""

    number: str
    std: str | None
    unit: str
    is_number: bool
    interval: str | None = None


@dataclass(frozen=True, slots=True)
class Aligned:
    """A cell in a column of fixed width: `left` spaces, the text, the marks of its notes, `right` spaces."""

    left: str
    text: str
    marks: str
    right: str


@dataclass(frozen=True, slots=True)
class Span:
    """`count` neighbours of one group, the first at `start` (from 0)."""

    group: str | None
    start: int
    count: int


def pieces(head: Head, cell: Cell) -> Pieces:
    """A cell's text taken apart: `6.24 M`, `76.0 ± 0.4`, `+9.0 [8.1, 9.9]`.

    A cell without a raw number, or whose number is told in words (`—`, `failed`), has one piece.
    """
    is_number = head.numeric and cell.value is not None and any(letter.isdigit() for letter in cell.text)
    if not is_number:
        return Pieces(cell.text, None, "", False)
    text = cell.text.removesuffix(f" {head.unit}") if head.unit else cell.text
    number, bracket, interval = text.partition(" [")
    number, _, std = number.partition(PLUS_MINUS)
    return Pieces(number, std or None, head.unit, True, f"[{interval}" if bracket else None)


def aligned(head: Head, cells: Sequence[Cell]) -> list[Aligned]:
    """The cells of a column in one width: numbers stand below each other, and so do deviations and intervals.

    Marks follow their number after a space and do not shift it. A text that is no number ends where the widest number
    ends; those of a column without numbers start at the left.
    """
    taken = [pieces(head, cell) for cell in cells]
    marks = [f" {note_marks(cell)}" if cell.marks else "" for cell in cells]
    widest_std = max((len(each.std) for each in taken if each.std), default=0)
    widest_interval = max((len(each.interval) for each in taken if each.interval), default=0)
    tails = [_tail(each, widest_std, widest_interval) for each in taken]
    tail_width = max(map(len, tails), default=0)
    # How far each text reaches to the left and to the right of where the numbers end.
    before = [cell_len(each.number) - (0 if each.is_number else tail_width) for each in taken]
    after = [len(tail) if each.is_number else tail_width for each, tail in zip(taken, tails, strict=True)]
    start = max(before, default=0)
    end = max((reach + len(mark) for reach, mark in zip(after, marks, strict=True)), default=0)
    placed = []
    for each, tail, mark, own, reach in zip(taken, tails, marks, before, after, strict=True):
        left, right = start - own, end - reach - len(mark)
        if not head.numeric:
            left, right = 0, left + right
        placed.append(Aligned(" " * left, each.number + tail, mark, " " * right))
    return placed


def folded(head: Head, cells: Sequence[Cell]) -> list[str]:
    """A header in lines: a long one is folded at its spaces where the column does not need its width."""
    width = max([_WIDE_HEADER, *(cell_len(cell.text) for cell in cells)])
    return textwrap.wrap(head.header, width, break_long_words=False, break_on_hyphens=False) or [""]


def note_marks(cell: Cell) -> str:
    """The marks of a cell's notes as one text: `a,b`; empty where it has none."""
    return ",".join(cell.marks)


def neighbours(groups: Iterable[str | None]) -> list[Span]:
    """Neighbours of the same group taken together, whether of columns or of rows.

    >>> neighbours([None, "joints", "joints"])
    [Span(group=None, start=0, count=1), Span(group='joints', start=1, count=2)]
    """
    spans = []
    start = 0
    for group, each in itertools.groupby(groups):
        count = len(list(each))
        spans.append(Span(group, start, count))
        start += count
    return spans


def column(rows: Sequence[Sequence[Cell]], place: int) -> list[Cell]:
    """The cells of one column of a table's rows."""
    return [row[place] for row in rows]


def _tail(each: Pieces, widest_std: int, widest_interval: int) -> str:
    """What follows the number itself."""
    std = f"{PLUS_MINUS}{each.std:>{widest_std}}" if each.std else ""
    interval = f" {each.interval:>{widest_interval}}" if each.interval else ""
    return std + interval + (f" {each.unit}" if each.unit else "")
