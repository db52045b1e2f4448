"""A comparison table, ready to be rendered: raw numbers with their text, marks and notes. Knows no output format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from search_space.metrics import CountFormat
from search_space.table_spec import Aggregate

Kind = Literal["metric", "delta", "ratio", "paper", "config", "n", "statistic"]


@dataclass(frozen=True, slots=True)
class Head:
    """A column.

    Attributes:
        key: its name for machines, unique in the table: `pckh`, `delta_pckh`, `paper_table2_PCKh`, `n`.
        header: what stands above it.
        kind: what it shows, as in `search_space.table_spec`.
        numeric: whether it holds numbers, which are aligned at the right.
        metric: the metric of a metric, delta or ratio column, and of a paper column where the lab measures the same.
        unit: printed after each number; the raw numbers are in base units (parameters, bytes, seconds).
        better: which direction is better, for metrics and their differences.
        counted: a metric that follows from the network, exact and the same for every seed.
        group: what stands above this column and its neighbours of the same group: `PCKh by joint`.
        interval: the level of the intervals that its cells carry, in percent: 95; None where they carry none.
    """

    key: str
    header: str
    kind: Kind
    numeric: bool = True
    metric: str | None = None
    format: CountFormat | None = None
    unit: str = ""
    aggregate: Aggregate | None = None
    better: Literal["max", "min"] | None = None
    counted: bool = False
    group: str | None = None
    interval: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        value: the raw value in base units, None where there is none.
        text: what is printed, plain: `76.0 ± 0.4`.
        std: the raw standard deviation over seeds, None where there is none.
        low: the raw lower end of the value's interval (`Head.interval`), None where there is none.
        high: its upper end.
        n: how many seeds the value is taken over; None where seeds do not matter.
        n_planned: how many the study plans.
        best: whether it is to be marked as the best of its column.
        second: whether it is to be marked as the second best.
        marks: marks of the notes that belong to it, `("a",)`.
        runs: ids of the runs behind it.
    """

    value: float | int | str | bool | None
    text: str
    std: float | None = None
    n: int | None = None
    n_planned: int | None = None
    best: bool = False
    second: bool = False
    marks: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A variant: its cells in the order of the columns. Neighbours of another `group` have a rule between them."""

    id: str
    label: str
    cells: tuple[Cell, ...]
    baseline: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A line below the table; with a mark it belongs to the cells that carry the mark."""

    text: str
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a table's numbers come from.

    Attributes:
        studies: each study's name with the SHA-256 over the fingerprints of its trials.
        runs: ids of all runs behind the cells.
        code: version of hglab, and of the training code.
        made: date and time, in UTC, ISO 8601 to the second.
    """

    studies: tuple[tuple[str, str], ...]
    runs: tuple[str, ...]
    code: str
    made: str


@dataclass(frozen=True, slots=True)
class Table:
    """A comparison table. `siunitx`: whether LaTeX is to align its numbers with that package."""

    study: str
    title: str
    scale: str
    caption: str
    label: str
    row_header: str
    columns: tuple[Head, ...]
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    provenance: Provenance | None = None
    siunitx: bool = False
