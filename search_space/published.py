"""The numbers that the paper published, as data: facts of its tables, with its known slips noted."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

from search_space.yaml_loader import load_text

Value = float | str | None
"""A number as printed; words where the paper gives no number (`up to 10`); None where it says nothing."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of the paper, or what it says in a figure or in words: rows by name, a value for every column.

    `source` is where it stands: `Table 2`.
    """

    name: str
    source: str
    caption: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[Value, ...]]
    note: str | None

    def value(self, row: str, column: str) -> Value:
        """What is printed. Raises KeyError or ValueError where the table has no such row or column."""
        return self.rows[row][self.columns.index(column)]

    def numbers(self, column: str) -> list[float]:
        """The numbers of a column, without words and gaps. Raises ValueError where the table has no such column."""
        place = self.columns.index(column)
        return [value for row in self.rows.values() if isinstance(value := row[place], float)]


@functools.cache
def published_tables() -> Mapping[str, PublishedTable]:
    """Every published table by its name (`table1` ...)."""
    text = resources.files("search_space").joinpath("published.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = load_text(text, "published.yaml").data
    return MappingProxyType(
        {
            name: PublishedTable(
                name,
                table["source"],
                table["caption"],
                tuple(table["columns"]),
                MappingProxyType({row: tuple(map(_value, values)) for row, values in table["rows"].items()}),
                table.get("note"),
            )
            for name, table in raw.items()
        }
    )


def _value(raw: Any) -> Value:
    return float(raw) if isinstance(raw, int | float) else raw
