"""Which trials of a search stand for it: its best, or its front, spread over what a long front offers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runners.search.results import gains

if TYPE_CHECKING:
    from runners.search.results import SearchedTrial, SearchResult
    from search_space import Objective

BEST = 10
"""So many of the best stand in the table of a search with one objective."""


class NothingFound(Exception):  # noqa: N818  # a search that has just begun, not a fault
    """A search has no complete trial; `str()` says how far it is."""


def candidates(result: SearchResult) -> tuple[SearchedTrial, ...]:
    """What is chosen from: of one objective all complete trials, the best first; of several the front."""
    return result.ranked if len(result.search.objectives) == 1 else result.front


def shown_trials(result: SearchResult, top: int | None = None) -> tuple[list[SearchedTrial], int]:
    """The trials of the table, the best by the first objective first, and of how many they are taken."""
    found = candidates(result)
    if len(result.search.objectives) == 1:
        return list(found[: BEST if top is None else top]), len(found)
    return (list(found) if top is None else spread(found, result.search.objectives, top)), len(found)


def spread(front: Sequence[SearchedTrial], objectives: Sequence[Objective], count: int) -> list[SearchedTrial]:
    """So many trials of a front, spread over it; in their order.

    The trial in the densest place is taken off until enough are left, and distances are measured anew each time. Those
    at the ends of an objective go last, those of the first objective last of all.
    """
    left = list(front)
    while len(left) > max(count, 0):
        distances = crowding_distances([gains(trial, objectives) for trial in left])
        firsts = [gains(trial, objectives)[0] for trial in left]
        # Of equals the worse by the first objective goes, of these the later.
        densest = min(range(len(left)), key=lambda place: (distances[place], firsts[place], -left[place].number))
        del left[densest]
    return left


def crowding_distances(points: Sequence[Sequence[float]]) -> list[float]:
    """How far each point is from its neighbours on either side, objective by objective, as a part of the range.

    Infinite for the two ends of each objective (Deb et al., A Fast and Elitist Multiobjective Genetic Algorithm:
    NSGA-II, 2002, Section III-B).

    >>> crowding_distances([(0, 10), (1, 9), (5, 5), (10, 0)])
    [inf, 1.0, 1.8, inf]
    """
    distances = [0.0] * len(points)
    for axis in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda place: points[place][axis])
        reach = points[order[-1]][axis] - points[order[0]][axis]
        distances[order[0]] = distances[order[-1]] = math.inf
        for before, here, after in zip(order, order[1:], order[2:], strict=False):
            distances[here] += (points[after][axis] - points[before][axis]) / reach if reach else 0.0
    return distances
