"""The points that a search tries first: `search.first`, each a few settings over the base or a variant of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_space.conditions import unmet
from search_space.expand import referred
from search_space.keys import show_value
from search_space.problems import Problem, did_you_mean
from search_space.settings import Setting, Settings, read_settings, values
from search_space.space import Point, Space
from search_space.study import Study
from search_space.yaml_loader import Document, NodePath


@dataclass(frozen=True)
class FirstPoint:
    """A point of `first:` as it is written: its own settings, and those of the variant that it comes `from`."""

    index: int
    path: NodePath
    settings: Settings
    referred: Settings
    from_: str | None

    @property
    def name(self) -> str:
        """What messages call it: `the first point 2`."""
        return f"the first point {self.index + 1}" + (f" ({self.from_})" if self.from_ else "")


def read_first(study: Study, problems: list[Problem]) -> list[FirstPoint]:
    """The first points of a search. Mistakes are added to `problems`."""
    search = study.spec.search
    found = []
    for index, given in enumerate(search.first if search else ()):
        path: NodePath = ("search", "first", index)
        from_, start = given.get("from"), {}
        if "from" in given:
            where = study.document.value_location((*path, "from"))
            if isinstance(from_, str) and "/" in from_:
                start = referred(study.path, from_, where, problems, 0)
            else:
                hint = "write STUDY/VARIANT, as in table2_blocks/hierarchical"
                problems.append(Problem(where, f"'from' names no variant: {show_value(from_)}", hint))
                continue
        own = read_settings(_without_from(study.document), path, problems)
        found.append(FirstPoint(index, path, own, start, from_))
    return found


def first_points(
    study: Study, read: list[FirstPoint], space: Space, fixed: Mapping[str, Setting], problems: list[Problem]
) -> tuple[Point, ...]:
    """The first points as points of the space.

    Args:
        study: the search.
        read: what `read_first` returned.
        space: the space of the search.
        fixed: settings of the search's budget and of the command line: they hold at every point, whatever a variant
            says that a point comes from.
        problems: where those are added of points outside of the space, and of points that stand twice.
    """
    points: list[Point] = []
    for first in read:
        found = [*_strangers(study, first, space), *_elsewhere(study, first, space, fixed)]
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


def _elsewhere(study: Study, first: FirstPoint, space: Space, fixed: Mapping[str, Setting]) -> list[Problem]:
    """Settings of the variant that a point comes from which the search holds at another value."""
    there = {**space.under, **values(first.referred), **values(first.settings)}
    where = study.document.value_location((*first.path, "from"))
    return [
        Problem(
            where,
            f"{first.name} is outside of the space: '{key}' is {show_value(setting.value)} there, "
            f"{show_value(space.under[key])} in the search",
            f"make '{key}' a dimension, or set it in the base",
        )
        for key, setting in first.referred.items()
        if key not in space.by_key and key not in fixed and setting.value != space.under[key]
        if unmet(key, there) is None
    ]


def _point(study: Study, first: FirstPoint, space: Space, found: list[Problem]) -> Point | None:
    there = {**space.under, **values(first.referred), **values(first.settings)}

    def where(key: str) -> Any:
        own = first.settings.get(key)
        return own.value_location if own else study.document.value_location(first.path)

    asked = [""]

    def choose(dimension: Any) -> Any:
        asked[0] = dimension.key
        return there[dimension.key]

    try:
        point = space.walk(choose)
    except ValueError as error:
        key = asked[0]
        source = "" if key in first.settings else ", from the variant" if key in first.referred else ", from the base"
        hint = None if key in first.settings else f"set '{key}' in the point"
        found.append(Problem(where(key), f"{first.name} is outside of the space: {error}{source}", hint))
        return None
    settings = space.settings(point)
    for key, setting in first.settings.items():
        if key not in point:
            condition, need = unmet(key, settings), space.by_key[key].lacking(settings)
            why = str(condition) if condition else f"'{key}' varies only where {need}"
            found.append(Problem(setting.key_location, f"{why}, and not in {first.name}", "remove it"))
    return None if found else point


def _without_from(document: Document) -> Document:
    """The document with `from` taken out of the first points, so that the rest of each are settings."""
    search = document.data["search"]
    first = [{key: value for key, value in point.items() if key != "from"} for point in search["first"]]
    return replace(document, data={**document.data, "search": {**search, "first": first}})
