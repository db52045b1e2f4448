"""A table as Markdown, readable as it stands: pipes aligned, the best bold, notes below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from analysis.render.layout import column, note_marks
from analysis.table_model import Cell, Head, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def to_markdown(table: Table) -> str:
    """The table in GitHub's Markdown: caption, table, what holds for all of it, and the notes of single cells."""
    rows = [row.cells for row in table.rows]
    columns = [[_escape(table.row_header), *(_escape(row.label) for row in table.rows)]]
    columns += [_column(head, column(rows, place)) for place, head in enumerate(table.columns)]
    numeric = [False, *(head.numeric for head in table.columns)]
    widths = [max(3, *map(cell_len, texts)) for texts in columns]
    lines = [_line(texts, widths, numeric) for texts in zip(*columns, strict=True)]
    rule = ("-" * (width + 1) + ":" if right else ":" + "-" * (width + 1)
            for width, right in zip(widths, numeric, strict=True))  # fmt: skip
    body = "\n".join([lines[0], f"|{'|'.join(rule)}|", *lines[1:]])
    general = " ".join(_escape(note.text) for note in table.notes if note.mark is None)
    marked = [f"<sup>{note.mark}</sup> {_escape(note.text)}" for note in table.notes if note.mark is not None]
    parts = [f"**{_escape(table.caption)}**", body, general, "  \n".join(marked)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _column(head: Head, cells: Sequence[Cell]) -> list[str]:
    texts = [_escape(head.header)]
    for cell in cells:
        shown = f"**{_escape(cell.text)}**" if cell.best else _escape(cell.text)
        texts.append(shown + (f"<sup>{note_marks(cell)}</sup>" if cell.marks else ""))
    return texts


def _line(texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = [
        " " * (width - cell_len(text)) + text if right else text + " " * (width - cell_len(text))
        for text, width, right in zip(texts, widths, numeric, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _escape(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line.

    >>> _escape("a|b_c")
    'a\\\\|b\\\\_c'
    """
    one_line = re.sub(r"[\r\n\t\f\v]+", " ", text)
    return _ENTITY.sub(r"\\&", _SPECIAL.sub(r"\\\1", one_line))
