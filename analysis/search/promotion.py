"""From a search to a study: which of its points are trained anew, beside what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.search.choosing import candidates, spread
from analysis.search.first_points import first_points, label_of, trial_of
from analysis.search.tally import tally
from analysis.search.words import descriptions
from search_space import InputError, Location, Problem
from search_space.expand import referred
from search_space.identity import canonical
from search_space.keys import assemble
from search_space.settings import values

if TYPE_CHECKING:
    from runners.search.results import SearchedTrial, SearchResult
    from search_space import ExpandedSearch, TrialConfig

GIVEN = "For comparison"
FOUND = "Found by the search"


@dataclass(frozen=True)
class PromotedRow:
    """A row of the promoted study.

    Attributes:
        id: of the variant.
        label: of the variant.
        config: what it trained, or would train, in the search.
        settings: what it sets; of one that comes from another study only what it sets besides.
        reference: the `study/variant` that it comes from; None where it sets its point.
        trial: its trial in the search, if it had one.
        rank: its place among the chosen, from 1; None for one that is there for comparison alone.
    """

    id: str
    label: str
    config: TrialConfig
    settings: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    trial: SearchedTrial | None = None
    rank: int | None = None


@dataclass(frozen=True)
class Promotion:
    """The rows of a promoted study: what is compared with, the baseline first, and what the search found."""

    given: tuple[PromotedRow, ...]
    found: tuple[PromotedRow, ...]

    @property
    def rows(self) -> tuple[PromotedRow, ...]:
        """All of them, in their order."""
        return self.given + self.found


def promote(result: SearchResult, top: int, beside: Sequence[str] = ()) -> Promotion:
    """The rows: the `top` best, or as many of the front spread over it, beside the first points and others.

    A chosen point that is a first point, or a row beside, is there once, as what it is compared with.

    Args:
        result: the search.
        top: how many are chosen.
        beside: more rows to compare with, `study/variant` each, of studies in the folder of the search.

    Raises:
        InputError: where fewer trials are complete than are to be chosen; for a row beside that is not there.
    """
    chosen = _chosen(result, top)
    given = _once([*_first_rows(result), *_beside_rows(result.search, beside)])
    by_identity = {_identity(row.config): place for place, row in enumerate(given)}
    found = []
    points = [*(trial.point for trial in chosen), *result.search.first]  # told apart from what they stand beside, too
    words = descriptions(points, result.search.space.dimensions)[: len(chosen)]
    for rank, (trial, label) in enumerate(zip(chosen, words, strict=True), start=1):
        config = result.search.config(trial.point)
        place = by_identity.get(_identity(config))
        if place is not None:
            given[place] = replace(given[place], rank=rank, trial=trial)
        else:
            found.append(PromotedRow(trial.name, label, config, trial.point, None, trial, rank))
    ids = _distinct([row.id for row in (*given, *found)])
    rows = [replace(row, id=name) for row, name in zip((*given, *found), ids, strict=True)]
    return Promotion(tuple(rows[: len(given)]), tuple(rows[len(given) :]))


def _chosen(result: SearchResult, top: int) -> list[SearchedTrial]:
    source = f"--top {top}"
    if top < 1:
        raise InputError.at(source, "promotes nothing", "--top 1 promotes the best")
    found = candidates(result)
    if not found:
        raise InputError.at(f"hglab promote {result.search.study.path}", f"no trial is complete yet. {tally(result)}",
                            "run the search on: `hglab search STUDY`")  # fmt: skip
    if top > len(found):
        what = "the front has" if len(result.search.objectives) > 1 else "complete are"
        one = "trial" if len(found) == 1 else "trials"
        raise InputError.at(source, f"{what} only {len(found)} {one}", f"--top {len(found)} promotes all of them")
    return list(found[:top]) if len(result.search.objectives) == 1 else spread(found, result.search.objectives, top)


def _first_rows(result: SearchResult) -> list[PromotedRow]:
    rows = []
    for place, first in enumerate(first_points(result.search), start=1):
        trial = trial_of(result, first.point)
        name = trial.name if trial else f"first{place}"
        if first.reference:
            name = first.reference.partition("/")[2]
        config = result.search.config(first.point)
        settings = first.settings if first.reference else first.point
        rows.append(PromotedRow(name, first.label, config, settings, first.reference, trial))
    return rows


def _beside_rows(search: ExpandedSearch, references: Sequence[str]) -> list[PromotedRow]:
    """Rows of other studies, `study/variant`. Raises InputError with every one that is not there."""
    problems: list[Problem] = []
    rows = []
    for reference in references:
        where = Location(f"--beside {reference}")
        if "/" not in reference:
            problems.append(Problem(where, "names no variant", "write STUDY/VARIANT, as in table2_blocks/hierarchical"))
            continue
        settings = values(referred(search.study.path, reference, where, problems, 0))
        config = assemble({**search.settings, **settings, **(search.budget or {}), **search.overrides})
        label = label_of(search.study.path, reference)
        rows.append(PromotedRow(reference.partition("/")[2], label, config, reference=reference))
    if problems:
        raise InputError(problems)
    return rows


def _once(rows: Sequence[PromotedRow]) -> list[PromotedRow]:
    """The rows without those that train what one before them trains."""
    seen: dict[str, PromotedRow] = {}
    for row in rows:
        seen.setdefault(_identity(row.config), row)
    return list(seen.values())


def _identity(config: TrialConfig) -> str:
    """What a configuration trains, whatever the seed."""
    return canonical(config.model_copy(update={"seed": 0}), "", config.distillation.teacher)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, those that repeat an earlier one numbered: `hierarchical`, `hierarchical-2`."""
    taken: list[str] = []
    for name in names:
        number, own = 2, name
        while own in taken:
            own, number = f"{name}-{number}", number + 1
        taken.append(own)
    return taken
