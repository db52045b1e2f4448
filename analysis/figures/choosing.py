"""Which variants a figure shows, on which axes, and how each of them looks there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.material import Material
from analysis.figures.style import LOOKS, MOST, Look
from analysis.statistics import summarise
from search_space.metrics import HEADLINE, METRICS

if TYPE_CHECKING:
    from search_space import Variant

_MOST_PANELS = 4


@dataclass(frozen=True)
class Choice:
    """The variants of a figure, in panels of as many as one can tell apart, and a note where some were left out."""

    panels: tuple[tuple[Variant, ...], ...]
    note: str | None = None

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All of them, each once, in their order."""
        return tuple({variant.id: variant for panel in self.panels for variant in panel}.values())


def choose(material: Material, wanted: Sequence[str], having: Sequence[Variant]) -> Choice:
    """The variants of `having` that are shown: those `wanted` in that order, or all in the study's.

    More than eight are spread over several panels, each with the baseline; of more than four panels' worth, the best by
    the headline metric are shown and the note says so.
    """
    variants = [variant for name in wanted for variant in having if variant.id == name] if wanted else list(having)
    note = None
    room = _MOST_PANELS * (MOST - 1)
    if len(variants) > room and not wanted:
        kept = {variant.id for variant in _best(material, variants, room)}
        best = METRICS[HEADLINE].header
        note = f"The {room} best by {best} of {len(variants)} variants; --option variants=a,b picks others."
        variants = [variant for variant in variants if variant.id in kept]
    return Choice(_in_panels(variants), note)


def looks(panel: Sequence[Variant]) -> Mapping[str, Look]:
    """How each variant of a panel looks, by its id. The baseline, where there is one, is always the first look."""
    ordered = sorted(panel, key=lambda variant: not variant.baseline)
    return {variant.id: look for variant, look in zip(ordered, LOOKS, strict=False)}


def _in_panels(variants: Sequence[Variant]) -> tuple[tuple[Variant, ...], ...]:
    if len(variants) <= MOST:
        return (tuple(variants),) if variants else ()
    baseline = [variant for variant in variants if variant.baseline]
    others = [variant for variant in variants if not variant.baseline]
    count = math.ceil(len(others) / (MOST - len(baseline)))
    size, longer = divmod(len(others), count)  # as even as can be: 5 and 4 rather than 8 and 1
    panels, begin = [], 0
    for number in range(count):
        end = begin + size + (number < longer)
        panels.append((*baseline, *others[begin:end]))
        begin = end
    return tuple(panels)


def _best(material: Material, variants: Sequence[Variant], count: int) -> list[Variant]:
    def rank(variant: Variant) -> float:
        summary = summarise(material.results[variant.id].values(HEADLINE).values())
        return -summary.mean if summary.n else math.inf

    baseline = [variant for variant in variants if variant.baseline]
    others = sorted((variant for variant in variants if not variant.baseline), key=rank)
    return baseline + others[: count - len(baseline)]
