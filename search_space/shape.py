"""Mistakes in the shape of a study's file: what pydantic finds, said at its place and with how to mend it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from search_space.figure_spec import FIGURE_OPTIONS, FiguresSpec
from search_space.problems import Problem, did_you_mean
from search_space.search_spec import EXAMPLES, search_model
from search_space.study_spec import BaselineSpec, StudySpec, VariantSpec
from search_space.table_spec import TableSpec, column_model
from search_space.yaml_loader import Document, NodePath

_NAME_HINTS = {
    "study": "use letters, digits, - and _",
    "id": "use letters, digits and any of _ . = , + -",
    "from": "write STUDY/VARIANT, as in table2_blocks/hierarchical",
}


def problem_of(details: Any, document: Document, root: NodePath = (), model: type[BaseModel] = StudySpec) -> Problem:
    """A pydantic error as a problem with its place in the file; `root` is where the `model` stands."""
    data = document.data
    for part in root:
        data = data[part]
    inner = _path_in_file(details["loc"], data)
    path = (*root, *inner)
    leaf = str(details["loc"][-1])
    kind = details["type"]
    named = tuple(part for part in (*root, *details["loc"]) if isinstance(part, str))
    example = f"as in {EXAMPLES[named]}" if named in EXAMPLES else None
    if kind == "extra_forbidden":
        known = _known_keys(inner, data) if model is StudySpec else list(model.model_fields)
        return Problem(document.key_location(path), f"unknown key '{leaf}'", did_you_mean(leaf, known))
    if kind == "missing":
        return Problem(document.value_location(path), f"the key '{leaf}' is missing", example)
    message = details["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "dict_type"):
        message = "Input should be a mapping of keys"
    what, _, hint = message.partition("; ")
    name = next((part for part in reversed(path) if isinstance(part, str)), None)
    if kind == "string_pattern_mismatch":
        what = f"'{name}': {details['input']!r} is not a name"
        return Problem(document.value_location(path), what, _NAME_HINTS.get(name or "", _NAME_HINTS["id"]))
    if kind not in ("value_error", "column_kind"):
        found = "" if kind == "too_short" else f", not {_shown(details['input'])}"
        what = f"'{name}': {what[0].lower()}{what[1:]}{found}" if name else what
    return Problem(document.value_location(path), what, hint or example)


def _shown(value: Any) -> str:
    """A value of the file; null as the file writes it."""
    return "null" if value is None else repr(value)


def _path_in_file(loc: tuple[str | int, ...], data: Any) -> NodePath:
    """The part of a pydantic location that exists in the file: names of union members are left out."""
    path: list[str | int] = []
    for position, part in enumerate(loc):
        in_union = position >= 2 and loc[position - 2] == "columns" and isinstance(loc[position - 1], int)
        if in_union:
            continue
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            continue
        path.append(part)
    return tuple(path)


def _known_keys(path: NodePath, data: Any) -> list[str]:
    model: type[BaseModel] = StudySpec
    parent = path[:-1]
    if parent[:1] == ("variants",):
        model = VariantSpec
    elif parent[:1] == ("baseline",):
        model = BaselineSpec
    elif parent[:2] == ("table", "columns"):
        model = column_model(data["table"]["columns"][parent[2]])
    elif parent[:1] == ("table",):
        model = TableSpec
    elif parent[:1] == ("search",):
        model = search_model(parent)
    elif parent[:1] == ("figures",):
        model = FiguresSpec if len(parent) == 1 else FIGURE_OPTIONS[str(parent[1])]
    return [field.alias or name for name, field in model.model_fields.items()]
