r"""A table as LaTeX: booktabs, caption and label, everything escaped, ready for \input."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from analysis.render.latex_siunitx import SETUP, SColumn, s_column
from analysis.render.latex_text import breakable, escape, known_to_pdflatex
from analysis.render.layout import Pieces, column, folded, neighbours, note_marks, pieces
from analysis.render.provenance import provenance_lines
from analysis.table_model import Cell, Head, Table

# In letters: what fits in a column of a two-column paper; across an article's text in small and in normal size; from
# where on a table is shrunk so far that its notes are to follow; the space between columns; what a label and the name
# of a group keep at least before they are folded.
_COLUMN, _PAGE, _LARGE, _SHRUNK, _GAP, _NARROWEST_LABEL, _GROUP = 44, 80, 74, 95, 3, 30, 12

_ROWS = 45  # that a page holds


def to_latex(table: Table) -> str:
    r"""The table as a `table` environment that ends with a line break.

    Every text is escaped, none is taken for LaTeX. The label keeps letters, digits and `:.-_/`; anything else, which
    \label could not hold, becomes a hyphen. A table wider than a column of a two-column paper is a `table*`, which is
    the same as a `table` where there is one column. One wider than the text is set small, and shrunk until it fits.
    """
    rows = [row.cells for row in table.rows]
    width = _width(table.columns, rows)
    label_width = max(_NARROWEST_LABEL, _PAGE - width)
    labels = [line for row in table.rows for line in _folded(row.label, label_width)]
    needed = width + max(map(len, [table.row_header, *labels]))
    lines = [*_tabular(table, label_width, needed), *_notes(table, needed)]
    if needed > _LARGE:
        place = lines.index(r"\end{tabular}") + 1
        lines = [
            r"\begin{adjustbox}{max width=\linewidth}",
            *lines[:place],
            r"\end{adjustbox}",
            *lines[place:],
        ]
    environment = "table*" if needed > _COLUMN else "table"
    text = "\n".join(
        [
            rf"\begin{{{environment}}}[tb]",
            r"  \centering",
            *([r"  \small\setlength{\tabcolsep}{3.5pt}"] if needed > _LARGE else []),
            *([rf"  \sisetup{{{SETUP}}}"] if table.siunitx else []),
            rf"  \caption{{{escape(table.caption)}}}",
            rf"  \label{{{re.sub(r'[^A-Za-z0-9:._/-]', '-', table.label)}}}",
            r"  \smallskip",
            "",
            *(f"  {line}".rstrip() for line in lines),
            rf"\end{{{environment}}}",
        ]
    )
    return f"{_comment(table, text)}\n{text}\n"


def _comment(table: Table, text: str) -> str:
    packages = ["booktabs", *(["siunitx"] if table.siunitx else []), *(["adjustbox"] if "{adjustbox}" in text else [])]
    lines = [
        " ".join(f"Study {table.study}, scale {table.scale}.".split()),
        rf"In the preamble: \usepackage{{{','.join(packages)}}}. In the text: \input this file.",
    ]
    if len(table.rows) > _ROWS:
        lines.append(
            f"{len(table.rows)} rows are more than a page holds, and LaTeX cuts what sticks out: leave some out."
        )
    if not known_to_pdflatex(text):
        lines.append("Holds letters that pdflatex does not know: compile with lualatex and a font that has them.")
    lines += provenance_lines(table.provenance) if table.provenance else []
    return "\n".join(f"% {line}" for line in lines)


def _tabular(table: Table, label_width: int, needed: int) -> list[str]:
    """The `tabular`: groups of columns above their headers, groups of rows with a rule between them."""
    rows = [row.cells for row in table.rows]
    built = [_built(head, column(rows, place), table.siunitx) for place, head in enumerate(table.columns)]
    specification = "l" + "".join(each.specification for each in built)
    headers = [_header(head, column(rows, place), built[place]) for place, head in enumerate(table.columns)]
    lines = [rf"\begin{{tabular}}{{@{{}}{specification}@{{}}}}", r"  \toprule"]
    lines += [f"  {line}" for line in _column_groups(table)]
    lines.append(rf"  {' & '.join([escape(table.row_header), *headers])} \\")
    for span in neighbours(row.group for row in table.rows):
        lines.append(r"  \midrule")
        if span.group is not None:
            name = _lines(_folded(span.group, needed), "t", "l")
            lines.append(rf"  \multicolumn{{{len(table.columns) + 1}}}{{@{{}}l@{{}}}}{{\emph{{{name}}}}} \\")
        for place in range(span.start, span.start + span.count):
            texts = [_label(table.rows[place].label, label_width), *(each.cells[place] for each in built)]
            lines.append(rf"  {' & '.join(texts)} \\")
    return [*lines, r"  \bottomrule", r"\end{tabular}"]


def _column_groups(table: Table) -> list[str]:
    """A line with the groups of columns and one with the rules below them; nothing where there are none."""
    spans = neighbours(head.group for head in table.columns)
    if all(span.group is None for span in spans):
        return []
    rows = [row.cells for row in table.rows]
    cells, rules = [""], []
    for span in spans:
        if span.group is None:
            cells += [""] * span.count
            continue
        end = span.start + span.count
        columns = [_column_width(table.columns[place], column(rows, place)) for place in range(span.start, end)]
        name = _lines(_folded(span.group, max(_GROUP, sum(columns) + _GAP * (span.count - 1))), "b", "c")
        outer = "@{}" if end == len(table.columns) else ""
        cells.append(rf"\multicolumn{{{span.count}}}{{c{outer}}}{{{name}}}")
        rules.append(rf"\cmidrule({'l' if outer else 'lr'}){{{span.start + 2}-{end + 1}}}")
    return [rf"{' & '.join(cells).lstrip()} \\", " ".join(rules)]


def _built(head: Head, cells: Sequence[Cell], siunitx: bool) -> SColumn:
    aligned = s_column(head, cells) if siunitx else None
    return aligned or SColumn("r" if head.numeric else "l", _column(head, cells))


def _header(head: Head, cells: Sequence[Cell], built: SColumn) -> str:
    """A column's header. Numbers of S columns have their unit there, and what is no number stands in braces."""
    if not built.specification.startswith("S"):
        return _lines(folded(head, cells), "b", "r" if head.numeric else "l")
    named = replace(head, header=f"{head.header} [{head.unit}]") if head.unit else head
    return f"{{{_lines(folded(named, cells), 'b', 'c')}}}"


def _label(label: str, width: int) -> str:
    return _lines(_folded(label, width), "t", "l")


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _lines(lines: Sequence[str], vertical: str, side: str) -> str:
    """Lines in one cell, the first (t) or last (b) of which stands level with the other cells."""
    stacked = r" \\ ".join(map(escape, lines))
    return stacked if len(lines) == 1 else rf"\begin{{tabular}}[{vertical}]{{@{{}}{side}@{{}}}}{stacked}\end{{tabular}}"


def _width(heads: Sequence[Head], rows: Sequence[Sequence[Cell]]) -> int:
    """The width of all columns but the labels, in letters."""
    return sum(_GAP + _column_width(head, column(rows, place)) for place, head in enumerate(heads))


def _column_width(head: Head, cells: Sequence[Cell]) -> int:
    return max(len(text) for text in (*folded(head, cells), *(cell.text for cell in cells)))


def _column(head: Head, cells: Sequence[Cell]) -> list[str]:
    taken = [pieces(head, cell) for cell in cells]
    stds = [each.std for each in taken if each.std]
    intervals = [each.interval for each in taken if each.interval]
    widest = (max(stds, key=len, default=""), max(intervals, key=len, default=""))
    return [_cell(cell, each, *widest) for cell, each in zip(cells, taken, strict=True)]


def _cell(cell: Cell, each: Pieces, widest_std: str, widest_interval: str) -> str:
    """A cell whose number stands below the others.

    Room is kept for the deviation or the interval that it has not, none for marks; intervals begin below each other.
    """
    unit = rf"\,{escape(each.unit)}" if each.unit else ""
    std = kept = ""
    if each.std:
        free = len(widest_std) - len(each.std)
        std = r" $\pm$ " + (rf"\phantom{{{'0' * free}}}" if free else "") + escape(each.std)
    elif each.is_number and widest_std:
        kept = rf"\phantom{{ $\pm$ {escape(widest_std)}}}"
    text = escape(each.number) + std + ("" if each.interval else unit)
    if cell.best:
        text = rf"\textbf{{{text}}}"
    if cell.second:
        text = rf"\underline{{{text}}}"
    marks = rf"\textsuperscript{{{note_marks(cell)}}}" if cell.marks else ""
    after = (f" {escape(each.interval)}{unit}" if each.interval else "") + marks
    if each.is_number and widest_interval:
        kept += rf"\phantom{{ {escape(widest_interval)}}}"
    return text + (rf"\rlap{{{after}}}" if after else "") + kept


def _notes(table: Table, needed: int) -> list[str]:
    if not table.notes:
        return []
    general = " ".join(breakable(note.text) for note in table.notes if note.mark is None)
    marked = [
        rf"\textsuperscript{{{note.mark}}}\,{breakable(note.text)}" for note in table.notes if note.mark is not None
    ]
    paragraphs = [part for part in (general, *marked) if part]
    joined = [f"  {part}" + (r"\\" if place < len(paragraphs) - 1 else "") for place, part in enumerate(paragraphs)]
    size = r"\scriptsize" if needed > _SHRUNK else r"\footnotesize"
    return ["", r"\smallskip", rf"\parbox{{\linewidth}}{{{size}\raggedright", *joined, "}"]
