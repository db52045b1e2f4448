"""The points that a search tried first: what each is called, and which trials they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.search.words import describe, descriptions, names_of
from search_space import read_study
from search_space.designs import read_rows
from search_space.problems import InputError

if TYPE_CHECKING:
    from runners.search.results import SearchedTrial, SearchResult
    from search_space import ExpandedSearch, Point


@dataclass(frozen=True)
class FirstPoint:
    """A point that was tried first.

    Attributes:
        name: a short one: the variant's id, else what tells the first points apart in words.
        label: what it is in a table: the variant's label, else the same words.
        point: the point.
        reference: the `study/variant` that it comes from; None where the study states it in full.
        settings: what the study sets besides.
    """

    name: str
    label: str
    point: Point
    reference: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def first_points(search: ExpandedSearch) -> tuple[FirstPoint, ...]:
    """The first points of a search, in the order of the study."""
    spec = search.study.spec.search
    written = spec.first if spec is not None else ()
    words = descriptions(search.first, search.space.dimensions)
    names = names_of(each.key for each in search.space.dimensions)
    found = []
    for said, given, reference, point in zip(words, written, search.first_from, search.first, strict=True):
        own = {key: point[key] for key in point if key in given}
        name, label = said, said
        if reference is not None:
            besides = describe(own, tuple(own), names)
            name, label = reference.partition("/")[2], label_of(search.study.path, reference)
            name, label = (f"{each}, {besides}" if besides else each for each in (name, label))
        found.append(FirstPoint(name, label, point, reference, own))
    return tuple(found)


def label_of(path: Path, reference: str) -> str:
    """The label of `study/variant`, a study beside the one at `path`; its id where the study cannot be read now."""
    name, _, variant = reference.partition("/")
    try:
        rows = read_rows(read_study(path.parent / f"{name}.yaml"), [])
    except (InputError, OSError):
        return variant
    return next((row.label for row in rows if row.id == variant), variant)


def first_trials(result: SearchResult) -> dict[int, FirstPoint]:
    """The first points that the search has proposed so far, by the number of the trial."""
    found: dict[int, FirstPoint] = {}
    for first in first_points(result.search):
        if (trial := trial_of(result, first.point)) is not None:
            found.setdefault(trial.number, first)
    return found


def trial_of(result: SearchResult, point: Point) -> SearchedTrial | None:
    """The trial of a point; of several (repetitions) the one that counts."""
    same = [trial for trial in result.trials if dict(trial.point) == dict(point)]
    return min(same, key=lambda trial: (trial.duplicate_of is not None, trial.number), default=None)
