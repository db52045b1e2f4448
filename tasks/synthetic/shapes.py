"""The two shapes of which a figure is made: a ribbon (a limb, a trunk, a skirt) and an ellipsoid (a head).

Coordinates are (x, y) in sides of the picture, y down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Polygon = list[Point]
Station = tuple[float, float, float, float]
"""Centre x, y of a cross-section and the vector x, y from it to the ribbon's right edge (across = +1)."""

STRIPS: Final = (-0.9, -0.5, 0.0, 0.5, 0.9)
"""Lines along a ribbon, as places across it, between which its light is even."""
_WHOLE: Final = ((-1.0, 1.0),)
_WHOLE_AND_STRIPS: Final = (*_WHOLE, *pairwise(STRIPS))
_CIRCLE: Final = tuple((math.cos(2 * math.pi * k / 20), math.sin(2 * math.pi * k / 20)) for k in range(20))
_CIRCLE_ARRAY: Final = np.array(_CIRCLE)


@dataclass(frozen=True)
class Ribbon:
    """A band around a centre line, with round ends if asked for.

    A place on it is (along, across): along 0 to 1 from the first station to the last, across -1 to 1 from edge to edge.
    """

    stations: tuple[Station, ...]
    round_start: bool = True
    round_end: bool = True

    def section(self, along: float) -> Station:
        """Give the cross-section at `along`; stations are equally far apart."""
        place = min(max(along, 0.0), 1.0) * (len(self.stations) - 1)
        k = min(int(place), len(self.stations) - 2)
        w = place - k
        a, b = self.stations[k], self.stations[k + 1]
        return (
            a[0] + w * (b[0] - a[0]),
            a[1] + w * (b[1] - a[1]),
            a[2] + w * (b[2] - a[2]),
            a[3] + w * (b[3] - a[3]),
        )

    def point(self, along: float, across: float) -> Point:
        """Give the point at (along, across)."""
        x, y, hx, hy = self.section(along)
        return x + across * hx, y + across * hy

    def patch(self, along0: float, along1: float, across0: float, across1: float) -> Polygon:
        """Give the outline of the part between two sections and two lines along the ribbon, without round ends."""
        last = len(self.stations) - 1
        between = [self.stations[k] for k in range(1, last) if along0 < k / last < along1]
        sections = [self.section(along0), *between, self.section(along1)]
        one = [(x + across0 * hx, y + across0 * hy) for x, y, hx, hy in sections]
        other = [(x + across1 * hx, y + across1 * hy) for x, y, hx, hy in reversed(sections)]
        return one + other

    def outline(self) -> Polygon:
        """Give the outline of all of it, its round ends included."""
        points = self._bands(_WHOLE)
        return list(zip(points[0].tolist(), points[1].tolist(), strict=True))

    def strips(self, side: float) -> list[list[float]]:
        """Give the outlines of the whole ribbon and of its strips between the lines of STRIPS, all with round ends.

        They are for drawing on a surface of `side` pixels: each is x0, y0, x1, y1, ... in its pixels.
        """
        flat = (side * self._bands(_WHOLE_AND_STRIPS) - 0.5).ravel(order="F").tolist()
        length = len(flat) // len(_WHOLE_AND_STRIPS)
        return [flat[start : start + length] for start in range(0, len(flat), length)]

    def _bands(self, bands: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64]:
        """Give the outlines of bands, 2 x (bands * points), one after the other."""
        index, across, tip = _template(len(self.stations), self.round_start, self.round_end, bands)
        sections = np.array(self.stations).T[:, index]
        halves = sections[2:]
        points: npt.NDArray[np.float64] = sections[:2] + across * halves + tip * halves[::-1]
        return points


@lru_cache(maxsize=64)
def _template(
    count: int, round_start: bool, round_end: bool, bands: tuple[tuple[float, float], ...]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give, for the outlines of bands of a ribbon of `count` stations, each point's station, its place across and how
    far it stands out beyond the station (x and y by the half width's y and x: a quarter turn), both in half widths.

    The points of all bands are then found in one go: that is what makes a figure quick to draw.
    """
    rows: list[tuple[int, float, float]] = []
    for low, high in bands:
        steps = [low + (high - low) * k / 4 for k in range(5)]
        rows += [(k, low, 0.0) for k in range(count)]
        if round_end:
            rows += [(count - 1, u, math.sqrt(1.0 - u * u)) for u in steps]
        rows += [(k, high, 0.0) for k in reversed(range(count))]
        if round_start:
            rows += [(0, u, -math.sqrt(1.0 - u * u)) for u in reversed(steps)]
    index, across, tip = (np.array(column) for column in zip(*rows, strict=True))
    return index.astype(np.intp), across, tip * np.array(((1.0,), (-1.0,)))


def limb(
    start: Point, end: Point, radius0: float, radius1: float, *, round_start: bool = True, round_end: bool = True
) -> Ribbon:
    """Give a straight ribbon between two points. With no length it is a disc."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    dx, dy = (dx / length, dy / length) if length > 1e-9 else (0.0, 1.0)
    # The direction of the round ends is (hy, -hx), so this normal makes the last end point forward.
    stations = (
        (start[0], start[1], -dy * radius0, dx * radius0),
        (end[0], end[1], -dy * radius1, dx * radius1),
    )
    return Ribbon(stations, round_start, round_end)


def support(direction: Point, vectors: Sequence[Point]) -> Point:
    """Give the farthest point, in a direction, of the ellipse that the projections of an ellipsoid's half axes span."""
    dots = [vx * direction[0] + vy * direction[1] for vx, vy in vectors]
    norm = math.sqrt(sum(d * d for d in dots)) or 1e-9
    return (
        sum(d * v[0] for d, v in zip(dots, vectors, strict=True)) / norm,
        sum(d * v[1] for d, v in zip(dots, vectors, strict=True)) / norm,
    )


def ellipsoid(centre: Point, half_axes: Sequence[Point]) -> Polygon:
    """Give the outline of an ellipsoid from the projections of its three half axes."""
    axes = np.array(half_axes)
    dots = _CIRCLE_ARRAY @ axes.T
    outline = dots @ axes / np.sqrt((dots * dots).sum(axis=1, keepdims=True) + 1e-18) + centre
    return [(x, y) for x, y in outline.tolist()]


def disc(centre: Point, radius: float) -> Polygon:
    """Give the outline of a disc."""
    x, y = centre
    return [(x + radius * c, y + radius * s) for c, s in _CIRCLE]
