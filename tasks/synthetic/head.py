"""Draws a head: hair, a face on the side that is the face, ears, and a nose that shows in profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from tasks.synthetic.canvas import Canvas, Colour
from tasks.synthetic.kinematics import Vector
from tasks.synthetic.outfit import Outfit, blend
from tasks.synthetic.scene import Figure
from tasks.synthetic.shapes import Point, Polygon, Ribbon, disc, ellipsoid

_EYE_WHITE: Final[Colour] = (240, 238, 234)
_EYE: Final[Colour] = (30, 24, 24)


def _direction(sideways: float, up: float) -> Vector:
    """Give the unit vector (sideways, up, forward) at these angles, in degrees, from straight ahead."""
    a, b = math.radians(sideways), math.radians(up)
    return np.array((math.sin(a) * math.cos(b), math.sin(b), math.cos(a) * math.cos(b)))


@dataclass(frozen=True)
class _Cap:
    """The part of the unit sphere within an angle (under 90 degrees) of an axis, in axes of the head."""

    axis: Vector
    cosine: float
    rim: Vector  # n x 3


def _cap(axis: Vector, half_angle: float) -> _Cap:
    across = np.cross((0.0, 1.0, 0.0), axis)
    across /= np.linalg.norm(across)
    over = np.cross(axis, across)
    turn = np.linspace(0.0, 2.0 * math.pi, 24, endpoint=False)[:, None]
    a = math.radians(half_angle)
    rim = math.cos(a) * axis + math.sin(a) * (np.cos(turn) * across + np.sin(turn) * over)
    return _Cap(axis, math.cos(a), rim)


_TURN: Final = np.linspace(0.0, 2.0 * math.pi, 36, endpoint=False)
_HORIZON: Final = np.stack([np.cos(_TURN), np.sin(_TURN), np.zeros_like(_TURN)], axis=1)
"""Directions square to the line of sight: where the seen half of a sphere ends."""
_FACE: Final = _cap(_direction(0.0, -22.0), 62.0)
_CROWN: Final = _cap(_direction(180.0, 62.0), 86.0)
_EYES: Final = np.array([_direction(-24.0, 2.0), _direction(24.0, 2.0)])
_EARS: Final = np.array([_direction(-95.0, -8.0), _direction(95.0, -8.0)])


class _Skull:
    """The skull of a figure as an ellipsoid in the picture, on which directions of the head are places."""

    def __init__(self, figure: Figure) -> None:
        body = figure.body
        self.centre = figure.project(body.skull_centre)
        self.axes = figure.scale * body.skull_axes * (1.0, -1.0, 1.0)  # rows: sideways, up, forward; y down
        self.frame = body.head_frame
        self.size = figure.scale * body.proportions.head

    def outline(self, factor: float = 1.0) -> Polygon:
        return ellipsoid(self.centre, [(factor * float(x), factor * float(y)) for x, y, _ in self.axes])

    def patch(self, cap: _Cap, factor: float = 1.0) -> Polygon:
        """Give the outline of what is seen of a cap of the surface; it is empty if the cap is hidden."""
        rim = cap.rim @ self.frame.T
        horizon = _HORIZON[_HORIZON @ (self.frame @ cap.axis) > cap.cosine]
        seen = np.concatenate((rim[rim[:, 2] >= 0.0], horizon))
        if len(seen) < 3:
            return []
        # What is seen of a cap under a half sphere is convex: its corners follow each other around their middle.
        around = seen[:, :2] - seen[:, :2].mean(axis=0)
        seen = seen[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
        places = factor * (seen @ self.frame) @ self.axes
        return [(self.centre[0] + x, self.centre[1] + y) for x, y in places[:, :2].tolist()]

    def spot(self, direction: Vector, factor: float = 1.0) -> tuple[Point, float]:
        """Give the place of a direction on the surface and how far it faces the viewer (-1 to 1)."""
        x, y, _ = (factor * direction @ self.axes).tolist()
        return (self.centre[0] + x, self.centre[1] + y), float(self.frame[2] @ direction)


def _paint_face(canvas: Canvas, skull: _Skull, outfit: Outfit) -> None:
    """Draw eyes, nose and mouth where they face the viewer."""
    size, skin = skull.size, outfit.skin
    for direction in _EYES:
        place, facing = skull.spot(direction)
        if facing > 0.12:
            canvas.paint(disc(place, size * (0.045 + 0.03 * facing)), blend(skin, _EYE_WHITE, 0.75))
            canvas.paint(disc(place, size * 0.045), _EYE)
    mouth = [skull.spot(_direction(sideways, -38.0)) for sideways in (-16.0, 0.0, 16.0)]
    if min(facing for _, facing in mouth) > 0.0:
        points = [place for place, _ in mouth]
        points += [(x, y + 0.04 * size) for x, y in reversed(points)]
        canvas.paint(points, blend(skin, (140, 30, 40), 0.6))
    nose, facing = skull.spot(_direction(0.0, -14.0), 1.08)
    if facing > -0.35:
        canvas.paint(disc(nose, 0.065 * size), blend(skin, (120, 60, 40), 0.18))


def paint_long_hair(canvas: Canvas, figure: Figure, outfit: Outfit) -> None:
    """Draw the hair that falls from the back of a head to the shoulders."""
    skull, body = _Skull(figure), figure.body
    (left, _), (right, _) = (skull.spot(_direction(sideways, 0.0), 1.12) for sideways in (-90.0, 90.0))
    half = (0.5 * (right[0] - left[0]), 0.5 * (right[1] - left[1]))
    widen = 0.42 * skull.size / (math.hypot(*half) + 1e-9)
    if widen > 1.0:  # seen from the side the hair is as thick as it is wide
        half = (half[0] * widen, half[1] * widen)
    top, _ = skull.spot(_direction(180.0, 10.0), 0.4)
    end = figure.project(body.skull_centre - 1.75 * body.skull_axes[1] - 0.4 * body.skull_axes[2])
    mane = Ribbon(((*top, *half), (*end, 0.85 * half[0], 0.85 * half[1])), round_start=False, round_end=False)
    canvas.round_off(mane, outfit.hair, 0.85)


def paint_head(canvas: Canvas, figure: Figure, outfit: Outfit) -> None:
    """Draw the head of a figure: hair, ears, face and cap."""
    skull = _Skull(figure)
    facing = float(skull.frame[2, 2])
    rim = skull.outline()
    canvas.paint(rim, outfit.skin if outfit.hair_style == "bald" else outfit.hair)
    for direction in _EARS:
        place, toward = skull.spot(direction)
        if toward > -0.3:
            canvas.fill(disc(place, 0.085 * skull.size), outfit.skin, 0.85)
    canvas.paint(skull.patch(_FACE), outfit.skin)
    if outfit.hair_style == "cap":
        canvas.paint(skull.patch(_CROWN, 1.02), outfit.cap)
    _paint_face(canvas, skull, outfit)
    if outfit.hair_style == "cap" and facing > -0.3:
        brim = [skull.spot(_direction(a, 22.0), f)[0] for a, f in ((-55, 1.0), (-30, 1.35), (30, 1.35), (55, 1.0))]
        canvas.fill(brim, blend(outfit.cap, (0, 0, 0), 0.25))
    _light_head(canvas, skull, rim)


def _light_head(canvas: Canvas, skull: _Skull, rim: Polygon) -> None:
    """Light a head as a ball: rings that shrink towards the light."""
    canvas.shade(rim, 0.62)
    x, y = skull.centre
    for k in range(5):
        shrink, shift = 0.93 - 0.19 * k, 0.045 * skull.size * k
        dx, dy = shift * canvas.light[0], shift * canvas.light[1]
        canvas.shade([(x + shrink * (px - x) + dx, y + shrink * (py - y) + dy) for px, py in rim], 0.80 + 0.055 * k)
