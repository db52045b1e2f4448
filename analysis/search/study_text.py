"""A promoted study as the text of its file."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.search.promotion import FOUND, GIVEN, PromotedRow, Promotion, cautions
from analysis.search.states import in_words
from analysis.search.tally import tally
from analysis.search.words import is_cost, listed, metric_named
from search_space.conditions import unmet
from search_space.keys import flatten
from search_space.metrics import HEADLINE, METRICS
from search_space.scales import scale_settings
from search_space.settings import read_settings, values

if TYPE_CHECKING:
    from runners.search.results import SearchResult
    from search_space import ExpandedSearch

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*\Z")
_WIDTH = 118  # of a comment
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def study_text(result: SearchResult, promotion: Promotion, name: str, file: str, seeds: Sequence[int]) -> str:
    """The file: comments that say where it comes from, the search's base without its budget, a row for each variant.

    Args:
        result: the search.
        promotion: the rows.
        name: of the study.
        file: how the file is called, for the command in its comment.
        seeds: those that each row is trained with.
    """
    search = result.search
    title = search.study.spec.title or search.study.name
    configs = [row.config for row in promotion.rows]
    active = {key for config in configs for flat in [flatten(config)] for key in flat if unmet(key, flat) is None}
    parts = [
        *_heading(result, promotion, file, seeds),
        f"study: {scalar(name)}",
        f"title: {quoted(f'{title}: the best of the search, promoted')}",
        *([f"from: {search.study.spec.from_}"] if search.study.spec.from_ else []),
        *_base(search, active),
        *_scales(search, active),
        f"seeds: [{', '.join(map(str, seeds))}]",
        "variants:",
        *_rows(result, promotion),
        *_table(result, promotion),
    ]
    return "\n".join(parts) + "\n"


def scalar(value: Any) -> str:
    """A value as hglab's strict YAML reads it back.

    >>> [scalar(value) for value in ("multi_scale", "no", True, None, 1e-05, 0.5, 3, "a: b")]
    ['multi_scale', '"no"', 'true', 'null', '1e-05', '0.5', '3', '"a: b"']
    """
    if isinstance(value, str):
        return value if _PLAIN.match(value) and value.lower() not in _WORDS_OF_YAML else quoted(value)
    return json.dumps(value)


def quoted(text: str) -> str:
    """A text between quotation marks."""
    return json.dumps(text, ensure_ascii=False)


def _heading(result: SearchResult, promotion: Promotion, file: str, seeds: Sequence[int]) -> list[str]:
    search = result.search
    chosen = sum(row.rank is not None for row in promotion.rows)
    objectives = listed([metric_named(each.metric).header for each in search.objectives])
    several = len(search.objectives) > 1
    best = (
        f"{chosen} of the Pareto front, spread over it,"
        if several
        else f"The {chosen} best"
        if chosen > 1
        else "The best"
    )
    lines = [
        f"{best} by {objectives} of the search '{search.study.name}', to be trained anew with "
        f"{'one seed' if len(seeds) == 1 else f'{len(seeds)} seeds'}.",
        f"The search: scale {search.scale}; {tally(result)}",
        f"Kept by Optuna as '{result.optuna_study}'. Its values are of one seed and chosen: quote those of this study.",
    ]
    if seeds[0] > search.trial_seed:
        lines.append(after_the_search(search, seeds))
    elif left := {**(search.budget or {}), **_costs_set(search)}:
        lines.append(f"What made the search cheaper is left out here, for the full budget: {_said(left)}.")
    lines += cautions(promotion)
    wrapped = [part for line in lines for part in textwrap.wrap(line, _WIDTH, break_long_words=False)]
    return [*(f"# {line}" for line in wrapped), f"#   hglab run {file} --scale {search.scale}"]


def after_the_search(search: ExpandedSearch, seeds: Sequence[int]) -> str:
    """Why seeds begin after the search's."""
    return (
        f"Seeds begin at {seeds[0]}: nothing made the search cheaper, so seed {search.trial_seed} would be its own "
        "trials again, by whose luck these rows were chosen."
    )


def _costs_set(search: ExpandedSearch) -> dict[str, Any]:
    """What the command line said of costs, which a scale states and a study does not, the budget's keys left out."""
    costs, budget = scale_settings(search.scale), search.budget or {}
    return {key: value for key, value in search.overrides.items() if key in costs and key not in budget}


def _base(search: ExpandedSearch, active: set[str]) -> list[str]:
    """The base, with what the command line said that is no cost; without what the rows say or what means nothing."""
    written = read_settings(search.study.document, ("base",), []) if search.study.spec.base else {}
    costs, budget, varied = scale_settings(search.scale), search.budget or {}, set(search.space.by_key)
    said = {key: value for key, value in search.overrides.items() if key not in costs and key not in budget}
    base = {key: value for key, value in {**values(written), **said}.items() if key in active - varied}
    return [f"base: {_flow(base)}"] if base else []


def _scales(search: ExpandedSearch, active: set[str]) -> list[str]:
    lines = []
    for name in search.study.spec.scales:
        settings = values(read_settings(search.study.document, ("scales", name), []))
        if kept := {key: value for key, value in settings.items() if key in active - set(search.space.by_key)}:
            lines.append(f"  {name}: {_flow(kept)}")
    return ["scales:", *lines] if lines else []


def _rows(result: SearchResult, promotion: Promotion) -> Iterator[str]:
    grouped = bool(promotion.given and promotion.found)
    for place, row in enumerate(promotion.rows):
        yield f"  # {_about(result, row)}"
        yield f"  - id: {scalar(row.id)}"
        yield f"    label: {quoted(row.label)}"
        if grouped:
            yield f"    group: {GIVEN if place < len(promotion.given) else FOUND}"
        if promotion.baseline is not None and row.id == promotion.baseline.id:
            yield "    baseline: true"
        if row.reference is not None:
            yield f"    from: {row.reference}"
        if row.settings:
            yield f"    set: {_flow(row.settings)}"


def _about(result: SearchResult, row: PromotedRow) -> str:
    """What the search says of a row: `p12, 1st of 3 chosen: PCKh 45.2, # params 5.90 M after 6 epochs`."""
    trial = row.trial
    if trial is None:
        return "not tried by the search"
    metrics = dict.fromkeys([*(each.metric for each in result.search.objectives), "params"])
    figures = [
        f"{metric_named(metric).header} {_printed(metric, trial.values[metric])}"
        for metric in metrics
        if metric in trial.values
    ]
    epochs = f" after {trial.epochs} epoch{'' if trial.epochs == 1 else 's'}" if trial.epochs else ""
    state = "" if trial.state == "complete" else f" ({in_words(trial.state)})"
    chosen = f", chosen as no. {row.rank}" if row.rank is not None else ""
    found = f": {', '.join(figures)}{epochs}" if figures else ""
    return f"{trial.name} of the search{state}{chosen}{found}"


def _printed(metric: str, value: float) -> str:
    from analysis.numbers import choose_format

    return choose_format(metric_named(metric).format, [value]).text(value)


def _table(result: SearchResult, promotion: Promotion) -> list[str]:
    """The table: costs, what was sought with its deviation, the difference to the baseline where there is one."""
    sought = [each for each in result.search.objectives if not is_cost(each.metric)]
    trained: Mapping[str, str] = {each.metric: each.direction for each in sought} or {HEADLINE: "max"}
    counted = [each.metric for each in result.search.objectives if METRICS[each.metric].counted]
    costs = dict.fromkeys(["params", "binary_macs", *counted])
    columns = [f"{{metric: {name}}}" for name in costs]
    for metric, direction in trained.items():
        columns.append(f"{{metric: {metric}, aggregate: mean_std, best: {direction}}}")
        if promotion.given:
            columns.append(f"{{delta: {metric}}}")
    return ["table:", "  row_header: Network", "  columns:", *(f"    - {each}" for each in columns), "    - {n: true}"]


def _flow(settings: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {scalar(value)}" for key, value in settings.items()) + "}"


def _said(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {scalar(value)}" for key, value in settings.items())
