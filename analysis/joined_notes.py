"""What is said below a table of several studies: what holds for all, what for one, what must not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.joined_part import Part
from analysis.notes import general_notes, marking_notes
from analysis.table_model import Cell, Head, Note
from search_space.table_spec import MetricColumn

_DIGITS = 12  # of a data set's version, enough to tell two apart


def notes_of_all(
    parts: Sequence[Part],
    specs: Sequence[MetricColumn | None],
    heads: Sequence[Head],
    columns: Sequence[Sequence[Cell]],
    same: Sequence[int],
) -> list[Note]:
    """What holds for the whole table, or for a whole study of it, which is then named.

    Args:
        parts: the studies.
        specs: for each column how its best was marked, None where it was not.
        heads: the columns.
        columns: their cells.
        same: for each row the first row that is the same trials.
    """
    said = [*_differences(parts), *_settings(parts)]
    if any(head.kind in ("delta", "ratio") for head in heads):
        said.append("Differences and ratios are taken within each study, to its own baseline.")
    said += marking_notes(specs, heads, columns)
    said += _shared_rows(parts, same)
    return [Note(text) for text in said]


def _settings(parts: Sequence[Part]) -> list[str]:
    """The general notes of the studies' own tables: what all say, once; what some say, with their names before it."""
    by_text: dict[str, list[str]] = {}
    for part in parts:
        width = len(part.table.columns)
        cells = [
            [replace(row.cells[place], best=False, second=False) for row in part.table.rows] for place in range(width)
        ]
        for note in general_notes(part.plan, part.table.columns, cells):  # nothing marked: that is said for all at once
            by_text.setdefault(note.text, []).append(part.name)
    by_names: dict[tuple[str, ...], list[str]] = {tuple(part.name for part in parts): []}
    for text, names in by_text.items():
        by_names.setdefault(tuple(names), []).append(text)
    (_, shared), *some = by_names.items()
    return shared + [f"{_and(names)}: {' '.join(texts)}" for names, texts in some]


def _differences(parts: Sequence[Part]) -> list[str]:
    """What makes rows of different studies incomparable: scales, data sets, versions of one data set."""
    said = []
    by_scale: dict[str, list[str]] = {}
    by_data: dict[str, list[str]] = {}
    versions: dict[str, dict[str, list[str]]] = {}
    for part in parts:
        by_scale.setdefault(part.plan.expanded.scale, []).append(part.name)
        by_data.setdefault(_and(sorted(part.plan.data_versions)), []).append(part.name)
        for data, version in part.plan.data_versions.items():
            versions.setdefault(data, {}).setdefault(version, []).append(part.name)
    if len(by_scale) > 1:
        said.append(f"The studies are of different scales, which do not compare: {_listed(by_scale)}.")
    if len(by_data) > 1:
        said.append(f"The studies are of different data, which do not compare: {_listed(by_data)}.")
    for data, found in versions.items():
        if len(found) > 1:
            short = {version.removeprefix(f"{data}-")[:_DIGITS]: names for version, names in found.items()}
            said.append(f"The studies are of different versions of the data set {data}: {_listed(short)}.")
    return said


def _shared_rows(parts: Sequence[Part], same: Sequence[int]) -> list[str]:
    """Which rows of different studies are the same trials."""
    rows = [(part.name, row) for part in parts for row in part.table.rows]
    pairs = [
        f"‘{row.label}’ of {name} and ‘{rows[first][1].label}’ of {rows[first][0]}"
        for place, ((name, row), first) in enumerate(zip(rows, same, strict=True))
        if first != place
    ]
    return [f"The same trials, trained once: {'; '.join(pairs)}."] if pairs else []


def _listed(named: dict[str, list[str]]) -> str:
    return "; ".join(f"{what} ({_and(names)})" for what, names in named.items())


def _and(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
