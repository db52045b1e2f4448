"""The Pareto front: of points with several gains those that no other beats."""

from __future__ import annotations

from collections.abc import Sequence


def undominated(gains: Sequence[Sequence[float]]) -> list[int]:
    """The places of the points that no other beats: none gains at least as much at everything and more at something.

    The best by the first gain first, among its equals by the second, and so on; equals at everything are all there, in
    the order in which they were given.

    Args:
        gains: of each point the same ones, each so that more is better.
    """
    points = [tuple(each) for each in gains]
    front: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: [-gain for gain in points[place]]):
        own = points[place]
        # Only what stands before can beat it. Of two gains its last has the best second: it beats what any of it beats.
        ahead = front if len(own) > 2 else front[-1:]
        if not any(_beats(points[other], own) for other in ahead):
            front.append(place)
    return front


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(mine >= theirs for mine, theirs in zip(one, other, strict=True))
