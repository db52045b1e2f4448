"""A study of three rows and one column, and how tests look into a table."""

from __future__ import annotations

from analysis.table_model import Cell, Table

PAIR = """
study: pair
seeds: [{seeds}]
variants:
  - {{id: one, baseline: true}}
  - {{id: two, set: {{block.width: 1.0}}}}
  - {{id: three, set: {{block.width: 0.25}}}}
table:
  columns:
    - {column}
"""


def cell(table: Table, row: str, key: str) -> Cell:
    place = [head.key for head in table.columns].index(key)
    return next(each for each in table.rows if each.id == row).cells[place]


def note(table: Table, mark: str) -> str:
    return next(each.text for each in table.notes if each.mark == mark)
