"""From a search to a study: which of its points are trained anew, beside what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.search.choosing import candidates, spread
from analysis.search.first_points import first_points, trial_of
from analysis.search.tally import tally
from analysis.search.words import descriptions
from search_space import InputError, Location, Problem
from search_space.conditions import unmet
from search_space.identity import canonical
from search_space.keys import assemble, flatten
from search_space.scales import scale_settings
from search_space.variant_beside import find_variant

if TYPE_CHECKING:
    from runners.search.results import SearchedTrial, SearchResult
    from search_space import ExpandedSearch, ExpandedStudy, Point, TrialConfig, Variant

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
            found.append(
                PromotedRow(trial.name, label, config, _in_full(result.search, trial.point), None, trial, rank)
            )
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


def faithful(promotion: Promotion, study: ExpandedStudy, search: ExpandedSearch) -> Promotion:
    """The same rows, those of other studies with what keeps them as they were in the search.

    A row that comes from another study has its other settings from the scale and from the promoted study's base, which
    may differ from what the search took them to be.

    Args:
        promotion: the rows.
        study: the promoted study, expanded at the scale of the search.
        search: the search.
    """
    made = {variant.id: flatten(variant.config) for variant in study.variants}

    def mended(row: PromotedRow) -> PromotedRow:
        wanted, there = flatten(row.config), made[row.id]
        apart = {
            key: wanted[key]
            for key in search.space.by_key
            if wanted[key] != there[key] and unmet(key, wanted) is None and key not in (search.budget or {})
        }
        return replace(row, settings={**row.settings, **apart}) if row.reference and apart else row

    return Promotion(tuple(map(mended, promotion.given)), tuple(map(mended, promotion.found)))


def _first_rows(result: SearchResult) -> list[PromotedRow]:
    rows = []
    for place, first in enumerate(first_points(result.search), start=1):
        trial = trial_of(result, first.point)
        name = trial.name if trial else f"first{place}"
        if first.reference:
            name = first.reference.partition("/")[2]
        config = result.search.config(first.point)
        settings = first.settings if first.reference else _in_full(result.search, first.point)
        rows.append(PromotedRow(name, first.label, config, settings, first.reference, trial))
    return rows


def _in_full(search: ExpandedSearch, point: Point) -> dict[str, Any]:
    """A point with those dimensions, too, that mean something there and have the base's value."""
    settings = search.space.settings(point)
    return {key: settings[key] for key in search.space.by_key if key in point or unmet(key, settings) is None}


def _beside_rows(search: ExpandedSearch, references: Sequence[str]) -> list[PromotedRow]:
    """Rows of other studies, `study/variant`. Raises InputError with every one that is not there."""
    problems: list[Problem] = []
    rows = []
    for reference in references:
        where = Location(f"--beside {reference}")
        if "/" not in reference:
            problems.append(Problem(where, "names no variant", "write STUDY/VARIANT, as in table2_blocks/hierarchical"))
            continue
        variant = find_variant(search.study, reference, where, search.scale, {}, problems)
        if variant is not None:
            config = assemble(_beside_settings(search, variant), search.trial_seed)
            rows.append(PromotedRow(variant.id, variant.label, config, reference=reference))
    if problems:
        raise InputError(problems)
    return rows


def _beside_settings(search: ExpandedSearch, variant: Variant) -> dict[str, Any]:
    """What a variant of another study trains in the conditions of the search: its own settings over the search's."""
    flat = flatten(variant.config)
    own = {key: flat[key] for key in flat if key in search.space.by_key or _is_said(variant, key, search.scale)}
    return {**search.settings, **own, **(search.budget or {}), **search.overrides}


def _is_said(variant: Variant, key: str, scale: str) -> bool:
    """Whether the variant's study says this, and not the scale alone."""
    under = scale_settings(scale).get(key)
    return key in variant.origins and (under is None or variant.origins[key] != under.value_location)


def _once(rows: Sequence[PromotedRow]) -> list[PromotedRow]:
    """The rows, those that train the same as one, by the name that another study has for it."""
    seen: dict[str, PromotedRow] = {}
    for row in rows:
        known = seen.setdefault(_identity(row.config), row)
        if known.reference is None and row.reference is not None:
            seen[_identity(row.config)] = replace(row, trial=known.trial)
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
