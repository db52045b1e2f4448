"""How far to the right each place of a diagram lies: in columns, so that chains of boxes and long arrows are straight.

Places that belong under one another share a column; then the columns move so that arrows are short. All lengths are in
points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from blocks.diagram.places import BESIDE, Place

_PASSING = 0.1  # how much an arrow that passes layers pulls its boxes, against 1 for one to the next layer
_NEAR = 0.02  # how much neighbours attract each other: it decides only where no arrow does


@dataclass(frozen=True, slots=True)
class _Gap:
    """The second place lies at least `distance` to the right of the first."""

    left: int
    right: int
    distance: float


def set_columns(places: list[Place], layers: list[list[int]], chains: list[list[int]], bars: Iterable[int]) -> None:
    """Set `x` of every place, such that neighbours of a layer keep their order and their distance.

    Args:
        places: the boxes and where arrows pass.
        layers: the places of each layer, from left to right.
        chains: for each arrow its places, from box to box.
        bars: boxes that will be as wide as what they read: neighbours keep out of their way where they can.
    """
    gaps = [
        _Gap(left, right, (places[left].width + places[right].width) / 2 + BESIDE)
        for layer in layers
        for left, right in pairwise(layer)
    ]
    column = list(range(len(places)))
    for one, other in [*_passing(chains), *_straight(places, chains)]:
        merged = [column[one] if mine == column[other] else mine for mine in column]
        if _is_possible(gaps, merged):
            column = merged
    for gap in _bar_gaps(places, layers, bars):
        if _is_possible([*gaps, gap], column):
            gaps.append(gap)
    xs = _nearest(places, column, gaps)
    crooked = [(chain[0], chain[1]) for chain in chains if len(chain) == 2]
    crooked = [(upper, lower) for upper, lower in crooked if 0 < abs(xs[upper] - xs[lower]) < BESIDE]
    for one, other in crooked:  # better straight than almost straight
        merged = [column[one] if mine == column[other] else mine for mine in column]
        if column[one] != column[other] and _is_possible(gaps, merged):
            column = merged
    for place, x in zip(places, _nearest(places, column, gaps) if crooked else xs, strict=True):
        place.x = x


def _passing(chains: list[list[int]]) -> list[tuple[int, int]]:
    """Places through which one arrow passes."""
    return [pair for chain in chains for pair in pairwise(chain[1:-1])]


def _straight(places: list[Place], chains: list[list[int]]) -> list[tuple[int, int]]:
    """Places that belong under one another: a box and the only box right below that reads it, and it alone right above;

    and a box and the arrow that leaves it, if it is the only one.
    """
    pairs = []
    for chain in chains:
        upper, lower = chain[0], chain[1]
        if len(chain) == 2:
            below = [number for number in places[upper].below if places[number].box is not None]
            above = [number for number in places[lower].above if places[number].box is not None]
            if len(below) == len(above) == 1:
                pairs.append((upper, lower))
        elif len(places[upper].below) == 1:
            pairs.append((upper, lower))
    return pairs


def _bar_gaps(places: list[Place], layers: list[list[int]], bars: Iterable[int]) -> list[_Gap]:
    gaps = []
    for bar in bars:
        layer = layers[places[bar].layer]
        index = layer.index(bar)
        for read in places[bar].above:
            if index > 0:
                gaps.append(_Gap(layer[index - 1], read, places[layer[index - 1]].width / 2 + BESIDE * 1.5))
            if index + 1 < len(layer):
                gaps.append(_Gap(read, layer[index + 1], places[layer[index + 1]].width / 2 + BESIDE * 1.5))
    return gaps


def _is_possible(gaps: Sequence[_Gap], column: Sequence[int]) -> bool:
    """Whether columns can keep their order: none must lie to the right of itself."""
    right: dict[int, set[int]] = {}
    for gap in gaps:
        right.setdefault(column[gap.left], set()).add(column[gap.right])
    left_of: dict[int, int] = {}
    for targets in right.values():
        for target in targets:
            left_of[target] = left_of.get(target, 0) + 1
    ready = [number for number in right if number not in left_of]
    seen = 0
    while ready:
        number = ready.pop()
        seen += 1
        for target in right.get(number, ()):
            left_of[target] -= 1
            if left_of[target] == 0:
                ready.append(target)
    return seen == len({*right, *left_of})


def _nearest(places: list[Place], column: list[int], gaps: list[_Gap]) -> list[float]:
    """The x of every place: least squares of the arrows' sideways ways, under the distances to be kept."""
    import numpy as np
    from scipy.optimize import minimize

    names = sorted(set(column))
    index = [names.index(mine) for mine in column]
    size = len(names)
    # sum of w (x_a - x_b - d)^2 as x' A x - 2 b' x + ..., and the distances as C x >= d
    quadratic, linear = np.zeros((size, size)), np.zeros(size)

    def attract(one: int, other: int, weight: float, distance: float = 0.0) -> None:
        difference = np.zeros(size)
        difference[other] += 1
        difference[one] -= 1
        quadratic[:] += weight * np.outer(difference, difference)
        linear[:] += weight * distance * difference

    for number, place in enumerate(places):
        for lower in place.below:
            passing = place.box is None or places[lower].box is None
            attract(index[number], index[lower], _PASSING if passing else 1.0)
    rows, distances = np.zeros((len(gaps), size)), np.zeros(len(gaps))
    for row, gap in enumerate(gaps):
        attract(index[gap.left], index[gap.right], _NEAR, gap.distance)
        rows[row, index[gap.right]] += 1
        rows[row, index[gap.left]] -= 1
        distances[row] = gap.distance
    quadratic[0, 0] += 1e-6  # the whole could lie anywhere
    start = np.zeros(size)
    for _ in range(size):  # a first place for each column that keeps all distances
        for gap in gaps:
            start[index[gap.right]] = max(start[index[gap.right]], start[index[gap.left]] + gap.distance)
    found = minimize(
        lambda x: float(x @ quadratic @ x - 2 * linear @ x),
        start,
        jac=lambda x: 2 * (quadratic @ x - linear),
        constraints=[{"type": "ineq", "fun": lambda x: rows @ x - distances, "jac": lambda x: rows}] if gaps else [],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-9},
    )
    # Where it finds no better place, the first one is possible, if wider than need be.
    best = found.x if not gaps or bool(np.all(rows @ found.x >= distances - 0.5)) else start
    return [float(best[mine]) for mine in index]
