r"""The cells of a column for siunitx's S columns: numbers as numbers, everything else in braces.

A number that S columns cannot take as it stands (underlined, or with a note but without the deviation that the others
have) is set in braces too, with the room that the column's format keeps, so that it stands below the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.numbers import MINUS
from analysis.render.latex_text import escape
from analysis.render.layout import note_marks, pieces
from analysis.table_model import Cell, Head

SETUP = (
    "mode=math, detect-weight=true, separate-uncertainty=true, retain-zero-uncertainty=true, "
    "table-align-uncertainty=false, table-align-text-after=false, retain-explicit-plus=true, "
    "group-digits=integer, group-minimum-digits=4, group-separator={,}"
)
r"""What \sisetup (siunitx 3) is told: the best bold, deviations after ±, notes close to numbers, differences signed."""

_NUMBER = re.compile(rf"(?P<sign>[+{MINUS}]?)(?P<whole>[\d,]+)(\.(?P<decimals>\d+))?")
_PLAIN_STD = re.compile(r"[\d,]+(\.\d+)?")
_KINDS = ("metric", "delta", "ratio", "paper", "statistic")


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it is printed. `std` has as many decimals."""

    sign: str
    whole: str
    decimals: str
    std: str | None

    @property
    def plain(self) -> str:
        """The number alone, `-9.7`."""
        return self.sign + self.whole.replace(",", "") + (f".{self.decimals}" if self.decimals else "")


@dataclass(frozen=True, slots=True)
class _Room:
    """What a column's format keeps: a sign, the longest whole part, decimals, the longest deviation."""

    signed: bool
    whole: str
    decimals: int
    std: str


@dataclass(frozen=True, slots=True)
class SColumn:
    """A column of numbers: its specification for `tabular`, and its cells."""

    specification: str
    cells: list[str]


def s_column(head: Head, cells: Sequence[Cell]) -> SColumn | None:
    """The column as an S column; None for one that holds no numbers that S columns could align, or intervals."""
    if any(pieces(head, cell).interval for cell in cells):
        return None
    numbers = [_number(head, cell) for cell in cells]
    there = [number for number in numbers if number is not None]
    if head.kind not in _KINDS or not there or len({len(number.decimals) for number in there}) > 1:
        return None
    room = _Room(
        any(number.sign for number in there),
        max((number.whole for number in there), key=len),
        len(there[0].decimals),
        max((number.std for number in there if number.std), key=lambda std: (len(std), std), default=""),
    )
    shown = [
        _braced_text(cell) if number is None else _cell(cell, number, room)
        for cell, number in zip(cells, numbers, strict=True)
    ]
    return SColumn(f"S[table-format={_format(room)}]", shown)


def _number(head: Head, cell: Cell) -> _Number | None:
    each = pieces(head, cell)
    match = _NUMBER.fullmatch(each.number)
    if not each.is_number or match is None or (each.std is not None and not _PLAIN_STD.fullmatch(each.std)):
        return None
    sign = match["sign"].replace(MINUS, "-")
    return _Number(sign, match["whole"], match["decimals"] or "", each.std)


def _format(room: _Room) -> str:
    whole = len(room.whole.replace(",", ""))
    std = f"({len(_last_digits(room.std))})" if room.std else ""
    return f"{'+' if room.signed else ''}{whole}.{room.decimals}{std}"


def _cell(cell: Cell, number: _Number, room: _Room) -> str:
    if cell.second or (cell.marks and room.std and not number.std):
        return _braced_number(cell, number, room)
    std = f"({_last_digits(number.std)})" if number.std else ""
    marks = f"{{{_marks(cell)}}}" if cell.marks else ""
    return (r"\bfseries " if cell.best else "") + number.plain + std + marks


def _braced_number(cell: Cell, number: _Number, room: _Room) -> str:
    r"""The number as S columns would print it, with \phantom where the column's format keeps room."""
    sign = r"\phantom{-}" if room.signed and not number.sign else ""
    kept = room.whole[: len(room.whole) - len(number.whole)]
    before = sign + (rf"\phantom{{{_maths(kept)}}}" if kept else "")
    shown = number.sign + _maths(number.whole) + (f".{number.decimals}" if number.decimals else "")
    after = ""
    if number.std:
        free = room.std[: len(room.std) - len(number.std)]
        shown += rf" \pm {_maths(number.std)}"
        after = rf"\phantom{{{_maths(free)}}}" if free else ""
    elif room.std:
        after = rf"\phantom{{{{}} \pm {_maths(room.std)}}}"
    if cell.second:
        shown = rf"\underline{{{shown}}}"
    maths = f"${before}{shown}{_marks(cell)}{after}$"
    return rf"{{\boldmath{maths}}}" if cell.best else f"{{{maths}}}"


def _braced_text(cell: Cell) -> str:
    text = escape(cell.text)
    text = rf"\textbf{{{text}}}" if cell.best else text
    text = rf"\underline{{{text}}}" if cell.second else text
    return f"{{{text}{_marks(cell)}}}"


def _marks(cell: Cell) -> str:
    return rf"\rlap{{\textsuperscript{{{note_marks(cell)}}}}}" if cell.marks else ""


def _maths(number: str) -> str:
    """Without the space that a comma makes in mathematics."""
    return number.replace(",", "{,}")


def _last_digits(std: str) -> str:
    """A deviation in units of its last place, as siunitx takes it: `0.4` is 4."""
    return re.sub(r"\D", "", std).lstrip("0") or "0"
