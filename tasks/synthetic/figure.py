"""Draws a person: the parts of the body, dressed, from the farthest to the nearest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tasks.synthetic.canvas import Canvas, Colour
from tasks.synthetic.head import paint_head, paint_long_hair
from tasks.synthetic.kinematics import Matrix, Vector
from tasks.synthetic.outfit import Outfit, Pattern, blend, pattern_prints
from tasks.synthetic.scene import Figure
from tasks.synthetic.shapes import Point, Ribbon, Station, disc, limb, support


@dataclass(frozen=True)
class Part:
    """A part of the body, `depth` statures nearer to the viewer than the pelvis."""

    depth: float
    draw: Callable[[], None]


class _Tailor:
    """Draws the parts of one figure on one canvas."""

    def __init__(self, canvas: Canvas, figure: Figure, outfit: Outfit) -> None:
        self.canvas, self.figure, self.outfit = canvas, figure, outfit
        self.scale = figure.scale
        self.girth = figure.scale * figure.body.proportions.girth

    def at(self, place: Vector) -> Point:
        return self.figure.project(place)

    def level(self, depth: float) -> float:
        """Give the light at a depth: what lies farther back is a little darker, so that limbs set off."""
        return min(1.04, max(0.84, 0.98 + 0.6 * depth))

    def ring(self, centre: Vector, frame: Matrix, half_width: float, half_depth: float, up: Vector) -> Station:
        """Give the section of a trunk: where an ellipse in the frame's x and z is widest across the direction `up`."""
        s = self.girth
        a = (s * half_width * float(frame[0, 0]), -s * half_width * float(frame[1, 0]))
        b = (s * half_depth * float(frame[0, 2]), -s * half_depth * float(frame[1, 2]))
        length = math.hypot(float(up[0]), float(up[1])) or 1.0
        normal = (float(up[1]) / length, float(up[0]) / length)
        x, y = self.at(centre)
        hx, hy = support(normal, (a, b))
        return x, y, hx, hy

    def cloth(
        self, ribbon: Ribbon, colour: Colour, depth: float, pattern: Pattern | None = None, repeats: int = 0
    ) -> None:
        """Draw a ribbon: its colour, its pattern and the light on it."""
        printed = () if pattern is None else pattern_prints(ribbon, pattern, repeats)
        self.canvas.round_off(ribbon, colour, self.level(depth), printed)

    def limb(
        self, start: Vector, end: Vector, radii: tuple[float, float], covered: float, sleeve: Colour, pattern: Pattern
    ) -> Part:
        """Give a segment of an arm or leg, of which cloth covers a part from its start (0 none, 1 all)."""
        depth = 0.5 * float(start[2] + end[2])
        r0, r1 = self.girth * radii[0], self.girth * radii[1]
        a, b = self.at(start), self.at(end)

        def draw() -> None:
            if covered < 1.0:
                self.cloth(limb(a, b, r0, r1), self.outfit.skin, depth)
            if covered > 0.0:
                hem = (a[0] + covered * (b[0] - a[0]), a[1] + covered * (b[1] - a[1]))
                wide = 1.08
                ribbon = limb(a, hem, wide * r0, wide * (r0 + covered * (r1 - r0)), round_end=covered >= 1.0)
                self.cloth(ribbon, sleeve, depth, pattern, 2)

        return Part(depth, draw)

    def arm(self, shoulder: Vector, elbow: Vector, wrist: Vector, hand: Vector) -> list[Part]:
        outfit = self.outfit
        cover = outfit.sleeves
        style = (outfit.top, outfit.top_pattern)
        upper = self.limb(shoulder, elbow, (0.034, 0.027), min(cover, 1.0), *style)
        lower = self.limb(elbow, wrist, (0.027, 0.020), min(max(cover - 1.0, 0.0), 1.0), *style)
        a, b = self.at(wrist), self.at(hand)
        palm = limb(a, ((a[0] + 2 * b[0]) / 3, (a[1] + 2 * b[1]) / 3), 0.018 * self.girth, 0.023 * self.girth)
        depth = float(hand[2])
        parts = [upper, lower, Part(lower.depth - 0.001, lambda: self.cloth(palm, outfit.skin, depth))]
        # An arm that hangs beside the trunk is in front of it.
        return [Part(part.depth + 0.035, part.draw) for part in parts]

    def leg(self, hip: Vector, knee: Vector, ankle: Vector, heel: Vector, toe: Vector) -> list[Part]:
        outfit = self.outfit
        cover = 0.0 if outfit.skirt else outfit.trousers
        style = (outfit.bottom, outfit.bottom_pattern)
        upper = self.limb(hip, knee, (0.056, 0.041), min(cover, 1.0), *style)
        lower = self.limb(knee, ankle, (0.040, 0.026), min(max(cover - 1.0, 0.0), 1.0), *style)
        shoe = limb(self.at(heel), self.at(toe), 0.029 * self.girth, 0.021 * self.girth)
        depth = float(toe[2])
        # The shirt's hem lies over a thigh, unless the thigh is raised towards the viewer.
        upper = Part(upper.depth - 0.035, upper.draw)
        return [upper, lower, Part(lower.depth + 0.002, lambda: self.cloth(shoe, outfit.shoes, depth))]

    def trunk(self) -> list[Part]:
        body, outfit = self.figure.body, self.outfit
        pelvis, thorax, upper_neck = body.joints[6], body.joints[7], body.joints[8]
        low, high = body.pelvis_frame, body.chest_frame
        hips_up, chest_up = body.waist - pelvis, thorax - body.waist
        hip, shoulder = body.proportions.hip_width / body.proportions.girth, body.proportions.shoulder_width
        shoulder /= body.proportions.girth
        crotch = self.ring(pelvis - 0.045 * low[:, 1], low, hip * 0.9, 0.04, hips_up)
        hips = self.ring(pelvis + 0.01 * low[:, 1], low, hip + 0.03, 0.058, hips_up)
        waist = self.ring(body.waist, low, 0.35 * hip + 0.050, 0.050, hips_up + chest_up)
        chest = self.ring(body.waist + 0.6 * chest_up, high, 0.78 * shoulder, 0.062, chest_up)
        shoulders = self.ring(thorax - 0.010 * high[:, 1], high, 0.92 * shoulder, 0.046, chest_up)
        collar = self.ring(thorax + 0.016 * high[:, 1], high, 0.036, 0.034, upper_neck - thorax)
        seat = Ribbon((crotch, hips, waist), round_start=False, round_end=False)
        shirt = Ribbon((hips, waist, chest, shoulders, collar), round_start=False, round_end=False)
        neck = limb(self.at(thorax), self.at(upper_neck + 0.01 * high[:, 1]), 0.03 * self.girth, 0.026 * self.girth)
        depth = 0.5 * float(pelvis[2] + thorax[2])

        def draw_shirt() -> None:
            self.cloth(shirt, outfit.top, depth, outfit.top_pattern, outfit.top_pattern.repeats)
            self.chest_front(thorax, high, chest_up)

        return [
            Part(-0.045, lambda: self.cloth(seat, outfit.bottom, 0.0, outfit.bottom_pattern, 3)),
            Part(depth + 0.012, draw_shirt),
            Part(depth + 0.010, lambda: self.cloth(neck, outfit.skin, depth - 0.1)),
        ]

    def chest_front(self, thorax: Vector, frame: Matrix, up: Vector) -> None:
        """Draw what only the front of a shirt has: the neckline, buttons or an emblem."""
        toward = float(frame[2, 2])
        if toward < 0.15:
            return
        s, outfit = self.girth, self.outfit

        def front(below: float, sideways: float, half_depth: float) -> Point:
            return self.at(thorax - below * up + sideways * frame[:, 0] + half_depth * frame[:, 2])

        neckline = [front(-0.08, -0.030, 0.02), front(0.16, 0.0, 0.05), front(-0.08, 0.030, 0.02)]
        self.canvas.paint(neckline, outfit.skin)
        if outfit.front == "buttons":
            dark = blend(outfit.top, (10, 10, 14), 0.6)
            for k in range(5):
                self.canvas.paint(disc(front(0.28 + 0.25 * k, 0.0, 0.055), 0.007 * s), dark)
        elif outfit.front == "emblem":
            self.canvas.paint(disc(front(0.42, 0.0, 0.058), 0.03 * s * toward), outfit.top_pattern.colour)

    def skirt(self) -> Part:
        body = self.figure.body
        knees = 0.5 * (body.joints[1] + body.joints[4])
        hem = body.joints[6] + 0.8 * (knees - body.joints[6])
        up = body.waist - body.joints[6]
        spread = float(abs(body.joints[1] - body.joints[4]).max()) * 0.4 + 0.06
        waist = self.ring(body.waist, body.pelvis_frame, 0.07, 0.05, up)
        hips = self.ring(body.joints[6], body.pelvis_frame, 0.10, 0.07, up)
        low = self.ring(hem, body.pelvis_frame, spread, 0.8 * spread, up)
        ribbon = Ribbon((waist, hips, low), round_start=False, round_end=False)
        return Part(
            0.5 * float(hem[2]) + 0.08,
            lambda: self.cloth(ribbon, self.outfit.bottom, 0.0, self.outfit.bottom_pattern, 3),
        )


def paint_figure(canvas: Canvas, figure: Figure, outfit: Outfit) -> None:
    """Draw a figure, dressed."""
    body, tailor = figure.body, _Tailor(canvas, figure, outfit)
    j = body.joints
    parts = tailor.trunk()
    parts += tailor.arm(j[12], j[11], j[10], body.hands[0]) + tailor.arm(j[13], j[14], j[15], body.hands[1])
    parts += tailor.leg(j[2], j[1], j[0], body.heels[0], body.toes[0])
    parts += tailor.leg(j[3], j[4], j[5], body.heels[1], body.toes[1])
    if outfit.skirt:
        parts.append(tailor.skirt())
    head_depth = float(body.skull_centre[2]) + 0.03
    parts.append(Part(head_depth, lambda: paint_head(canvas, figure, outfit)))
    if outfit.hair_style == "long":  # behind a head that faces the viewer and the trunk below it, else before them
        facing = float(body.head_frame[2, 2])
        parts.append(Part(head_depth - 0.01 - 0.15 * facing, lambda: paint_long_hair(canvas, figure, outfit)))
    for part in sorted(parts, key=lambda part: part.depth):
        part.draw()
