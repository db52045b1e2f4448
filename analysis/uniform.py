"""One way of printing for the numbers of several columns that become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from analysis.interval import Interval, with_interval
from analysis.numbers import PLUS_MINUS, NumberFormat, choose_format
from analysis.table_model import Cell, Head

_NUMBER = re.compile(r"[+−]?[\d,]+(?:\.(\d+))?")


def number_format(head: Head, cells: Sequence[Cell]) -> NumberFormat:
    """How a column prints its numbers, read off its cells: with as many digits as the longest has."""
    values = [float(cell.value) for cell in cells if isinstance(cell.value, int | float) and _is_number(cell)]
    digits = [_digits(cell) for cell in cells if _is_number(cell)]
    return choose_format(head.format or "number", values, max(digits, default=None))


def uniform(head: Head, heads: Sequence[Head], cells: Sequence[Cell]) -> tuple[Head, list[Cell]]:
    """The cells with their numbers printed in one unit and with the same digits, and the head that says the unit.

    Where the columns agree already, nothing changes. Else digits are the most that any of them has; where they are in
    different units (seconds, minutes), the unit is chosen anew, and the digits with it.

    Args:
        head: of the column that is made.
        heads: for each cell the head of the column from which it comes.
        cells: of all of them, one after the other.
    """
    told = [(own, cell) for own, cell in zip(heads, cells, strict=True) if own.format is not None and _is_number(cell)]
    digits = {_digits(cell) for _, cell in told}
    same_unit = len({(own.format, own.unit) for own, _ in told}) <= 1
    if same_unit and len(digits) <= 1:
        return (replace(head, unit=told[0][0].unit) if told else head), list(cells)
    values = [float(cell.value) for _, cell in told if isinstance(cell.value, int | float)]
    chosen = choose_format(head.format or "number", values, max(digits) if same_unit else None)
    chosen = replace(chosen, signed=head.kind == "delta")
    printed = [_printed(head, cell, chosen) if _is_number(cell) else cell for cell in cells]
    return replace(head, unit=chosen.unit), printed


def _printed(head: Head, cell: Cell, chosen: NumberFormat) -> Cell:
    """The cell with its number as this format prints it, its deviation or interval as well where it showed one."""
    assert isinstance(cell.value, int | float)
    if cell.low is not None and cell.high is not None and head.interval is not None:
        return replace(cell, text=with_interval(chosen, cell.value, Interval(cell.low, cell.high, head.interval)))
    return replace(cell, text=chosen.text(cell.value, cell.std if PLUS_MINUS in cell.text else None))


def _is_number(cell: Cell) -> bool:
    """Whether the cell shows its number: not one told in words (`—`, `failed`, what the paper says)."""
    is_number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
    return is_number and _NUMBER.match(cell.text) is not None


def _digits(cell: Cell) -> int:
    found = _NUMBER.match(cell.text)
    return len(found[1] or "") if found else 0
