"""A study as it enters a table of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.table_model import Table

if TYPE_CHECKING:
    from runners.planning import Plan


@dataclass(frozen=True, slots=True)
class Part:
    """A study in a joined table: its plan, and the table that it has alone."""

    plan: Plan
    table: Table

    @property
    def name(self) -> str:
        """The study's name."""
        return self.plan.expanded.study.name
