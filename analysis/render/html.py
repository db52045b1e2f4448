"""A table as a fragment of HTML that reads without a style sheet and carries its raw numbers for a page to sort by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from html.entities import codepoint2name

from analysis.render.layout import Span, neighbours
from analysis.render.provenance import html_comment
from analysis.table_model import Cell, Head, Row, Table
from search_space.keys import show_value


def to_html(table: Table) -> str:
    """The table as one `figure`: caption, `<table class="hglab">`, what holds for all of it, the notes of single cells.

    A cell carries `data-value` (the raw number in base units, or the text) and, where it has them, `data-std`, `data-n`
    and `data-n-planned`; a header `data-key`. Rows in groups have a `tbody` for each. The best is in `b`, the second
    best in `u`; classes tell numbers, the baseline and what has failed. Letters beyond ASCII are character references,
    so that the fragment reads the same in a page of any encoding. No script, no style.
    """
    lines = [
        f'<figure class="hglab-table"{_attributes({"id": table.label, "data-study": table.study})}>',
        f"<figcaption>{_text(table.caption)}</figcaption>",
        '<table class="hglab">',
        "<thead>",
        *_head(table),
        "</thead>",
        *(line for span in neighbours(row.group for row in table.rows) for line in _section(table, span)),
        "</table>",
        *_notes(table),
        *([html_comment(table.provenance)] if table.provenance else []),
        "</figure>",
    ]
    return "\n".join(lines) + "\n"


def _head(table: Table) -> list[str]:
    spans = neighbours(head.group for head in table.columns)
    grouped = any(span.group is not None for span in spans)
    lines = []
    if grouped:
        named = [
            f'<th class="group" scope="colgroup" colspan="{span.count}">{_text(span.group)}</th>'
            if span.group is not None
            else f'<td colspan="{span.count}"></td>'
            for span in spans
        ]
        lines.append(f"<tr><td></td>{''.join(named)}</tr>")
    headers = [f'<th scope="col">{_text(table.row_header)}</th>', *(_header(head) for head in table.columns)]
    return [*lines, "<tr>", *(f"  {header}" for header in headers), "</tr>"]


def _header(head: Head) -> str:
    classes = _attributes(
        {"class": "number" if head.numeric else None, "data-key": head.key, "data-better": head.better}
    )
    return f'<th scope="col"{classes}>{_text(head.header)}</th>'


def _section(table: Table, span: Span) -> list[str]:
    lines = ["<tbody>"]
    if span.group is not None:
        width = len(table.columns) + 1
        lines.append(f'<tr class="group"><th scope="rowgroup" colspan="{width}">{_text(span.group)}</th></tr>')
    for row in table.rows[span.start : span.start + span.count]:
        lines += _row(row, table.columns)
    return [*lines, "</tbody>"]


def _row(row: Row, heads: Sequence[Head]) -> list[str]:
    opening = _attributes({"class": "baseline" if row.baseline else None, "data-id": row.id})
    cells = [f"  {_cell(head, cell)}" for head, cell in zip(heads, row.cells, strict=True)]
    return [f"<tr{opening}>", f'  <th scope="row">{_text(row.label)}</th>', *cells, "</tr>"]


def _cell(head: Head, cell: Cell) -> str:
    classes = [
        *(["number"] if head.numeric else []),
        *(["best"] if cell.best else []),
        *(["second"] if cell.second else []),
        *(["failed"] if cell.text == "failed" else []),
    ]
    attributes = _attributes(
        {
            "class": " ".join(classes) or None,
            "data-value": _raw(cell.value),
            "data-std": _raw(cell.std),
            "data-low": _raw(cell.low),
            "data-high": _raw(cell.high),
            "data-n": _raw(cell.n),
            "data-n-planned": _raw(cell.n_planned),
        }
    )
    text = _text(cell.text)
    text = f"<b>{text}</b>" if cell.best else text
    text = f"<u>{text}</u>" if cell.second else text
    marks = f"<sup>{','.join(cell.marks)}</sup>" if cell.marks else ""
    return f"<td{attributes}>{text}{marks}</td>"


def _notes(table: Table) -> list[str]:
    general = " ".join(_text(note.text) for note in table.notes if note.mark is None)
    marked = [f"<sup>{note.mark}</sup> {_text(note.text)}" for note in table.notes if note.mark is not None]
    return [
        *([f'<p class="notes">{general}</p>'] if general else []),
        *([f'<p class="notes">{"<br>".join(marked)}</p>'] if marked else []),
    ]


def _raw(value: float | int | str | bool | None) -> str | None:
    """A value so that reading it back gives the same: a float in its shortest exact form."""
    if value is None:
        return None
    return repr(value) if isinstance(value, float) else show_value(value)


def _attributes(given: Mapping[str, str | None]) -> str:
    return "".join(f' {name}="{_text(value)}"' for name, value in given.items() if value is not None)


def _text(text: str) -> str:
    """The text so that HTML shows it as it is, in ASCII.

    >>> _text("76.0 ± 0.4 <b>")
    '76.0 &plusmn; 0.4 &lt;b&gt;'
    """
    one_line = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(letter if letter.isascii() else _reference(letter) for letter in escape(one_line))


def _reference(letter: str) -> str:
    return f"&{codepoint2name[ord(letter)]};" if ord(letter) in codepoint2name else f"&#{ord(letter)};"
