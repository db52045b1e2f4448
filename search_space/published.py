"""The numbers that the paper published, as data: facts of its tables, with its known slips noted."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

from search_space.yaml_loader import load_text


@dataclass(frozen=True)
class PublishedTable:
    """One table of the paper: rows by name, each a number for every column."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[float, ...]]
    note: str | None

    def value(self, row: str, column: str) -> float:
        """The printed number. Raises KeyError or ValueError where the table has no such row or column."""
        return self.rows[row][self.columns.index(column)]


@functools.cache
def published_tables() -> Mapping[str, PublishedTable]:
    """Every published table by its name (`table1` ...)."""
    text = resources.files("search_space").joinpath("published.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = load_text(text, "published.yaml").data
    return MappingProxyType(
        {
            name: PublishedTable(
                name,
                table["caption"],
                tuple(table["columns"]),
                MappingProxyType({row: tuple(map(float, values)) for row, values in table["rows"].items()}),
                table.get("note"),
            )
            for name, table in raw.items()
        }
    )
