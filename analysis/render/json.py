"""A table as JSON: raw numbers beside the formatted. Its names are public and stay."""

from __future__ import annotations

import json
from typing import Any

from analysis.table_model import Cell, Head, Provenance, Table


def to_json(table: Table) -> str:
    """The table as JSON, ending with a line break. Numbers are in base units; what is not there is null, never NaN."""
    return json.dumps(as_object(table), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_object(table: Table) -> dict[str, Any]:
    """What `to_json` writes, as plain Python objects.

    `columns` is a list with `key`, `header`, `kind` and how the column is to be read; `rows` a list with `id`,
    `label`, `baseline`, `group` and `cells`, a mapping from a column's key to `value`, `std`, `low` and `high` (of
    its interval), `n`, `n_planned`, `text`, `best`, `second`, `notes` (marks) and `runs`; `notes` a list of `mark`
    (null for what holds for all) and `text`; `provenance` null, or the studies with the fingerprint of their
    trials, the runs, the code and when the table was made.
    """
    return {
        "study": table.study,
        "title": table.title,
        "scale": table.scale,
        "caption": table.caption,
        "label": table.label,
        "row_header": table.row_header,
        "columns": [_column(head) for head in table.columns],
        "rows": [
            {
                "id": row.id,
                "label": row.label,
                "baseline": row.baseline,
                "group": row.group,
                "cells": {head.key: _cell(cell) for head, cell in zip(table.columns, row.cells, strict=True)},
            }
            for row in table.rows
        ],
        "notes": [{"mark": note.mark, "text": note.text} for note in table.notes],
        "provenance": _provenance(table.provenance),
    }


def _provenance(provenance: Provenance | None) -> dict[str, Any] | None:
    if provenance is None:
        return None
    studies = [{"study": name, "fingerprint": digest} for name, digest in provenance.studies]
    return {"studies": studies, "runs": list(provenance.runs), "code": provenance.code, "made": provenance.made}


def _column(head: Head) -> dict[str, Any]:
    return {
        "key": head.key,
        "header": head.header,
        "kind": head.kind,
        "group": head.group,
        "metric": head.metric,
        "format": head.format,
        "unit": head.unit,
        "aggregate": head.aggregate,
        "better": head.better,
        "counted": head.counted,
        "interval": head.interval,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "value": cell.value,
        "std": cell.std,
        "low": cell.low,
        "high": cell.high,
        "n": cell.n,
        "n_planned": cell.n_planned,
        "text": cell.text,
        "best": cell.best,
        "second": cell.second,
        "notes": list(cell.marks),
        "runs": list(cell.runs),
    }
