"""Where the boxes of a diagram go: in layers, from top to bottom (after Sugiyama, Tagawa & Toda, 1981).

A box lies one layer below the lowest box that it reads. An arrow over several layers passes through a place of its own
in each. Places are ordered so that few arrows cross, then moved so that arrows are short and straight. All lengths are
in points.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

BESIDE = 16.0
"""Space between neighbours of a layer."""
_SWEEPS = 8


@dataclass(slots=True)
class Place:
    """A box in its layer, or where an arrow passes through one."""

    layer: int
    width: float
    height: float
    box: int | None  # None: an arrow passes
    above: list[int]
    below: list[int]
    x: float = 0.0


def chain(places: list[Place], begin: int, end: int) -> list[int]:
    """The places of an arrow from box to box, made where it passes through layers."""
    chain = [begin]
    for layer in range(places[begin].layer + 1, places[end].layer):
        places.append(Place(layer, 0.0, 0.0, None, [], []))
        chain.append(len(places) - 1)
    chain.append(end)
    for upper, lower in pairwise(chain):
        places[upper].below.append(lower)
        places[lower].above.append(upper)
    return chain


def first_order(places: list[Place], chains: list[list[int]]) -> list[list[int]]:
    """The layers before any exchange: left what comes straight from the input, then boxes, then other arrows."""
    from_input = {number for chain in chains if places[chain[0]].layer == 0 for number in chain[1:-1]}
    layers: list[list[int]] = [[] for _ in range(max(place.layer for place in places) + 1)]
    for number, place in enumerate(places):
        layers[place.layer].append(number)
    for layer in layers:
        layer.sort(key=lambda number: 0 if number in from_input else 1 if places[number].box is not None else 2)
    return layers


def ordered(places: list[Place], layers: list[list[int]]) -> list[list[int]]:
    """The order with the fewest crossings among those that sweeps of barycentres, down and up, come by."""
    best, fewest = [list(layer) for layer in layers], _crossings(places, layers)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            position = {number: index for other in layers for index, number in enumerate(other)}

            def barycentre(number: int, position: dict[int, int] = position, down: bool = down) -> float:
                near = places[number].above if down else places[number].below
                return sum(position[other] for other in near) / len(near) if near else position[number]

            layer.sort(key=barycentre)
        if (found := _crossings(places, layers)) < fewest:
            best, fewest = [list(layer) for layer in layers], found
    return best


def _crossings(places: list[Place], layers: list[list[int]]) -> int:
    position = {number: index for layer in layers for index, number in enumerate(layer)}
    total = 0
    for layer in layers:
        lines = [(position[number], position[lower]) for number in layer for lower in places[number].below]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(lines, 2))
    return total
