"""A table as CSV for machines: raw numbers in base units, a column for each of value, deviation and number of seeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from analysis.provenance import runs_behind
from analysis.table_model import Cell, Head, Provenance, Row, Table
from search_space.keys import show_value

_PROVENANCE = ("provenance_runs", "provenance_studies", "provenance_code", "provenance_made")


def to_csv(table: Table) -> str:
    """The table as CSV (RFC 4180, lines end with a line feed). What is not there is empty.

    `id` and `label` come first. A trained metric gives `<key>_mean` (or `_median`, `_min`, `_max`), `<key>_std`,
    `<key>_n` and `<key>_n_planned`; a difference `<key>`, `<key>_std`, `<key>_n`; `n` also `n_planned`; everything else
    one column, `<key>`. Where cells carry an interval, `<key>_low` and `<key>_high` follow. The last column, `notes`,
    says what is missing from the row.

    Rows in groups have a column `group` after `label`. CSV has no comments that every reader knows, so the provenance
    is columns of its own, after `notes`: the ids of the runs behind the row, the studies with the fingerprints of their
    trials, the code, and when the table was made.
    """
    texts = {note.mark: note.text for note in table.notes if note.mark is not None}
    grouped = any(row.group is not None for row in table.rows)
    names = [name for head in table.columns for name in _names(head)]
    origin = _PROVENANCE if table.provenance is not None else ()
    lines: list[list[str]] = [["id", "label", *(["group"] if grouped else []), *names, "notes", *origin]]
    for row in table.rows:
        values = [value for head, cell in zip(table.columns, row.cells, strict=True) for value in _values(head, cell)]
        marked = dict.fromkeys(mark for cell in row.cells for mark in cell.marks)
        label = [row.label, row.group or ""] if grouped else [row.label]
        notes = " | ".join(texts[mark] for mark in marked)
        lines.append([row.id, *label, *values, notes, *_origin(row, table.provenance)])
    return _written(lines)


def _origin(row: Row, provenance: Provenance | None) -> list[str]:
    if provenance is None:
        return []
    studies = " ".join(f"{name}={digest}" for name, digest in provenance.studies)
    return [" ".join(runs_behind([row])), studies, provenance.code, provenance.made]


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
