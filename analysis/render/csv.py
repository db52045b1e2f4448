"""A table as CSV for machines: raw numbers in base units, a column for each of value, deviation and number of seeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from analysis.table_model import Cell, Head, Table
from search_space.keys import show_value


def to_csv(table: Table) -> str:
    """The table as CSV (RFC 4180, lines end with a line feed). What is not there is empty.

    `id` and `label` come first. A trained metric gives `<key>_mean` (or `_median`, `_min`, `_max`), `<key>_std`,
    `<key>_n` and `<key>_n_planned`; a difference `<key>`, `<key>_std`, `<key>_n`; `n` also `n_planned`; everything else
    one column, `<key>`. Where cells carry an interval, `<key>_low` and `<key>_high` follow. The last column, `notes`,
    says what is missing from the row.
    """
    texts = {note.mark: note.text for note in table.notes if note.mark is not None}
    lines: list[list[str]] = [["id", "label", *(name for head in table.columns for name in _names(head)), "notes"]]
    for row in table.rows:
        values = [value for head, cell in zip(table.columns, row.cells, strict=True) for value in _values(head, cell)]
        marked = dict.fromkeys(mark for cell in row.cells for mark in cell.marks)
        lines.append([row.id, row.label, *values, " | ".join(texts[mark] for mark in marked)])
    return _written(lines)


def _names(head: Head) -> list[str]:
    return [*_plain_names(head), *([f"{head.key}_low", f"{head.key}_high"] if head.interval is not None else [])]


def _plain_names(head: Head) -> list[str]:
    if head.kind == "metric" and not head.counted:
        value = "mean" if head.aggregate == "mean_std" else head.aggregate
        return [f"{head.key}_{value}", f"{head.key}_std", f"{head.key}_n", f"{head.key}_n_planned"]
    if head.kind in ("delta", "ratio") and not head.counted:
        return [head.key, f"{head.key}_std", f"{head.key}_n"]
    if head.kind == "n":
        return [head.key, f"{head.key}_planned"]
    return [head.key]


def _values(head: Head, cell: Cell) -> list[str]:
    value, std, n, planned = map(_raw, (cell.value, cell.std, cell.n, cell.n_planned))
    plain = [value, std, n, planned][: len(_plain_names(head))] if head.kind != "n" else [value, planned]
    return plain + ([_raw(cell.low), _raw(cell.high)] if head.interval is not None else [])


def _raw(value: float | int | str | bool | None) -> str:
    """A value so that reading it back gives the same: a float in its shortest exact form."""
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else show_value(value)


def _written(lines: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()
