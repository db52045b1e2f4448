"""The points of a search as variants of a study, so that their networks can be looked at as those of any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from search_space import ExpandedStudy, InputError, Variant
from search_space.problems import did_you_mean

if TYPE_CHECKING:
    from runners.job import Places
    from runners.search.results import SearchResult
    from search_space import ExpandedSearch, Point

_MOST = 10
FIRST = "first"
"""First points are called first1, first2, ...; points that were proposed by their number, p0, p1, ..."""


def search_networks(
    search: ExpandedSearch, path: Path, places: Places, storage: str | None, name: str | None
) -> tuple[ExpandedStudy, dict[str, str]]:
    """Points of a search as a study of variants: the one of this name, or the first points and the best found so far.

    Of first points that were proposed also the names that they have since: `first1` is `p0`, and stands there once.

    Raises:
        InputError: for a name of no point, and for a search that has no point yet.
    """
    from cli.search_state import done_so_far

    done = done_so_far(search, places, storage)
    also: dict[str, str] = {}
    points = {f"{FIRST}{place}": point for place, point in enumerate(search.first, start=1)}
    if name is None:
        also = _proposed(done, points)
        points |= {key: point for key, point in _best(done).items() if key not in also.values()}
        if not points:
            hint = f"hglab search {path}; its space stands in: hglab plan {path}"
            raise InputError.at(str(path), "the search has no first points and has not begun", hint)
    else:
        points |= {trial.name: trial.point for trial in (done.trials if done else ())}
        if name not in points:
            raise InputError.at(f"{path}/{name}", f"the search has no point '{name}'", _hint(name, list(points)))
        points = {name: points[name]}
    variants = tuple(_variant(search, each, point, path) for each, point in points.items())
    return ExpandedStudy(search.study, search.scale, search.overrides, variants, ()), also


def _proposed(done: SearchResult | None, first: Mapping[str, Point]) -> dict[str, str]:
    """The number of each first point that was proposed, by what it is called."""
    from analysis.search.first_points import trial_of

    found = {name: trial_of(done, point) for name, point in first.items()} if done is not None else {}
    return {name: trial.name for name, trial in found.items() if trial is not None}


def _best(done: SearchResult | None) -> dict[str, Point]:
    """The best of a search, or some of its front, by name."""
    from cli.search_text import some_of

    if done is None:
        return {}
    best = done.ranked[:_MOST] if len(done.search.objectives) == 1 else some_of(done.front, done.search, _MOST)
    return {trial.name: trial.point for trial in best}


def _hint(name: str, known: list[str]) -> str:
    """Which points there are: the first and the last number, where they are many."""
    first = [each for each in known if each.startswith(FIRST)]
    numbered = [each for each in known if not each.startswith(FIRST)]
    if len(numbered) > 1 and name.startswith("p"):
        return f"its points are {numbered[0]} to {numbered[-1]}"
    return did_you_mean(name, [*first, *numbered]) if known else "it has not begun, and has no first points"


def _variant(search: ExpandedSearch, name: str, point: Point, path: Path) -> Variant:
    from search_space import Location

    config = search.config(point)
    return Variant(name, search.label(point), False, None, dict(point), config, Location(f"{path}/{name}"))
