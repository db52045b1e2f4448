"""What is said of trials that are not in a figure. None goes without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.material import Material, NothingToDraw
from analysis.results import SeedResult, name_seeds

if TYPE_CHECKING:
    from search_space import Variant

_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Lack:
    """A trial that a figure lacks, and why, in words."""

    label: str
    seed: int
    why: str


def complete_trials(material: Material, variants: Sequence[Variant]) -> tuple[dict[str, list[SeedResult]], list[Lack]]:
    """The complete trials of these variants, by variant; and a word on each of the others."""
    there: dict[str, list[SeedResult]] = {}
    lacks: list[Lack] = []
    for variant in variants:
        for trial in material.results[variant.id].trials:
            if (why := trial.lack(None)) is None:
                there.setdefault(variant.id, []).append(trial)
            else:
                lacks.append(Lack(variant.label, trial.seed, why))
    return there, lacks


def describe_lacks(lacks: Sequence[Lack], planned: int) -> list[str]:
    """The trials that are not in a figure, in a sentence: `3 of 12 trials are not in it: ...`; [] where all are."""
    if not lacks:
        return []
    by_reason: dict[str, dict[str, list[int]]] = {}
    for lack in lacks:
        by_reason.setdefault(lack.why, {}).setdefault(lack.label, []).append(lack.seed)
    said = []
    for why, seeds_by_label in by_reason.items():
        named = [f"‘{label}’ {name_seeds(seeds)}" for label, seeds in seeds_by_label.items()]
        if len(named) > _MOST_NAMED:
            left = sum(map(len, list(seeds_by_label.values())[_MOST_NAMED:]))
            named = [*named[:_MOST_NAMED], f"and {left} more trials, which `hglab status` names"]
        said.append(f"{why} ({', '.join(named)})")
    if len(said) > _MOST_NAMED:
        said = [*said[:_MOST_NAMED], f"and {len(said) - _MOST_NAMED} more reasons, which `hglab status` names"]
    verb = "is" if len(lacks) == 1 else "are"
    return [f"{len(lacks)} of {planned} trial{'s' if planned != 1 else ''} {verb} not in it: {'; '.join(said)}."]


def nothing(what: str, lacks: Sequence[Lack], mend: str | None = None) -> NothingToDraw:
    """The exception for a figure that no trial has anything for: the reasons, the commonest first."""
    reasons: dict[str, int] = {}
    for lack in lacks:
        reasons[lack.why] = reasons.get(lack.why, 0) + 1
    told = sorted(reasons, key=lambda why: -reasons[why])[:3]
    return NothingToDraw(f"{what}{': ' if told else ''}{'; '.join(told)}", mend)


def planned_trials(material: Material, variants: Sequence[Variant]) -> int:
    """How many trials the study plans for these variants."""
    return sum(material.results[variant.id].planned for variant in variants)


def count_seeds(used: Mapping[str, int]) -> str:
    """How many seeds are behind each variant's line: `n = 3 seeds`, or `n = 2 to 3 seeds`.

    >>> count_seeds({"a": 3, "b": 3}), count_seeds({"a": 1}), count_seeds({"a": 2, "b": 3})
    ('n = 3 seeds', 'n = 1 seed', 'n = 2 to 3 seeds')
    """
    least, most = min(used.values()), max(used.values())
    number = f"{least}" if least == most else f"{least} to {most}"
    return f"n = {number} seed{'' if number == '1' else 's'}"
