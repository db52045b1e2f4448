"""A table as Markdown, readable as it stands: pipes aligned, the best bold, notes below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from analysis.render.layout import column, neighbours, note_marks
from analysis.render.provenance import html_comment
from analysis.table_model import Cell, Head, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def to_markdown(table: Table) -> str:
    """The table in GitHub's Markdown: caption, table, what holds for all of it, and the notes of single cells.

    A Markdown table has one line of headers and no sections: the group of a column stands before its header, that of
    rows in a line of its own. The provenance follows in a comment.
    """
    rows = [row.cells for row in table.rows]
    columns = [[escape(table.row_header), *(escape(row.label) for row in table.rows)]]
    columns += [_column(head, column(rows, place)) for place, head in enumerate(table.columns)]
    for span in reversed(neighbours(row.group for row in table.rows)):
        if span.group is not None or span.start:  # rows of no group below a group: an empty line ends that
            columns[0].insert(span.start + 1, f"**{escape(span.group)}**" if span.group is not None else "")
            for texts in columns[1:]:
                texts.insert(span.start + 1, "")
    numeric = [False, *(head.numeric for head in table.columns)]
    widths = [max(3, *map(cell_len, texts)) for texts in columns]
    lines = [_line(texts, widths, numeric) for texts in zip(*columns, strict=True)]
    rule = ("-" * (width + 1) + ":" if right else ":" + "-" * (width + 1)
            for width, right in zip(widths, numeric, strict=True))  # fmt: skip
    body = "\n".join([lines[0], f"|{'|'.join(rule)}|", *lines[1:]])
    general = " ".join(escape(note.text) for note in table.notes if note.mark is None)
    marked = [f"<sup>{note.mark}</sup> {escape(note.text)}" for note in table.notes if note.mark is not None]
    comment = html_comment(table.provenance) if table.provenance else ""
    parts = [f"**{escape(table.caption)}**", body, general, "  \n".join(marked), comment]
    return "\n\n".join(part for part in parts if part) + "\n"


def _column(head: Head, cells: Sequence[Cell]) -> list[str]:
    texts = [(f"{escape(head.group)}:<br>" if head.group is not None else "") + escape(head.header)]
    for cell in cells:
        shown = f"**{escape(cell.text)}**" if cell.best else escape(cell.text)
        shown = f"<u>{shown}</u>" if cell.second else shown
        texts.append(shown + (f"<sup>{note_marks(cell)}</sup>" if cell.marks else ""))
    return texts


def _line(texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = [
        " " * (width - cell_len(text)) + text if right else text + " " * (width - cell_len(text))
        for text, width, right in zip(texts, widths, numeric, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def escape(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line.

    >>> escape("a|b_c")
    'a\\\\|b\\\\_c'
    """
    one_line = re.sub(r"[\r\n\t\f\v]+", " ", text)
    return _ENTITY.sub(r"\\&", _SPECIAL.sub(r"\\\1", one_line))
