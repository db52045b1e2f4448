"""The points that a search tries first: `search.first`, each a few settings over the base or a variant of a study.

A point `from` a variant is the network of that variant: each dimension has its value there, and what the variant sets
and the search does not vary must be the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_space.conditions import unmet
from search_space.dimensions import Dimension
from search_space.keys import flatten, show_value
from search_space.problems import Problem, did_you_mean
from search_space.settings import Settings, read_settings, values
from search_space.space import Point, Space
from search_space.study import Study
from search_space.variant_beside import find_variant
from search_space.yaml_loader import Document, NodePath


@dataclass(frozen=True)
class FirstPoint:
    """A point of `first:` as it is written: its own settings, and all those of the variant that it comes `from`."""

    index: int
    path: NodePath
    settings: Settings
    variant: Mapping[str, Any]
    from_: str | None

    @property
    def name(self) -> str:
        """What messages call it: `the first point 2`."""
        return f"the first point {self.index + 1}" + (f" ({self.from_})" if self.from_ else "")


def read_first(study: Study, scale: str, fixed: Settings, problems: list[Problem]) -> list[FirstPoint]:
    """The first points of a search.

    Args:
        study: the search.
        scale: at which variants are taken that points come from.
        fixed: the search's budget and the command line, which lie over these variants, too.
        problems: where mistakes are added.
    """
    search = study.spec.search
    found = []
    for index, given in enumerate(search.first if search else ()):
        path: NodePath = ("search", "first", index)
        from_, variant = given.get("from"), None
        if "from" in given:
            where = study.document.value_location((*path, "from"))
            if isinstance(from_, str) and "/" in from_:
                variant = find_variant(study, from_, where, scale, fixed, problems)
            else:
                hint = "write STUDY/VARIANT, as in table2_blocks/hierarchical"
                problems.append(Problem(where, f"'from' names no variant: {show_value(from_)}", hint))
                continue
        own = read_settings(_without_from(study.document), path, problems)
        found.append(FirstPoint(index, path, own, flatten(variant.config) if variant else {}, from_))
    return found


def first_points(study: Study, read: list[FirstPoint], space: Space, problems: list[Problem]) -> tuple[Point, ...]:
    """The first points as points of the space.

    Args:
        study: the search.
        read: what `read_first` returned.
        space: the space of the search.
        problems: where those are added of points outside of the space, and of points that stand twice.
    """
    points: list[Point] = []
    for first in read:
        found = _strangers(study, first, space)
        point = None if found else _point(study, first, space, found)
        if point is not None:
            if point in points:
                what = f"{first.name} is the same as the first point {points.index(point) + 1}"
                found.append(Problem(study.document.value_location(first.path), what, "remove one"))
            points.append(point)
        problems += found
    return tuple(points)


def _strangers(study: Study, first: FirstPoint, space: Space) -> list[Problem]:
    """Settings of a point's own that are no dimensions."""
    return [
        Problem(setting.key_location, f"'{key}' is no dimension of the space", did_you_mean(key, space.by_key))
        for key, setting in first.settings.items()
        if key not in space.by_key
    ]


def _point(study: Study, first: FirstPoint, space: Space, found: list[Problem]) -> Point | None:
    """The point of the space that is meant; None where there is none, and why is added to `found`."""
    there = {**space.under, **first.variant, **values(first.settings)}
    asked = ""

    def choose(dimension: Dimension) -> Any:
        nonlocal asked
        asked = dimension.key
        return there[dimension.key]

    try:
        point = space.walk(choose)
    except ValueError as error:
        own = first.settings.get(asked)
        where = own.value_location if own else study.document.value_location(first.path)
        source = "" if own else ", from the variant" if first.variant else ", from the base"
        what = f"{first.name} is outside of the space: {error}{source}"
        found.append(Problem(where, what, _inside(space.by_key[asked]) if own else f"set '{asked}' in the point"))
        return None
    at_point = space.settings(point)
    for key, setting in first.settings.items():
        if key not in point:
            condition, need = unmet(key, at_point), space.by_key[key].lacking(at_point)
            why = str(condition) if condition else f"'{key}' varies only where {need}"
            found.append(Problem(setting.key_location, f"{why}, and not in {first.name}", "remove it"))
    for key, value in first.variant.items():
        if key not in first.settings and value != at_point[key] and unmet(key, there) is None:
            what = f"'{key}' is {show_value(value)} there, {show_value(at_point[key])} in the search"
            hint = f"set '{key}' in the base or as a dimension" if key not in space.by_key else "change the `if:`"
            where = study.document.value_location((*first.path, "from"))
            found.append(Problem(where, f"{first.name} is outside of the space: {what}", hint))
    return None if found else point


def _inside(dimension: Dimension) -> str:
    """How a point is brought into the space: by a value of the dimension, its first for example."""
    example = show_value(dimension.value(0) if dimension.size is not None else dimension.low)
    return f"write one of its values, as in {dimension.key}: {example}, or widen '{dimension.key}' in the space"


def _without_from(document: Document) -> Document:
    """The document with `from` taken out of the first points, so that the rest of each are settings."""
    search = document.data["search"]
    first = [{key: value for key, value in point.items() if key != "from"} for point in search["first"]]
    return replace(document, data={**document.data, "search": {**search, "first": first}})
