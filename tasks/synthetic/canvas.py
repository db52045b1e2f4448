"""The drawing surface: a layer of colour and one of light, larger than the picture, averaged down and multiplied.

Light apart from colour lets a pattern lie on a limb that is shaded once, whatever is printed on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from tasks.synthetic.shapes import STRIPS, Point, Polygon, Ribbon

Colour = tuple[int, int, int]
Print = tuple[Polygon, Colour]
"""A patch of another colour on something."""

NEUTRAL: Final = 190
"""Value of the layer of light that leaves colours as they are; above it they become brighter."""


class Canvas:
    """A square picture in the making. Points are (x, y) in sides of the picture; colours are RGB, 0 to 255."""

    def __init__(self, size: int, light: Point) -> None:
        """Make a canvas for a picture of size x size pixels, lit from the direction `light` (x, y, of length <= 1)."""
        self.size = size
        # About 150 pixels at least: fewer make thin limbs ragged, more only take time.
        self.factor = 2 if size >= 72 else 3
        self.light = light
        side = size * self.factor
        self.colours = Image.new("RGB", (side, side))
        self.lights = Image.new("L", (side, side), NEUTRAL)
        self._colour_draw = ImageDraw.Draw(self.colours)
        self._light_draw = ImageDraw.Draw(self.lights)

    def _pixels(self, polygon: Polygon) -> list[float]:
        side = self.size * self.factor
        return [value * side - 0.5 for point in polygon for value in point]

    def paint(self, polygon: Polygon, colour: Colour) -> None:
        """Fill a polygon (an empty one: nothing) with a colour; the light on it stays."""
        if polygon:
            self._colour_draw.polygon(self._pixels(polygon), fill=colour)

    def shade(self, polygon: Polygon, level: float) -> None:
        """Set the light on a polygon: 1 leaves its colour as it is."""
        self._light_draw.polygon(self._pixels(polygon), fill=min(255, int(level * NEUTRAL)))

    def fill(self, polygon: Polygon, colour: Colour, level: float = 1.0) -> None:
        """Paint a polygon flat: colour and light."""
        pixels = self._pixels(polygon)
        self._colour_draw.polygon(pixels, fill=colour)
        self._light_draw.polygon(pixels, fill=min(255, int(level * NEUTRAL)))

    def facing(self, x: float, y: float) -> float:
        """Give the light on a surface whose unit normal has these x and y (the rest of it faces the viewer)."""
        front = math.sqrt(max(0.0, 1.0 - x * x - y * y))
        return 0.60 + 0.42 * (0.75 * (x * self.light[0] + y * self.light[1]) + 0.9 * front)

    def round_off(self, ribbon: Ribbon, colour: Colour, level: float = 1.0, printed: Sequence[Print] = ()) -> None:
        """Draw a ribbon as a round body with what is printed on it; a darker rim sets it off from what is behind."""
        _, _, hx, hy = ribbon.section(0.5)
        width = math.hypot(hx, hy) or 1e-9
        whole, *strips = ribbon.strips(self.size * self.factor)
        self._colour_draw.polygon(whole, fill=colour)
        for polygon, print_colour in printed:
            self.paint(polygon, print_colour)
        self._light_draw.polygon(whole, fill=int(0.55 * level * NEUTRAL))
        for strip, low, high in zip(strips, STRIPS[:-1], STRIPS[1:], strict=True):
            across = 0.5 * (low + high) / width
            light = level * self.facing(across * hx, across * hy)
            self._light_draw.polygon(strip, fill=min(255, int(light * NEUTRAL)))

    def flatten(self) -> Image.Image:
        """Give the picture, size x size RGB: colours times light (1 stands at NEUTRAL of 255), each averaged down."""
        light = self.lights.reduce(self.factor)
        return ImageChops.multiply(self.colours.reduce(self.factor), Image.merge("RGB", (light, light, light)))
