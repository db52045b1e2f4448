"""The designs of a study: how `variants`, `grid`, `one_factor_at_a_time` and `leave_one_out` become rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from search_space.keys import check_key, check_value, show_value
from search_space.problems import Location, Problem, did_you_mean
from search_space.settings import Setting, read_settings
from search_space.shape import problem_of
from search_space.study import Study
from search_space.study_spec import BaselineSpec, LevelSpec
from search_space.table_spec import scattered
from search_space.yaml_loader import Document, NodePath


@dataclass(frozen=True)
class Row:
    """A row of the table before it is resolved: what it is called and what it sets."""

    id: str
    label: str
    settings: Mapping[str, Setting]
    location: Location
    baseline: bool = False
    paper: str | None = None
    from_: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class _Level:
    """One value of one factor."""

    setting: Setting
    id: str
    label: str
    paper: str | None
    group: str | None


def read_rows(study: Study, problems: list[Problem]) -> list[Row]:
    """The rows of a study's design, in the order of its table. Mistakes are added to `problems`; a search is one."""
    if study.spec.search is not None:
        problems.append(no_rows(study))
        return []
    readers = {
        "variants": _variants,
        "grid": _grid,
        "one_factor_at_a_time": _one_factor_at_a_time,
        "leave_one_out": _leave_one_out,
    }
    rows = readers[study.spec.design](study, problems)
    problems += _name_problems(rows)
    return rows


def no_rows(study: Study) -> Problem:
    """What is said of a search where rows are asked for."""
    what = f"'{study.name}' is a search, which has no variants before its best points are promoted"
    hint = "use `hglab search`, `hglab front`, `hglab promote`"
    return Problem(study.document.key_location(("search",)), what, hint)


def _variants(study: Study, problems: list[Problem]) -> list[Row]:
    document = study.document
    rows = []
    for index, spec in enumerate(study.spec.variants or ()):
        path: NodePath = ("variants", index)
        settings = read_settings(document, (*path, "set"), problems) if spec.set else {}
        where = document.value_location((*path, "id"))
        label = spec.label or spec.id
        rows.append(Row(spec.id, label, settings, where, spec.baseline, spec.paper, spec.from_, spec.group))
    if study.spec.baseline is not None:
        hint = "write `baseline: true` at that variant"
        problems.append(
            Problem(document.key_location(("baseline",)), "a study of variants names its baseline there", hint)
        )
    return rows


def _grid(study: Study, problems: list[Problem]) -> list[Row]:
    document, spec = study.document, study.spec
    factors = _factors(document, "grid", spec.grid or {}, problems)
    where = document.key_location(("grid",))
    rows = []
    for levels in itertools.product(*factors.values()):
        settings = dict(zip(factors, (level.setting for level in levels), strict=True))
        name = ",".join(level.id for level in levels)
        label = ", ".join(level.label for level in levels)
        papers = [level.paper for level in levels if level.paper]
        paper = papers[0] if len(papers) == 1 else None
        group = ", ".join(level.group for level in levels if level.group) or None
        rows.append(Row(name, label, settings, where, spec.baseline == name, paper, group=group))
    if spec.baseline is not None and not any(row.baseline for row in rows):
        hint = did_you_mean(str(spec.baseline), [row.id for row in rows])
        problems.append(Problem(document.key_location(("baseline",)), "the grid has no such variant", hint))
    return rows


def _one_factor_at_a_time(study: Study, problems: list[Problem]) -> list[Row]:
    document, spec = study.document, study.spec
    factors = _factors(document, "one_factor_at_a_time", spec.one_factor_at_a_time or {}, problems)
    rows = [_made_baseline(study, "one_factor_at_a_time", {}, "base", problems)]
    for key, levels in factors.items():
        rows += [
            Row(
                level.id,
                level.label,
                {key: level.setting},
                level.setting.value_location,
                paper=level.paper,
                group=level.group,
            )
            for level in levels
        ]
    return rows


def _leave_one_out(study: Study, problems: list[Problem]) -> list[Row]:
    document, spec = study.document, study.spec
    listed = {key: [value] for key, value in (spec.leave_one_out or {}).items()}
    factors = _factors(document, "leave_one_out", listed, problems)
    full = {key: levels[0].setting for key, levels in factors.items()}
    rows = [_made_baseline(study, "leave_one_out", full, "full", problems)]
    for key, (level,) in factors.items():
        kept = {other: setting for other, setting in full.items() if other != key}
        plain = level.label == level.id
        name, label = (
            (f"without_{_leaf(key, full)}", f"without {_leaf(key, full)}") if plain else (level.id, level.label)
        )
        rows.append(Row(name, label, kept, level.setting.key_location, paper=level.paper, group=level.group))
    return rows


def _made_baseline(
    study: Study, design: str, settings: Mapping[str, Setting], name: str, problems: list[Problem]
) -> Row:
    given = study.spec.baseline
    where = study.document.key_location((design,))
    if isinstance(given, str):
        hint = "write `baseline: {id: ..., label: ...}`"
        problems.append(
            Problem(study.document.value_location(("baseline",)), "this design makes its baseline itself", hint)
        )
        given = None
    spec = given or BaselineSpec(id=name)
    return Row(spec.id, spec.label or spec.id, settings, where, baseline=True, paper=spec.paper, group=spec.group)


def _factors(
    document: Document, design: str, listed: Mapping[str, list[Any]], problems: list[Problem]
) -> dict[str, list[_Level]]:
    """The levels of each factor. A level is a value, or `{value: ..., id: ..., label: ..., paper: ..., group: ...}`."""
    factors: dict[str, list[_Level]] = {}
    for key, values in listed.items():
        key_location = document.key_location((design, key))
        if wrong := check_key(key):
            problems.append(Problem(key_location, *wrong))
            continue
        if not values:
            problems.append(Problem(key_location, f"'{key}' lists no values", "write at least one, as in [2, 3]"))
        levels = []
        for index, item in enumerate(values):
            path: NodePath = (design, key) if design == "leave_one_out" else (design, key, index)
            level = _level(document, path, key, f"{_leaf(key, listed)}={{}}", item, problems)
            levels += [level] if level is not None else []
        if levels:
            factors[key] = levels
    return factors


def _level(
    document: Document, path: NodePath, key: str, naming: str, item: Any, problems: list[Problem]
) -> _Level | None:
    try:
        spec = LevelSpec.model_validate(item if isinstance(item, dict) else {"value": item})
    except ValidationError as error:
        problems += [problem_of(details, document, path, LevelSpec) for details in error.errors()]
        return None
    where = document.value_location((*path, "value"))
    if wrong := check_value(key, spec.value):
        problems.append(Problem(where, *wrong))
        return None
    name = spec.id or naming.format(show_value(spec.value))
    setting = Setting(spec.value, document.key_location(path[:2]), where)
    return _Level(setting, name, spec.label or name, spec.paper, spec.group)


def _leaf(key: str, among: Mapping[str, Any]) -> str:
    """The last part of a key, or all of it where two factors end alike."""
    leaf = key.rsplit(".", 1)[-1]
    return key if sum(other.rsplit(".", 1)[-1] == leaf for other in among) > 1 else leaf


def _name_problems(rows: list[Row]) -> list[Problem]:
    problems = []
    first: dict[str, Row] = {}
    for row in rows:
        if row.id in first:
            what = f"two variants are called '{row.id}' (the first in line {first[row.id].location.line})"
            problems.append(Problem(row.location, what, "give one another id"))
        first.setdefault(row.id, row)
    baselines = [row for row in rows if row.baseline]
    problems += [
        Problem(row.location, f"two variants are the baseline: '{baselines[0].id}' and '{row.id}'", "keep one")
        for row in baselines[1:]
    ]
    problems += [
        Problem(
            rows[place].location,
            f"the group '{rows[place].group}' comes back at '{rows[place].id}': its rows are not neighbours",
            "put the rows of a group one after the other",
        )
        for place in scattered([row.group for row in rows])
    ]
    return problems
