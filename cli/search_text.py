"""Pieces of text about a search: figures of a point, its best, its front, what became of its points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from runners.search.results import SearchedTrial
    from search_space import ExpandedSearch, Space

FEW = 5
"""So many points of a front are shown where there is no room for all."""


def figure(metric: str, value: float) -> str:
    """A figure with its unit, counts as `hglab plan` shows them; a dash for none.

    >>> [figure("pckh", 35.24), figure("params", 6_236_560), figure("size_bytes", 14_400), figure("latency_ms", 12.345)]
    ['35.2', '6.24 M', '14.4 kB', '12.3']
    """
    from analysis.numbers import NONE, choose_format
    from analysis.search.words import metric_named
    from cli.text import quantity

    if value != value:
        return NONE
    kind = metric_named(metric).format
    if kind in ("millions", "giga"):
        return quantity(round(value))
    if kind == "megabytes":
        return f"{quantity(round(value))}B"
    return choose_format(kind, [value]).text(value)


def trials_over(search: ExpandedSearch) -> str:
    """How large a search is: `60 trials over 9 dimensions`."""
    return f"{so_many(search.trials, 'trial')} over {so_many(len(search.space.dimensions), 'dimension')}"


def trials_of(ended: int, asked: int) -> str:
    """How many trials have ended, of how many; fewer may be asked for than there were.

    >>> [trials_of(4, 9), trials_of(1, 1), trials_of(6, 5)]
    ['4/9 trials', '1/1 trial', '6 trials, 5 asked for']
    """
    if ended > asked:
        return f"{so_many(ended, 'trial')}, {asked:,} asked for"
    return f"{ended}/{so_many(asked, 'trial')}"


def shown_metric(search: ExpandedSearch) -> str:
    """The figure that is shown of a trial while it trains and when it ends: an objective that training measures.

    Where there is none: what the scheduler goes by, else the headline.
    """
    from analysis.search.words import is_cost, main_objective
    from search_space.metrics import HEADLINE

    main = main_objective(search.objectives).metric
    return main if not is_cost(main) else search.scheduler.metric or HEADLINE


def header(metric: str) -> str:
    """What a metric is called above a column.

    >>> header("pckh")
    'PCKh'
    """
    from analysis.search.words import metric_named

    return metric_named(metric).header


def said(trial: SearchedTrial, search: ExpandedSearch) -> str:
    """A point and its objectives in a line: `p3 hierarchical, depth 4: PCKh 35.2`."""
    figures = [
        f"{header(objective.metric)} {figure(objective.metric, trial.values[objective.metric])}"
        for objective in search.objectives
        if objective.metric in trial.values
    ]
    name = f"{trial.name} {search.label(trial.point)}"
    return f"{name}: {', '.join(figures)}" if figures else name


def some_of(front: Sequence[SearchedTrial], search: ExpandedSearch, most: int = FEW) -> list[SearchedTrial]:
    """A few points of a front, its ends among them, from the best by the first objective to the worst."""
    first = search.objectives[0]
    sign = -1 if first.direction == "max" else 1
    ordered = sorted(front, key=lambda trial: (sign * trial.values[first.metric], trial.number))
    if len(ordered) <= most:
        return ordered
    places = [round(index * (len(ordered) - 1) / (most - 1)) for index in range(most)]
    return [ordered[place] for place in places]


def points_table(trials: Sequence[SearchedTrial], search: ExpandedSearch) -> Table:
    """Points with their objectives, a row each, without a frame."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column()
    for _ in search.objectives:
        table.add_column(justify="right")
    table.add_column()
    table.add_row("", *(Text(header(each.metric), style="dim") for each in search.objectives), "")
    for trial in trials:
        cells = [figure(each.metric, trial.values.get(each.metric, float("nan"))) for each in search.objectives]
        table.add_row(f"  {trial.name}", *cells, Text(search.label(trial.point)))
    return table


def points(count: int) -> str:
    """So many points.

    >>> [points(1), points(5)]
    ['1 point', '5 points']
    """
    return so_many(count, "point")


def so_many(count: int, thing: str) -> str:
    """A number of things.

    >>> [so_many(1, "epoch"), so_many(1200, "trial")]
    ['1 epoch', '1,200 trials']
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def share(count: int, of: int) -> str:
    """A part of a whole in percent: nothing and all are said of nothing and all alone.

    >>> [share(count, 500) for count in (0, 1, 250, 499, 500)]
    ['0%', '<1%', '50%', '>99%', '100%']
    """
    percent = round(100 * count / of)
    if percent == 0 and count:
        return "<1%"
    return ">99%" if percent == 100 and count < of else f"{percent}%"


def size_words(space: Space) -> str:
    """How many points a space has."""
    if space.size is not None:
        return f"{points(space.size)} in all"
    return "more points than can be counted" if space.finite else "infinitely many points"
