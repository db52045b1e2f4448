"""Draws something in front of the person: a post, a bar, a box, a ball, leaves."""

from __future__ import annotations

import math

from tasks.synthetic.background import box
from tasks.synthetic.canvas import Canvas, Print
from tasks.synthetic.draws import Draws
from tasks.synthetic.outfit import blend, cloth_colour
from tasks.synthetic.shapes import Ribbon, disc, limb


def _solid(canvas: Canvas, ribbon: Ribbon, draws: Draws) -> None:
    colour = cloth_colour(draws)
    printed: list[Print] = []
    if draws.chance(0.4):
        other = blend(colour, cloth_colour(draws), 0.7)
        printed = [(ribbon.patch(k / 6, (k + 0.5) / 6, -1.0, 1.0), other) for k in range(6)]
    canvas.round_off(ribbon, colour, 0.95, printed)


def _post(canvas: Canvas, draws: Draws, x: float, y: float) -> None:
    radius, lean = draws.uniform(0.015, 0.04), draws.uniform(-0.06, 0.06)
    _solid(canvas, limb((x - lean, -0.1), (x + lean, 1.1), radius, radius), draws)


def _bar(canvas: Canvas, draws: Draws, x: float, y: float) -> None:
    radius, slope = draws.uniform(0.012, 0.03), draws.uniform(-0.1, 0.1)
    _solid(canvas, limb((-0.1, y - slope), (1.1, y + slope), radius, radius), draws)


def _crate(canvas: Canvas, draws: Draws, x: float, y: float) -> None:
    width, height, colour = draws.uniform(0.09, 0.2), draws.uniform(0.09, 0.2), cloth_colour(draws)
    x0, y0 = x - 0.5 * width, y - 0.5 * height
    canvas.fill(box(x0, y0, x0 + width, y0 + height), blend(colour, (20, 18, 16), 0.4), 0.9)
    canvas.fill(box(x0 + 0.012, y0 + 0.012, x0 + width - 0.012, y0 + height - 0.012), colour)
    for k in range(1, 4):
        line = y0 + height * k / 4
        canvas.shade(box(x0 + 0.012, line, x0 + width - 0.012, line + 0.008), 0.75)


def _ball(canvas: Canvas, draws: Draws, x: float, y: float) -> None:
    radius, colour = draws.uniform(0.04, 0.085), cloth_colour(draws)
    canvas.fill(disc((x, y), radius), colour, 0.6)
    for k in range(5):
        shift = 0.09 * radius * k
        centre = (x + shift * canvas.light[0], y + shift * canvas.light[1])
        canvas.shade(disc(centre, radius * (0.92 - 0.17 * k)), 0.78 + 0.07 * k)


def _leaves(canvas: Canvas, draws: Draws, x: float, y: float) -> None:
    colour = blend(cloth_colour(draws), (70, 106, 54), 0.8)
    for _ in range(14):
        angle, far = draws.uniform(0, 2 * math.pi), draws.uniform(0.0, 0.11)
        a = (x + far * math.cos(angle), y + far * math.sin(angle))
        turn, length = draws.uniform(0, 2 * math.pi), draws.uniform(0.03, 0.06)
        leaf = limb(a, (a[0] + length * math.cos(turn), a[1] + length * math.sin(turn)), 0.014, 0.006)
        canvas.fill(leaf.outline(), blend(colour, (30, 40, 20), 0.4 * draws.unit()), draws.uniform(0.8, 1.1))


def paint_occluder(canvas: Canvas, draws: Draws) -> None:
    """Draw one thing in front of the middle of the picture, where the person is."""
    kind = draws.choice((_post, _bar, _crate, _ball, _leaves))
    kind(canvas, draws, 0.5 + draws.central(-0.2, 0.2), 0.5 + draws.central(-0.32, 0.36))
