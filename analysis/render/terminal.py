"""A table for the terminal: the best bold, the second underlined; differences beyond noise green (better) or red."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.align import Align
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table as RichTable
from rich.text import Text

from analysis.render.layout import aligned, column, folded, neighbours
from analysis.render.provenance import provenance_lines
from analysis.table_model import Cell, Head, Table

_NARROWEST_LABEL = 14
_GAP = 2  # a column's padding and separator


@dataclass(frozen=True)
class _Whole:
    """A rich table, never narrower than its columns need: rich itself would leave columns out.

    Groups stand in lines of their own, which rich has no way to say. `columns` are names with how far their columns
    reach, counted from the right, `(name, begin, end)` in letters: below the first rule. `rows` are names by the number
    of the rule below which they stand.
    """

    table: RichTable
    columns: tuple[tuple[str, int, int], ...]
    rows: Mapping[int, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        needed = sum((column.min_width or 0) + _GAP for column in self.table.columns) + _GAP
        whole = options.update(width=max(options.max_width, needed), height=None)
        rule = 0
        for line in console.render_lines(self.table, whole, pad=False):
            yield from line
            yield Segment.line()
            if set("".join(segment.text for segment in line).strip()) != {"─"}:
                continue
            if rule == 0 and self.columns:
                yield self._columns_line(Segment.get_line_length(line))
            if rule in self.rows:
                yield Text(f" {self.rows[rule]}", style="italic", no_wrap=True, overflow="ignore")
            rule += 1

    def _columns_line(self, width: int) -> Text:
        line = Text(" " * width)
        for name, begin, end in self.columns:
            text = f" {name} ".center(begin - end, "─")
            line = Text.assemble(line[: width - begin], (text, "bold"), line[width - end :])
        line.no_wrap, line.overflow = True, "ignore"
        return line


def to_terminal(table: Table) -> Group:
    """What a rich console prints: the table and its notes. Colours appear on a terminal only.

    Where the console is too narrow for the numbers, the table is wider than the console: print it with `crop=False`, as
    `print_table` does.
    """
    shown = RichTable(box=box.HORIZONTALS, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    rows = [row.cells for row in table.rows]
    labels = [cell_len(row.label) for row in table.rows]
    narrowest = min(_NARROWEST_LABEL, max([*labels, cell_len(table.row_header)]))
    shown.add_column(_header([table.row_header], False), overflow="fold", min_width=narrowest)
    columns = [_column(head, column(rows, place)) for place, head in enumerate(table.columns)]
    headers = [folded(head, column(rows, place)) for place, head in enumerate(table.columns)]
    widths = [
        max(cell_len(text) for text in (*lines, *(each.plain for each in texts)))
        for lines, texts in zip(headers, columns, strict=True)
    ]
    groups = _column_groups(table, widths)
    for head, lines, texts, width in zip(table.columns, headers, columns, widths, strict=True):
        if head.numeric:  # by hand: rich would strip the spaces that keep numbers below each other
            for text in texts:
                text.pad_left(width - cell_len(text.plain))
        shown.add_column(_header(lines, head.numeric), no_wrap=True, min_width=width)
    sections = neighbours(row.group for row in table.rows)
    for span in sections:
        if span.start:
            shown.add_section()
        for place in range(span.start, span.start + span.count):
            shown.add_row(Text(table.rows[place].label), *(texts[place] for texts in columns))
    # The first section follows the second rule, below the headers.
    named = {number: span.group for number, span in enumerate(sections, start=1) if span.group is not None}
    general = " ".join(note.text for note in table.notes if note.mark is None)
    below = [Text(general, style="dim")] if general else []
    below += [Text(f"{note.mark}  {note.text}") for note in table.notes if note.mark is not None]
    title = Text(table.caption, style="bold")
    return Group(
        Padding(title, (0, 0, 0, 1)), _Whole(shown, groups, named), *(Padding(text, (0, 0, 0, 1)) for text in below)
    )


def _column_groups(table: Table, widths: list[int]) -> tuple[tuple[str, int, int], ...]:
    """The groups of columns with their reach from the right; `widths` grow where a name needs more than its columns."""
    spans = [span for span in neighbours(head.group for head in table.columns) if span.group is not None]
    for span in spans:
        places = slice(span.start, span.start + span.count)
        lacking = cell_len(span.group or "") + 2 - sum(widths[places]) - _GAP * (span.count - 1)
        widths[span.start] += max(0, lacking)
    placed = []
    for span in spans:
        after = sum(width + _GAP for width in widths[span.start + span.count :])
        reach = sum(widths[span.start : span.start + span.count]) + _GAP * (span.count - 1)
        placed.append((span.group or "", after + reach, after))
    return tuple(placed)


def print_table(table: Table, console: Console) -> None:
    """Print the table and its notes. On a console that is too narrow lines run on: nothing is ever cut off."""
    console.print(to_terminal(table), crop=False)


def to_text(table: Table, width: int = 120) -> str:
    """The same without colours, as a file gets it, with its provenance below; no line ends with spaces."""
    out = io.StringIO()
    print_table(table, Console(file=out, width=width, color_system=None, force_terminal=False, highlight=False))
    lines = "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n").splitlines()
    if table.provenance is not None:
        lines += ["", *(f" # {line}" for line in provenance_lines(table.provenance))]
    return "\n".join(lines) + "\n"


def _header(lines: Sequence[str], numeric: bool) -> Align:
    side: Literal["left", "right"] = "right" if numeric else "left"
    return Align(Text("\n".join(lines), justify=side), side, vertical="bottom")


def _column(head: Head, cells: Sequence[Cell]) -> list[Text]:
    """The cells as rich texts that are all as wide, so that rich has nothing left to align."""
    return [
        Text.assemble(place.left, (place.text, _style(head, cell)), (place.marks, "dim"), place.right)
        for cell, place in zip(cells, aligned(head, cells), strict=True)
    ]


def _style(head: Head, cell: Cell) -> str:
    if cell.best or cell.second:
        return "bold" if cell.best else "underline"
    if cell.text == "failed":
        return "red"
    # Within its own noise, or with none to compare with, a difference is neither good nor bad.
    if head.kind != "delta" or not isinstance(cell.value, int | float) or not cell.value:
        return ""
    if not head.counted and (cell.std is None or abs(cell.value) <= cell.std):
        return ""
    return "green" if (cell.value > 0) == (head.better == "max") else "red"
