"""The trials of a search against its objectives, with the Pareto front; of one objective how it improved, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from analysis.figures.page import Drawing, finish, new_figure
from analysis.figures.style import COLUMN, FAINT, PAGE, SMALL
from analysis.search.axes import rug, set_axis
from analysis.search.choosing import NothingFound, spread
from analysis.search.first_points import first_trials
from analysis.search.marks import (
    BOUND_LINE,
    FRONT_LINE,
    STYLES,
    Sorted,
    Window,
    legend,
    sort_trials,
    style_of_first,
    window,
)
from analysis.search.tally import caution, tally
from analysis.search.words import is_cost, main_objective
from runners.search.feasibility import resolved

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from runners.search.results import SearchedTrial, SearchResult
    from search_space import Objective

    Across = Callable[[SearchedTrial], float | None]

_MOST_NAMED = 8
_HEIGHT = 2.5
_ROOM = 0.09, 0.065  # of a name, as parts of the panel: width, height


def draw_front(result: SearchResult) -> Drawing:
    """The figure: each trial a mark, the front as a line of steps. Call it inside of `analysis.figures.style.styled`.

    Raises:
        NothingFound: where no trial is complete.
    """
    if not result.complete:
        raise NothingFound(f"no trial is complete yet. {tally(result)}")
    groups = sort_trials(result, first_trials(result))
    objectives = result.search.objectives
    notes = []
    if len(objectives) == 1:
        figure, hidden, bounds = _single(result, groups)
        words = {"front": "best so far", "complete": "complete"}
    else:
        figure, hidden, bounds = _several(result, groups)
        words = {"front": "Pareto front", "complete": "complete, beaten"}
    words["pruned"] = "stopped early, its last value"
    if len(figure.axes) > 1 or len(objectives) > 1:  # against a cost, where they have a place
        words["rejected"] = "left out, not trained"
    handles, labels = legend(groups, words, len(objectives) < 3, list(dict.fromkeys(bounds)))
    if any(trial.number in groups.ahead for trial, _ in groups.first):
        notes.append("A black edge: a first point that is on the front itself.")
    notes += [tally(result)]
    if "rejected" in words and _far(groups, [*(each.metric for each in objectives), "params"]):
        notes.append("Arrows on the lower edge: points left out that lie further on.")
    if hidden:
        notes.append(f"{hidden} stopped early lie beyond the axis, marked at its edge (triangles).")
    notes.append(caution(result))
    return finish(figure, notes, handles, labels)


def _several(result: SearchResult, groups: Sorted) -> tuple[Any, int, list[str]]:
    """A panel for each objective against the main one: the first that is trained for."""
    objectives = result.search.objectives
    main = main_objective(objectives)
    others = [each for each in objectives if each is not main]
    figure = new_figure(COLUMN * 1.35 if len(others) == 1 else PAGE, _HEIGHT)
    panels: Any = figure.subplots(1, len(others), sharey=True, squeeze=False)[0]
    hidden = 0
    bounds: list[str] = []
    for place, (axes, other) in enumerate(zip(panels, others, strict=True)):
        hidden = max(hidden, _plane(axes, result, groups, other.metric, main.metric))
        if len(objectives) == 2:
            _front_line(axes, result.front, other, main)
        bounds += _bounds(axes, result, other.metric, main.metric)
        if place == 0:
            _name_front(axes, result, groups, other.metric, main.metric)
        else:
            axes.set_ylabel("")
    return figure, hidden, bounds


def _single(result: SearchResult, groups: Sorted) -> tuple[Any, int, list[str]]:
    """The best so far against the trials, and the objective against the parameters."""
    from matplotlib.ticker import MaxNLocator

    objective = result.search.objectives[0]
    cost = None if is_cost(objective.metric) else "params"
    figure = new_figure(PAGE if cost else COLUMN, _HEIGHT)
    panels: Any = figure.subplots(1, 2 if cost else 1, sharey=True, squeeze=False)[0]
    values = [trial.values[objective.metric] for trial in result.complete]
    view = _view(groups, objective.metric)
    axes = panels[0]
    best = list(accumulate(values, max if objective.direction == "max" else min))
    numbers = [trial.number for trial in result.complete]
    last = max(trial.number for trial in result.trials)
    axes.step([*numbers, last], [*best, best[-1]], where="post", **FRONT_LINE)
    hidden = _marks(axes, groups, lambda trial: float(trial.number), objective.metric, view)
    set_axis(axes, "y", objective.metric, values)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlim(-0.5 - 0.03 * last, last + 0.5 + 0.03 * last)
    axes.set_xlabel("number of the trial")
    axes.set_ylim(view.low, view.high)
    bounds: list[str] = []
    if cost:
        _plane(panels[1], result, groups, cost, objective.metric)
        bounds = _bounds(panels[1], result, cost, objective.metric)
        panels[1].set_ylabel("")
    return figure, hidden, bounds


def _plane(axes: Axes, result: SearchResult, groups: Sorted, across: str, upright: str) -> int:
    """One panel: a figure of trials along, another upright; gives how many stopped trials lie beyond it."""
    from matplotlib.markers import CARETLEFT, CARETRIGHT

    view = _view(groups, upright)
    trained = [trial.values[across] for trial in _trained(groups) if across in trial.values]
    rejected = [trial.values[across] for trial in groups.rejected if across in trial.values]
    sight = window(trained, rejected)
    near = [value for value in rejected if sight.inside(value)]
    set_axis(axes, "x", across, [*trained, *near])
    set_axis(axes, "y", upright, [trial.values[upright] for trial in result.complete])
    axes.margins(0.08)
    hidden = _marks(axes, groups, lambda trial: trial.values.get(across), upright, view)
    axes.set_ylim(view.low, view.high)
    rug(axes, near, STYLES["rejected"])
    low, high = axes.get_xlim()
    if any(value < sight.low for value in rejected):
        rug(axes, [low], {**STYLES["rejected"], "marker": CARETLEFT, "markersize": 6})
    if any(value > sight.high for value in rejected):
        rug(axes, [high], {**STYLES["rejected"], "marker": CARETRIGHT, "markersize": 6})
    axes.set_xlim(low, high)
    return hidden


def _far(groups: Sorted, costs: Sequence[str]) -> bool:
    """Whether some left-out points lie beyond the axis of one of these costs."""
    for cost in costs:
        trained = [trial.values[cost] for trial in _trained(groups) if cost in trial.values]
        rejected = [trial.values[cost] for trial in groups.rejected if cost in trial.values]
        if trained and not all(map(window(trained, rejected).inside, rejected)):
            return True
    return False


def _trained(groups: Sorted) -> list[SearchedTrial]:
    return [*groups.front, *groups.complete, *groups.pruned, *(trial for trial, _ in groups.first)]


def _view(groups: Sorted, metric: str) -> Window:
    complete = [*groups.front, *groups.complete, *(trial for trial, _ in groups.first if trial.state == "complete")]
    stopped = [*groups.pruned, *(trial for trial, _ in groups.first if trial.state == "pruned")]
    return window(
        [trial.values[metric] for trial in complete], [each.values[metric] for each in stopped if metric in each.values]
    )


def _marks(axes: Axes, groups: Sorted, across: Across, metric: str, view: Window) -> int:
    """Marks of all trials; those beyond the window as triangles at its edge, of which it gives the number."""
    shown: list[tuple[SearchedTrial, dict[str, Any]]] = [
        (trial, STYLES[kind]) for kind in ("front", "complete", "pruned") for trial in getattr(groups, kind)
    ]
    shown += [(trial, style_of_first(place, trial, groups)) for place, (trial, _) in enumerate(groups.first)]
    hidden = 0
    for trial, style in shown:
        x, y = across(trial), trial.values.get(metric)
        if x is None or y is None:
            continue
        if not view.inside(y):
            below = y < view.low
            style = {**style, "marker": "v" if below else "^", "clip_on": False}
            y = view.low if below else view.high
            hidden += 1
        axes.plot([x], [y], **{"linestyle": "", **style})
    return hidden


def _front_line(axes: Axes, front: Sequence[SearchedTrial], across: Objective, upright: Objective) -> None:
    """The line of steps between what is attained and what is not."""
    placed = sorted((trial.values[across.metric], trial.values[upright.metric]) for trial in front)
    style = "steps-post" if across.direction == "min" else "steps-pre"
    axes.plot([x for x, _ in placed], [y for _, y in placed], drawstyle=style, **FRONT_LINE)


def _bounds(axes: Axes, result: SearchResult, across: str, upright: str) -> list[str]:
    """A line where a constraint ends what is allowed, if that is in sight; gives the constraints that are drawn."""
    drawn = []
    for constraint in resolved(result.search):
        for metric, (low, high), draw in (
            (across, axes.get_xlim(), axes.axvline),
            (upright, axes.get_ylim(), axes.axhline),
        ):
            if constraint.metric == metric and low <= constraint.bound <= high:
                draw(constraint.bound, **BOUND_LINE)
                drawn.append(str(constraint))
    return drawn


def _name_front(axes: Axes, result: SearchResult, groups: Sorted, across: str, upright: str) -> None:
    """The names of trials on the front, as the table has them, where there is room; first points are in the legend."""
    placed: list[tuple[float, float]] = []
    for trial in spread(groups.front, result.search.objectives, _MOST_NAMED):
        x, y = axes.transAxes.inverted().transform(
            axes.transData.transform((trial.values[across], trial.values[upright]))
        )
        if any(abs(x - other[0]) < _ROOM[0] and abs(y - other[1]) < _ROOM[1] for other in placed):
            continue
        placed.append((x, y))
        left = x > _ROOM[0]  # there is room on the left of the mark
        axes.annotate(
            trial.name, (trial.values[across], trial.values[upright]), (-3 if left else 3, 3),
            textcoords="offset points", size=SMALL, color=FAINT, ha="right" if left else "left", va="bottom", zorder=6,
        )  # fmt: skip
