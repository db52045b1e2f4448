"""Where the boxes and arrows of a diagram go. Arrows run down, across between two layers, and down again.

All lengths are in points; y grows downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

from blocks.diagram.columns import set_columns
from blocks.diagram.places import BESIDE, Place, chain, first_order, ordered

Point = tuple[float, float]

BELOW = 20.0
"""Space between two layers, more where arrows run across."""
TRACK = 11.0
"""Space between arrows that run across in the same gap, and above and below them."""
PORT = 12.0
"""Space between arrows that end in one box."""
_MOST_ORDERS = 6  # so many ways across can be put into every order; more keep the order in which they begin


@dataclass(frozen=True, slots=True)
class Layout:
    """The centre and the size (width, height) of each box, the corners of each arrow, the size of the whole."""

    centres: tuple[Point, ...]
    sizes: tuple[Point, ...]
    ways: tuple[tuple[Point, ...], ...]
    width: float
    height: float


@dataclass(slots=True)
class _Step:
    """A piece of an arrow, from a place to one in the next layer: where it begins and ends, and its way across."""

    upper: int
    lower: int
    begin: float
    end: float
    level: int = 0
    side: bool = False  # it ends at the side of a box, not at its top


def lay_out(
    sizes: Sequence[Point],
    arrows: Sequence[tuple[int, int]],
    bars: Sequence[int] = (),
    circles: Sequence[int] = (),
) -> Layout:
    """A place for every box and a way for every arrow.

    Args:
        sizes: least width and height of each box.
        arrows: pairs of boxes; each points from a lower number to a higher one.
        bars: boxes that grow as wide as it takes for the arrows that they read to come straight down.
        circles: boxes that an arrow may enter from the side.

    Raises:
        ValueError: for an arrow that points back.
    """
    if any(begin >= end for begin, end in arrows):
        raise ValueError(f"arrows must point forwards: {[arrow for arrow in arrows if arrow[0] >= arrow[1]]}")
    depth = [0] * len(sizes)
    for begin, end in sorted(arrows, key=lambda arrow: arrow[1]):
        depth[end] = max(depth[end], depth[begin] + 1)
    places = [Place(depth[box], width, height, box, [], []) for box, (width, height) in enumerate(sizes)]
    chains = [chain(places, begin, end) for begin, end in arrows]
    layers = ordered(places, first_order(places, chains))
    set_columns(places, layers, chains, bars)
    for bar in bars:
        _stretch(bar, places, layers[depth[bar]])
    steps = {
        (upper, lower): _Step(upper, lower, places[upper].x, places[lower].x)
        for each in chains
        for upper, lower in pairwise(each)
    }
    _set_ends(list(steps.values()), places, layers, set(bars), set(circles))
    tops, levels = _set_heights(list(steps.values()), places, layers)
    ways = [_way([steps[pair] for pair in pairwise(each)], places, tops, levels) for each in chains]

    xs = [x for place in places for x in (place.x - place.width / 2, place.x + place.width / 2)]
    left, right = min(xs), max(xs)
    return Layout(
        tuple((place.x - left, tops[place.layer] + levels[place.layer] / 2) for place in places[: len(sizes)]),
        tuple((place.width, place.height) for place in places[: len(sizes)]),
        tuple(tuple((x - left, y) for x, y in way) for way in ways),
        right - left,
        tops[-1] + levels[-1],
    )


def _stretch(bar: int, places: list[Place], layer: list[int]) -> None:
    """Widen a box over all that it reads, as far as its neighbours leave room."""
    place = places[bar]
    read = [places[number].x for number in place.above]
    index = layer.index(bar)
    before = [places[number].x + places[number].width / 2 + BESIDE / 2 for number in layer[:index]]
    after = [places[number].x - places[number].width / 2 - BESIDE / 2 for number in layer[index + 1 :]]
    left = max([min([*(x - PORT for x in read), place.x - place.width / 2]), *before])
    right = min([max([*(x + PORT for x in read), place.x + place.width / 2]), *after])
    place.x, place.width = (left + right) / 2, right - left


def _set_ends(
    steps: list[_Step], places: list[Place], layers: list[list[int]], bars: set[int], circles: set[int]
) -> None:
    """Where the pieces of arrows begin and end: at the middle of a box, side by side, or straight above one another."""
    for bar in bars:
        leaving = [step for step in steps if step.upper == bar]
        straight = [step.end for step in leaving if _within(places[bar], step.end) == step.end]
        for step in leaving:
            step.begin = step.end if step.end in straight else straight[0] if straight else places[bar].x
    for number in {step.lower for step in steps}:
        entering = sorted((step for step in steps if step.lower == number), key=lambda step: step.begin)
        place = places[number]
        if number in circles and len(entering) > 1:
            layer = layers[place.layer]
            index = layer.index(number)
            for step, neighbours in ((entering[0], layer[:index]), (entering[-1], layer[index + 1 :])):
                near, far = sorted((step.begin, place.x))
                beyond = far - near > place.width / 2 + PORT
                step.side = beyond and not any(
                    places[other].x + places[other].width / 2 > near - PORT / 2
                    and places[other].x - places[other].width / 2 < far + PORT / 2
                    for other in neighbours
                    if other != step.upper
                )
            entering = [step for step in entering if not step.side]
        begins = [step.begin for step in entering]
        if number in bars and all(_within(place, x) == x for x in begins) and _are_apart(begins):
            ends = begins
        else:
            ends = [place.x + (index - (len(entering) - 1) / 2) * PORT for index in range(len(entering))]
        for step, end in zip(entering, ends, strict=True):
            step.end = end


def _are_apart(xs: list[float]) -> bool:
    return all(right - left > PORT / 2 for left, right in pairwise(xs))


def _within(place: Place, x: float) -> float:
    """The x at which an arrow meets a wide box: its own, if the box is that wide, else the box's middle."""
    return x if abs(x - place.x) <= place.width / 2 - PORT / 2 else place.x


def _set_heights(steps: list[_Step], places: list[Place], layers: list[list[int]]) -> tuple[list[float], list[float]]:
    """The top and the height of each layer; sets on which level of the gap each piece runs across."""
    heights = [max(places[number].height for number in layer) for layer in layers]
    tops = [0.0]
    for layer in range(len(layers) - 1):
        across: dict[int, list[_Step]] = {}  # pieces from one place share a way across
        for step in steps:
            if places[step.upper].layer == layer and not step.side and abs(step.begin - step.end) > 0.5:
                across.setdefault(step.upper, []).append(step)
        groups = list(across.values())
        if len(groups) <= _MOST_ORDERS:
            groups = list(min(permutations(groups), key=lambda order: _crossed(_levels(list(order)))))
        assigned = _levels(groups)
        for group, level in assigned:
            for step in group:
                step.level = level
        count = max((level + 1 for _, level in assigned), default=0)
        tops.append(tops[-1] + heights[layer] + max(BELOW, TRACK * (count + 1)))
    return tops, heights


def _levels(groups: list[list[_Step]]) -> list[tuple[list[_Step], int]]:
    """Each way across with its level: below all before it that it would overlap."""
    assigned: list[tuple[list[_Step], int]] = []
    for group in groups:
        left, right = _span(group)
        over = [
            level
            for other, level in assigned
            if _span(other)[0] <= right + PORT / 2 and left <= _span(other)[1] + PORT / 2
        ]
        assigned.append((group, max(over, default=-1) + 1))
    return assigned


def _crossed(assigned: list[tuple[list[_Step], int]]) -> tuple[int, int]:
    """How often ways across are crossed by others on their way to or from theirs; and how many levels there are."""
    crossed = 0
    for group, level in assigned:
        left, right = _span(group)
        for other, other_level in assigned:
            if other is group:
                continue
            if other_level > level:
                crossed += left < other[0].begin < right
            else:
                crossed += sum(left < step.end < right for step in other)
    return crossed, max((level for _, level in assigned), default=0)


def _span(group: list[_Step]) -> tuple[float, float]:
    xs = [x for step in group for x in (step.begin, step.end)]
    return min(xs), max(xs)


def _way(steps: list[_Step], places: list[Place], tops: list[float], heights: list[float]) -> tuple[Point, ...]:
    """The corners of an arrow, from the bottom of its first box to the top, or the side, of its last."""
    first = places[steps[0].upper]
    points = [(steps[0].begin, tops[first.layer] + heights[first.layer] / 2 + first.height / 2)]
    for step in steps:
        place = places[step.lower]
        middle = tops[place.layer] + heights[place.layer] / 2
        if step.side:
            edge = place.x + (-1 if step.begin < place.x else 1) * place.width / 2
            points += [(step.begin, middle), (edge, middle)]
            break
        top = middle - place.height / 2
        if abs(step.begin - step.end) > 0.5:
            gap = tops[place.layer - 1] + heights[place.layer - 1]
            spare = tops[place.layer] - gap
            count = max(1, round(spare / TRACK) - 1)
            y = gap + spare * (step.level + 1) / (count + 1)
            points += [(step.begin, y), (step.end, y)]
        points.append((step.end, top))
    return tuple(points)
