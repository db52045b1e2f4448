"""In which settings the variants of a study differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.numbers import NONE
from analysis.table_model import Cell, Head, Note, Row, Table
from search_space.conditions import active_settings
from search_space.keys import all_keys, show_value

if TYPE_CHECKING:
    from runners.planning import Plan
    from search_space import Variant


@dataclass(frozen=True, slots=True)
class Difference:
    """A key in which variants differ.

    Attributes:
        key: as a study writes it.
        description: what it means, in one line.
        values: its different values, as a study writes them, in the order of the variants.
        everywhere: whether it means something for every variant.
    """

    key: str
    description: str
    values: tuple[str, ...]
    everywhere: bool


def differences(variants: Sequence[Variant]) -> list[Difference]:
    """The keys in which these variants differ, in the order of the configuration.

    A key that means nothing for some of them (the depth of a bottleneck) differs where it does for others. The width of
    the network is given as `model.features`, the product with `model.width`.
    """
    settings = [_settings(variant) for variant in variants]
    found = []
    for key, known in all_keys().items():
        values = [show_value(each[key]) if key in each else None for each in settings]
        distinct = dict.fromkeys(values)
        if len(distinct) > 1:
            shown = tuple(value for value in distinct if value is not None)
            found.append(Difference(key, known.description, shown, None not in distinct))
    return found


def differences_table(plan: Plan, found: Sequence[Difference]) -> Table:
    """What the variants of a study set, a row for each, in the keys in which they differ."""
    variants = plan.expanded.variants
    settings = [_settings(variant) for variant in variants]
    rows = tuple(
        Row(
            variant.id,
            variant.label,
            tuple(_cell(own.get(difference.key), difference.key in own) for difference in found),
            variant.baseline,
        )
        for variant, own in zip(variants, settings, strict=True)
    )
    of_levels = any(all_keys()[difference.key].level is not None for difference in found)
    level = ", or the level is as the rest of the network" if of_levels else ""
    nothing = Note(f"{NONE}: the key means nothing for this variant{level}.")
    return Table(
        study=plan.expanded.study.name,
        title=plan.expanded.study.spec.title,
        scale=plan.expanded.scale,
        caption="Settings in which the variants differ",
        label=f"tab:{plan.expanded.study.name}_settings",
        row_header="Variant",
        columns=tuple(Head(each.key, each.key, "config", numeric=_numeric(each)) for each in found),
        rows=rows,
        notes=() if all(each.everywhere for each in found) else (nothing,),
    )


def _settings(variant: Variant) -> dict[str, Any]:
    """The active settings of a variant; whole channels, although they are a product with a factor."""
    settings = active_settings(variant.config)
    features = settings["model.features"]
    return {**settings, "model.features": int(features) if features == int(features) else features}


def _cell(value: Any, there: bool) -> Cell:
    return Cell(value, show_value(value)) if there else Cell(None, NONE)


def _numeric(difference: Difference) -> bool:
    def number(text: str) -> bool:
        try:
            float(text)
        except ValueError:
            return False
        return True

    return all(number(value) for value in difference.values)
