"""What came out: from the record to one tidy frame, and from the frame to the tables of a paper.

Reads the record and `search_space` only: nothing here needs torch, Ray, MLflow or a GPU. Importing this package imports
nothing; each name is loaded when it is first used. A table becomes text with `analysis.render.render`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.frame import trial_frame
    from analysis.table import build_table
    from analysis.table_model import Cell, Head, Note, Row, Table

__all__ = ["Cell", "Head", "Note", "Row", "Table", "build_table", "trial_frame"]

_HOMES = {
    "Cell": "analysis.table_model",
    "Head": "analysis.table_model",
    "Note": "analysis.table_model",
    "Row": "analysis.table_model",
    "Table": "analysis.table_model",
    "build_table": "analysis.table",
    "trial_frame": "analysis.frame",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
