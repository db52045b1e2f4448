"""Draws what is behind the figures: a place, indoors or out, and clutter that a careless network takes for limbs."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PIL import Image, ImageChops

from tasks.synthetic.canvas import Canvas, Colour
from tasks.synthetic.draws import Draws
from tasks.synthetic.outfit import SKINS, blend, cloth_colour
from tasks.synthetic.shapes import Polygon, disc, limb

_SKIES: Final[tuple[Colour, ...]] = (
    (150, 190, 225),
    (196, 214, 226),
    (222, 206, 190),
    (120, 150, 190),
    (205, 205, 205),
)
_GROUNDS: Final[tuple[Colour, ...]] = ((104, 130, 72), (150, 134, 100), (128, 128, 128), (176, 158, 120), (84, 104, 80))
_LEAVES: Final[tuple[Colour, ...]] = ((62, 92, 52), (88, 114, 60), (112, 122, 66), (50, 74, 58))


def box(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    """Give the outline of an upright rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _gradient(canvas: Canvas, top: float, bottom: float, above: Colour, below: Colour) -> None:
    """Fill a band over the whole width from one colour to another."""
    side = canvas.size * canvas.factor
    first, last = round(top * side), round(bottom * side)
    ends = Image.new("RGB", (1, 2), above)
    ends.putpixel((0, 1), below)
    column = ends.resize((1, last - first), Image.Resampling.BILINEAR)
    canvas.colours.paste(column.resize((side, last - first), Image.Resampling.NEAREST), (0, first))


def _outdoors(canvas: Canvas, draws: Draws) -> None:
    horizon = draws.uniform(0.35, 0.68)
    sky, ground = draws.choice(_SKIES), draws.choice(_GROUNDS)
    _gradient(canvas, 0.0, horizon, sky, blend(sky, (245, 240, 230), 0.5))
    for _ in range(int(draws.uniform(2, 6))):
        x, width = draws.uniform(-0.1, 1.0), draws.uniform(0.08, 0.3)
        kind = draws.choice(("house", "tree", "hill"))
        if kind == "house":
            top = horizon - draws.uniform(0.12, 0.5)
            wall = cloth_colour(draws)
            canvas.paint(box(x, top, x + width, horizon), wall)
            pane = blend(wall, (40, 46, 58), 0.5)
            for row in range(3):
                for column in range(3):
                    left, high = x + width * (0.12 + 0.3 * column), top + (horizon - top) * (0.1 + 0.3 * row)
                    canvas.paint(box(left, high, left + 0.17 * width, high + 0.17 * (horizon - top)), pane)
        elif kind == "tree":
            height = draws.uniform(0.2, 0.45)
            trunk = blend((86, 66, 48), (130, 110, 90), draws.unit())
            canvas.paint(
                limb((x, horizon), (x + draws.uniform(-0.03, 0.03), horizon - height), 0.02, 0.014).outline(), trunk
            )
            for _ in range(7):
                centre = (x + draws.uniform(-0.1, 0.1), horizon - height + draws.uniform(-0.12, 0.06))
                canvas.paint(disc(centre, draws.uniform(0.03, 0.08)), draws.choice(_LEAVES))
        else:
            canvas.paint(disc((x, horizon + 1.1 * width), 1.6 * width), blend(draws.choice(_LEAVES), sky, 0.45))
    _gradient(canvas, horizon, 1.0, blend(ground, sky, 0.25), blend(ground, (30, 30, 24), 0.15))


def _indoors(canvas: Canvas, draws: Draws) -> None:
    wall, floor = blend(cloth_colour(draws), (225, 218, 206), 0.55), blend(cloth_colour(draws), (120, 92, 66), 0.6)
    edge = draws.uniform(0.68, 0.88)
    _gradient(canvas, 0.0, edge, wall, blend(wall, (60, 56, 60), 0.2))
    for _ in range(int(draws.uniform(1, 5))):
        x, y = draws.uniform(0.0, 0.8), draws.uniform(0.02, 0.45)
        width, height = draws.uniform(0.1, 0.34), draws.uniform(0.1, 0.3)
        canvas.paint(box(x, y, x + width, y + height), blend(cloth_colour(draws), (50, 40, 34), 0.3))
        inner = cloth_colour(draws)
        canvas.paint(box(x + 0.015, y + 0.015, x + width - 0.015, y + height - 0.015), inner)
        middle = (x + 0.5 * width, y + 0.5 * height)
        canvas.paint(disc(middle, 0.25 * min(width, height)), blend(inner, cloth_colour(draws), 0.5))
    _gradient(canvas, edge, 1.0, floor, blend(floor, (30, 24, 20), 0.3))
    for k in range(7):
        x = k / 6
        line = [(0.5 + 0.8 * (x - 0.5), edge), (0.5 + 0.8 * (x - 0.5) + 0.004, edge), (0.5 + 1.8 * (x - 0.5), 1.0)]
        canvas.paint(line, blend(floor, (30, 24, 20), 0.35))
    if draws.chance(0.6):  # a piece of furniture against the wall
        x, width, top = draws.uniform(-0.1, 0.8), draws.uniform(0.2, 0.45), edge - draws.uniform(0.1, 0.35)
        colour = cloth_colour(draws)
        canvas.fill(box(x, top, x + width, edge + 0.03), colour, 0.9)
        for k in range(1, 4):
            y = top + k * (edge + 0.03 - top) / 4
            canvas.paint(box(x, y, x + width, y + 0.008), blend(colour, (20, 16, 14), 0.5))


def _backdrop(canvas: Canvas, draws: Draws) -> None:
    base = cloth_colour(draws)
    _gradient(canvas, 0.0, 1.0, base, blend(base, cloth_colour(draws), 0.6))
    for _ in range(int(draws.uniform(5, 14))):
        x, y, r = draws.uniform(-0.1, 1.1), draws.uniform(-0.1, 1.1), draws.uniform(0.03, 0.2)
        turn, corners = draws.uniform(0, 2 * math.pi), draws.choice((3, 4, 5, 24))
        angles = [turn + 2 * math.pi * k / corners for k in range(corners)]
        shape = [(x + r * math.cos(a), y + r * math.sin(a)) for a in angles]
        canvas.paint(shape, blend(base, cloth_colour(draws), draws.uniform(0.2, 0.7)))


def _clutter(canvas: Canvas, draws: Draws) -> None:
    """Draw rods and balls, some of them of the colour of skin."""
    for _ in range(int(draws.uniform(0, 4))):
        x, y = draws.uniform(0.0, 1.0), draws.uniform(0.0, 1.0)
        angle, length, radius = draws.uniform(0, math.pi), draws.uniform(0.08, 0.4), draws.uniform(0.006, 0.018)
        colour = draws.choice(SKINS) if draws.chance(0.3) else cloth_colour(draws)
        rod = limb((x, y), (x + length * math.cos(angle), y + length * math.sin(angle)), radius, radius)
        canvas.round_off(rod, colour, 0.9)
    for _ in range(int(draws.uniform(0, 2.5))):
        ball = disc((draws.uniform(0.0, 1.0), draws.uniform(0.0, 1.0)), draws.uniform(0.02, 0.055))
        canvas.fill(ball, draws.choice(SKINS) if draws.chance(0.3) else cloth_colour(draws), draws.uniform(0.8, 1.05))


def _texture(canvas: Canvas, draws: Draws) -> None:
    """Lay patches of light and shade over everything, coarse and fine."""
    side = canvas.size * canvas.factor
    strength = draws.uniform(0.08, 0.3)
    coarse = Image.fromarray(draws.grid(5, 5)).resize((28, 28), Image.Resampling.BICUBIC)
    grain = 0.6 * np.asarray(coarse, dtype=np.float64) + 0.4 * draws.grid(28, 28)
    patches = Image.fromarray((255.0 - strength * grain).astype(np.uint8))
    canvas.lights.paste(ImageChops.multiply(canvas.lights, patches.resize((side, side), Image.Resampling.BILINEAR)))


def paint_background(canvas: Canvas, draws: Draws) -> None:
    """Draw a background over the whole canvas; sometimes out of focus."""
    draws.weighted(((0.4, _outdoors), (0.35, _indoors), (0.25, _backdrop)))(canvas, draws)
    _clutter(canvas, draws)
    _texture(canvas, draws)
    if draws.chance(0.3):
        side = canvas.size * canvas.factor
        for layer in (canvas.colours, canvas.lights):
            layer.paste(layer.resize((48, 48), Image.Resampling.BOX).resize((side, side), Image.Resampling.BILINEAR))
