"""From a search to a study: which of its points are trained anew, beside what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.search.choosing import candidates, spread
from analysis.search.first_points import first_points, trial_of
from analysis.search.tally import search_on, tally
from analysis.search.words import descriptions, listed
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
TOP = 3
"""So many are chosen where nothing else is said and the search has as many."""


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
        first: whether the search was given it as a first point.
    """

    id: str
    label: str
    config: TrialConfig
    settings: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    trial: SearchedTrial | None = None
    rank: int | None = None
    first: bool = False

    @property
    def left_out(self) -> bool:
        """Whether it is a point that the search did not train: it breaks a constraint, or cannot be built."""
        return self.trial is not None and self.trial.state == "infeasible"

    @property
    def unbuilt(self) -> bool:
        """Whether its network cannot be built."""
        return self.left_out and self.trial is not None and not self.trial.violations


@dataclass(frozen=True)
class Promotion:
    """The rows of a promoted study.

    Attributes:
        given: what is compared with, first points before others.
        found: what the search found.
        unbuilt: the labels of first points that are no rows, because their networks cannot be built.
    """

    given: tuple[PromotedRow, ...]
    found: tuple[PromotedRow, ...]
    unbuilt: tuple[str, ...] = ()

    @property
    def baseline(self) -> PromotedRow | None:
        """The first first point that the search did not leave out; where it left out all of them the first row."""
        kept = (row for row in self.given if row.first and not row.left_out)
        return next(kept, self.given[0] if self.given else None)

    @property
    def rows(self) -> tuple[PromotedRow, ...]:
        """All of them, in their order."""
        return self.given + self.found


def promote(result: SearchResult, top: int | None, beside: Sequence[str] = ()) -> Promotion:
    """The rows: the `top` best, or as many of the front spread over it, beside the first points and others.

    A chosen point that is a first point, or a row beside, is there once, as what it is compared with.

    Args:
        result: the search.
        top: how many are chosen; None: three, or as many as there are.
        beside: more rows to compare with, `study/variant` each, of studies in the folder of the search.

    Raises:
        InputError: where fewer trials are complete than are to be chosen; for a row beside that is not there.
    """
    chosen = _chosen(result, top)
    points = [*(trial.point for trial in chosen), *result.search.first]  # all are told apart by the same dimensions
    words = descriptions(points, result.search.space.dimensions)
    first = _first_rows(result, words[len(chosen) :])
    unbuilt = tuple(row.label for row in first if row.unbuilt)
    given = _once([*(row for row in first if not row.unbuilt), *_beside_rows(result.search, beside)])
    by_identity = {_identity(row.config): place for place, row in enumerate(given)}
    found = []
    for rank, (trial, label) in enumerate(zip(chosen, words[: len(chosen)], strict=True), start=1):
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
    return Promotion(tuple(rows[: len(given)]), tuple(rows[len(given) :]), unbuilt)


def _chosen(result: SearchResult, top: int | None) -> list[SearchedTrial]:
    source = f"--top {top}"
    if top is not None and top < 1:
        raise InputError.at(source, "promotes nothing", "--top 1 promotes the best")
    found = candidates(result)
    if not found:
        what = f"no trial is complete yet. {tally(result)}".removesuffix(".")
        raise InputError.at(f"hglab promote {result.search.study.path}", what, search_on(result))
    if top is None:
        top = min(TOP, len(found))
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

    return replace(promotion, given=tuple(map(mended, promotion.given)), found=tuple(map(mended, promotion.found)))


def promoted_seeds(promotion: Promotion, study: ExpandedStudy, search: ExpandedSearch, count: int) -> tuple[int, ...]:
    """The seeds that rows are trained with: from 0, or after the search's where one of them would be its own trial.

    Where nothing made the search cheaper, the search's seed gives the very trial by which a row was chosen, luck
    included. With seeds that begin after it no row has that trial.

    Args:
        promotion: the rows.
        study: the promoted study, expanded at the scale of the search.
        search: the search.
        count: how many.
    """
    made = {variant.id: _identity(variant.config) for variant in study.variants}
    same = any(row.rank is not None and made[row.id] == _identity(row.config) for row in promotion.rows)
    begin = search.trial_seed + 1 if same and search.trial_seed < count else 0
    return tuple(range(begin, begin + count))


def cautions(promotion: Promotion) -> list[str]:
    """What is amiss with first points that the search left out, and which row is the baseline for that."""
    said = []
    left_out = [row for row in promotion.given if row.first and row.left_out]
    for row in left_out:
        broken = listed(list((row.trial.violations if row.trial else None) or {}))
        said.append(f"'{row.label}' was left out by the search, it breaks {broken}: it is here to compare with.")
    said += [f"'{label}' is no row: its network cannot be built." for label in promotion.unbuilt]
    baseline = promotion.baseline
    if said and baseline is not None:
        if baseline.left_out:
            said.append(f"The search trained none of its first points, so '{baseline.label}' stays the baseline.")
        else:
            said.append(f"The baseline is '{baseline.label}'.")
    return said


def _first_rows(result: SearchResult, words: Sequence[str]) -> list[PromotedRow]:
    """The first points; `words` describe those that come from no other study."""
    rows = []
    for place, (first, label) in enumerate(zip(first_points(result.search), words, strict=True), start=1):
        trial = trial_of(result, first.point)
        name = trial.name if trial else f"first{place}"
        if first.reference:
            name = first.reference.partition("/")[2]
        config = result.search.config(first.point)
        settings = first.settings if first.reference else _in_full(result.search, first.point)
        label = first.label if first.reference else label
        rows.append(PromotedRow(name, label, config, settings, first.reference, trial, first=True))
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
            seen[_identity(row.config)] = replace(row, trial=known.trial, first=known.first)
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
