"""How the trials of a search are marked in a figure: complete, stopped early and rejected apart, first points named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from analysis.figures.style import FAINT, INK, LOOKS

if TYPE_CHECKING:
    from analysis.search.first_points import FirstPoint
    from runners.search.results import SearchedTrial, SearchResult

PALE: Final = "#9a9a9a"
CROSS: Final = "#D55E00"
FIRST: Final = LOOKS[1:]
"""How first points look; the first look, a black dot, is that of the front."""


@dataclass(frozen=True)
class Sorted:
    """The trials of a search by how they are marked; first points are in `first`, and in no other group."""

    front: tuple[SearchedTrial, ...]
    complete: tuple[SearchedTrial, ...]
    pruned: tuple[SearchedTrial, ...]
    rejected: tuple[SearchedTrial, ...]
    first: tuple[tuple[SearchedTrial, FirstPoint], ...]
    ahead: frozenset[int]
    """The numbers of all trials on the front, first points among them."""


def sort_trials(result: SearchResult, first: Mapping[int, FirstPoint]) -> Sorted:
    """The trials with something to draw, in groups. First points beyond as many as there are looks are like any."""
    named = [trial for trial in result.trials if trial.number in first and trial.state in ("complete", "pruned")]
    named = named[: len(FIRST)]
    own = {trial.number for trial in named}
    front = tuple(trial for trial in result.front if trial.number not in own)
    taken = own | {trial.number for trial in front}
    once = [trial for trial in result.trials if trial.duplicate_of is None and trial.number not in taken]
    return Sorted(
        front=front,
        complete=tuple(trial for trial in once if trial.state == "complete"),
        pruned=tuple(trial for trial in once if trial.state == "pruned"),
        rejected=tuple(trial for trial in once if trial.state == "infeasible"),
        first=tuple((trial, first[trial.number]) for trial in named),
        ahead=frozenset(trial.number for trial in result.front),
    )


@dataclass(frozen=True)
class Window:
    """The part of an axis that is drawn. Stopped trials may lie beyond it: they would squeeze the others."""

    low: float
    high: float

    def inside(self, value: float) -> bool:
        """Whether a value is drawn where it is."""
        return self.low <= value <= self.high


def window(needed: Sequence[float], others: Sequence[float]) -> Window:
    """The window that holds all `needed` values, and of the `others` those that are not far from these."""
    reach = (max(needed) - min(needed)) or abs(needed[0]) * 0.05 or 1.0
    near = [value for value in others if min(needed) - 0.6 * reach <= value <= max(needed) + 0.6 * reach]
    low, high = min([*needed, *near]), max([*needed, *near])
    return Window(low - 0.09 * reach, high + 0.09 * reach)


STYLES: Final[Mapping[str, dict[str, Any]]] = {
    "front": {"marker": "o", "markersize": 4.5, "color": INK, "markeredgewidth": 0, "zorder": 4},
    "complete": {"marker": "o", "markersize": 3.5, "color": PALE, "markeredgewidth": 0, "zorder": 3},
    "pruned": {
        "marker": "o", "markersize": 3.2, "markerfacecolor": "white", "markeredgecolor": PALE, "markeredgewidth": 0.7,
        "zorder": 2,
    },
    "rejected": {"marker": "x", "markersize": 3.5, "color": CROSS, "markeredgewidth": 0.8, "zorder": 2},
}  # fmt: skip


def first_style(place: int, *, on_front: bool, stopped: bool = False) -> dict[str, Any]:
    """How the first point of this place is marked: with an edge of ink on the front, hollow where it was stopped."""
    look = FIRST[place]
    if stopped:
        return {
            "marker": look.marker, "color": look.colour, "markersize": 5.5, "zorder": 5, "linestyle": "",
            "markerfacecolor": "white", "markeredgecolor": look.colour, "markeredgewidth": 1.0,
        }  # fmt: skip
    return {
        "marker": look.marker, "color": look.colour, "markersize": 6.0, "zorder": 5, "linestyle": "",
        "markeredgecolor": INK if on_front else "white", "markeredgewidth": 0.8 if on_front else 0.4,
    }  # fmt: skip


def style_of_first(place: int, trial: SearchedTrial, groups: Sorted) -> dict[str, Any]:
    """How a first point is marked in this figure."""
    return first_style(place, on_front=trial.number in groups.ahead, stopped=trial.state == "pruned")


def legend(groups: Sorted, words: Mapping[str, str], line: bool, bounds: Sequence[str]) -> tuple[list[Any], list[str]]:
    """Handles and labels for what the figure shows.

    Args:
        groups: the trials.
        words: what to call each kind; kinds that are not there are left out.
        line: whether the front has a line.
        bounds: the constraints that are drawn.
    """
    from matplotlib.lines import Line2D

    handles, labels = [], []
    stopped = any(trial.state == "pruned" for trial, _ in groups.first)
    for kind, label in words.items():
        lined = kind == "front" and line
        if lined or getattr(groups, kind) or (kind == "pruned" and stopped):
            style = {**FRONT_LINE, "linestyle": "-"} if lined else {"linestyle": ""}
            handles.append(Line2D([], [], **{**style, **STYLES[kind]}))
            labels.append(label)
    for place, (trial, first) in enumerate(groups.first):
        handles.append(Line2D([], [], **style_of_first(place, trial, groups)))
        labels.append(first.name)
    for bound in bounds:
        handles.append(Line2D([], [], **BOUND_LINE))
        labels.append(bound)
    return handles, labels


FRONT_LINE: Final[Mapping[str, Any]] = {"color": FAINT, "linewidth": 1.0, "zorder": 1}
BOUND_LINE: Final[Mapping[str, Any]] = {"color": CROSS, "linewidth": 0.8, "linestyle": (0, (4, 2)), "zorder": 1}
