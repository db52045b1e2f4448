r"""A table as LaTeX: booktabs, caption and label, everything escaped, ready for \input."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from analysis.render.latex_text import escape, known_to_pdflatex
from analysis.render.layout import Pieces, column, folded, note_marks, pieces
from analysis.table_model import Cell, Head, Table

# In letters: what fits across an article's text in small and in normal size, the space between columns, and what a
# label keeps at least before it is folded.
_PAGE, _LARGE, _GAP, _NARROWEST_LABEL = 80, 74, 3, 24


def to_latex(table: Table) -> str:
    r"""The table as a `table` environment that ends with a line break.

    Every text is escaped, none is taken for LaTeX. The label keeps letters, digits and `:.-_/`; anything else, which
    \label could not hold, becomes a hyphen.
    """
    rows = [row.cells for row in table.rows]
    columns = [_column(head, column(rows, place)) for place, head in enumerate(table.columns)]
    specification = "l" + "".join("r" if head.numeric else "l" for head in table.columns)
    heads = [_header(head, column(rows, place)) for place, head in enumerate(table.columns)]
    header = " & ".join([escape(table.row_header), *heads])
    width = _width(table.columns, rows)
    label_width = max(_NARROWEST_LABEL, _PAGE - width)
    longest = max(len(text) for text in (table.row_header, *(row.label for row in table.rows)))
    wide = width + min(longest, label_width) > _LARGE
    body = [
        " & ".join([_label(row.label, label_width), *(texts[place] for texts in columns)]) + r" \\"
        for place, row in enumerate(table.rows)
    ]
    lines = [
        rf"\begin{{tabular}}{{@{{}}{specification}@{{}}}}",
        r"  \toprule",
        rf"  {header} \\",
        r"  \midrule",
        *(f"  {line}" for line in body),
        r"  \bottomrule",
        r"\end{tabular}",
        *_notes(table),
    ]
    text = "\n".join(
        [
            r"\begin{table}[tb]",
            r"  \centering",
            *([r"  \small\setlength{\tabcolsep}{3.5pt}"] if wide else []),
            rf"  \caption{{{escape(table.caption)}}}",
            rf"  \label{{{re.sub(r'[^A-Za-z0-9:._/-]', '-', table.label)}}}",
            r"  \smallskip",
            "",
            *(f"  {line}".rstrip() for line in lines),
            r"\end{table}",
        ]
    )
    return f"{_comment(table, text)}\n{text}\n"


def _comment(table: Table, text: str) -> str:
    lines = [
        f"% Study {table.study}, scale {table.scale}.",
        r"% In the preamble: \usepackage{booktabs}. In the text: \input this file.",
    ]
    if not known_to_pdflatex(text):
        lines.append("% Holds letters that pdflatex does not know: compile with lualatex and a font that has them.")
    return "\n".join(lines)


def _header(head: Head, cells: Sequence[Cell]) -> str:
    return _lines(folded(head, cells), "b", "r" if head.numeric else "l")


def _label(label: str, width: int) -> str:
    return _lines(textwrap.wrap(label, width, break_long_words=False, break_on_hyphens=False) or [""], "t", "l")


def _lines(lines: Sequence[str], vertical: str, side: str) -> str:
    """Lines in one cell, the first (t) or last (b) of which stands level with the other cells."""
    stacked = r" \\ ".join(map(escape, lines))
    return stacked if len(lines) == 1 else rf"\begin{{tabular}}[{vertical}]{{@{{}}{side}@{{}}}}{stacked}\end{{tabular}}"


def _width(heads: Sequence[Head], rows: Sequence[Sequence[Cell]]) -> int:
    """The width of all columns but the labels, in letters."""
    taken = 0
    for place, head in enumerate(heads):
        cells = column(rows, place)
        taken += _GAP + max(len(text) for text in (*folded(head, cells), *(cell.text for cell in cells)))
    return taken


def _column(head: Head, cells: Sequence[Cell]) -> list[str]:
    taken = [pieces(head, cell) for cell in cells]
    widest = max((each.std for each in taken if each.std), key=len, default="")
    return [_cell(cell, each, widest) for cell, each in zip(cells, taken, strict=True)]


def _cell(cell: Cell, each: Pieces, widest: str) -> str:
    """A cell whose number stands below the others: room is kept for the deviation that it has not, none for marks."""
    unit = rf"\,{escape(each.unit)}" if each.unit else ""
    std = kept = ""
    if each.std:
        free = len(widest) - len(each.std)
        std = r" $\pm$ " + (rf"\phantom{{{'0' * free}}}" if free else "") + escape(each.std)
    elif each.is_number and widest:
        kept = rf"\phantom{{ $\pm$ {escape(widest)}}}"
    text = escape(each.number) + std + unit
    if cell.best:
        text = rf"\textbf{{{text}}}"
    return text + (rf"\rlap{{\textsuperscript{{{note_marks(cell)}}}}}" if cell.marks else "") + kept


def _notes(table: Table) -> list[str]:
    if not table.notes:
        return []
    general = " ".join(escape(note.text) for note in table.notes if note.mark is None)
    marked = [rf"\textsuperscript{{{note.mark}}}\,{escape(note.text)}" for note in table.notes if note.mark is not None]
    paragraphs = [part for part in (general, *marked) if part]
    joined = [f"  {part}" + (r"\\" if place < len(paragraphs) - 1 else "") for place, part in enumerate(paragraphs)]
    return ["", r"\smallskip", r"\parbox{\linewidth}{\footnotesize\raggedright", *joined, "}"]
