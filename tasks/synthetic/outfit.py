"""What a person looks like: skin, hair and clothes, and where a pattern lies on a ribbon of cloth."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass
from typing import Final, Literal

from tasks.synthetic.canvas import Colour, Print
from tasks.synthetic.draws import Draws
from tasks.synthetic.shapes import Polygon, Ribbon, disc

PatternKind = Literal["plain", "hoops", "stripes", "checks", "dots", "yoke"]
Hair = Literal["short", "long", "bald", "cap"]

SKINS: Final[tuple[Colour, ...]] = (
    (244, 208, 178),
    (232, 186, 150),
    (222, 170, 128),
    (198, 140, 100),
    (165, 112, 78),
    (128, 84, 58),
    (96, 62, 44),
)
HAIRS: Final[tuple[Colour, ...]] = (
    (34, 28, 26),
    (62, 42, 30),
    (98, 66, 40),
    (146, 100, 56),
    (206, 168, 104),
    (150, 66, 38),
    (150, 148, 146),
)
_PATTERNS: Final[tuple[tuple[float, PatternKind], ...]] = (
    (0.46, "plain"),
    (0.16, "hoops"),
    (0.10, "stripes"),
    (0.10, "checks"),
    (0.08, "dots"),
    (0.10, "yoke"),
)


@dataclass(frozen=True)
class Pattern:
    """A pattern: its kind, its second colour and how many repeats a trunk's length has."""

    kind: PatternKind
    colour: Colour
    repeats: int


@dataclass(frozen=True)
class Outfit:
    """Colours and cut. Sleeves: 0 none, 0.55 to the middle of the upper arm, 2 to the wrist; trousers alike."""

    skin: Colour
    hair: Colour
    hair_style: Hair
    cap: Colour
    top: Colour
    top_pattern: Pattern
    sleeves: float
    bottom: Colour
    bottom_pattern: Pattern
    trousers: float
    skirt: bool
    shoes: Colour
    front: Literal["plain", "buttons", "emblem"]


def cloth_colour(draws: Draws) -> Colour:
    """Draw a colour that clothes, walls and things have: often muted, sometimes strong."""
    hue, saturation, value = draws.unit(), draws.unit() ** 1.4 * 0.85, draws.uniform(0.16, 0.97)
    r, g, b = colorsys.hsv_to_rgb(hue, saturation, value)
    return int(255 * r), int(255 * g), int(255 * b)


def blend(a: Colour, b: Colour, weight: float) -> Colour:
    """Mix two colours: weight 0 gives the first, 1 the second."""
    return (
        int(a[0] + weight * (b[0] - a[0])),
        int(a[1] + weight * (b[1] - a[1])),
        int(a[2] + weight * (b[2] - a[2])),
    )


def sample_outfit(draws: Draws) -> Outfit:
    """Draw what a person looks like."""
    top, bottom = cloth_colour(draws), blend(cloth_colour(draws), (40, 44, 60), 0.35)
    return Outfit(
        skin=blend(draws.choice(SKINS), draws.choice(SKINS), 0.3 * draws.unit()),
        hair=draws.choice(HAIRS),
        hair_style=draws.weighted(((0.48, "short"), (0.28, "long"), (0.08, "bald"), (0.16, "cap"))),
        cap=cloth_colour(draws),
        top=top,
        top_pattern=Pattern(draws.weighted(_PATTERNS), cloth_colour(draws), 4 + int(4 * draws.unit())),
        sleeves=draws.weighted(((0.15, 0.0), (0.47, 0.55), (0.38, 1.92))),
        bottom=bottom,
        bottom_pattern=Pattern(
            draws.weighted(((0.8, "plain"), (0.1, "checks"), (0.1, "stripes"))),
            blend(bottom, cloth_colour(draws), 0.6),
            6,
        ),
        trousers=draws.weighted(((0.30, 0.62), (0.12, 1.2), (0.58, 1.94))),
        skirt=draws.chance(0.10),
        shoes=cloth_colour(draws),
        front=draws.weighted(((0.4, "plain"), (0.3, "buttons"), (0.3, "emblem"))),
    )


def pattern_prints(ribbon: Ribbon, pattern: Pattern, repeats: int) -> list[Print]:
    """Give the patches of a pattern's second colour on a ribbon."""
    patches: list[Polygon] = []
    if pattern.kind == "yoke":  # the upper part in the other colour: of a trunk, whose first station is below
        if repeats == pattern.repeats:
            patches.append(ribbon.patch(0.72, 1.0, -1.0, 1.0))
    elif pattern.kind == "stripes":
        patches += [ribbon.patch(0.0, 1.0, -0.75 + 0.6 * k, -0.45 + 0.6 * k) for k in range(3)]
    elif pattern.kind == "hoops":
        patches += [ribbon.patch(k / repeats, (k + 0.5) / repeats, -1.0, 1.0) for k in range(repeats)]
    elif pattern.kind == "checks":
        for k in range(2 * repeats):
            for low in (-1.0, 0.0) if k % 2 else (-0.5, 0.5):
                patches.append(ribbon.patch(0.5 * k / repeats, 0.5 * (k + 1) / repeats, low, low + 0.5))
    elif pattern.kind == "dots":
        _, _, hx, hy = ribbon.section(0.5)
        radius = 0.16 * math.hypot(hx, hy)
        for k in range(repeats):
            for across in (-0.45, 0.45) if k % 2 else (-0.8, 0.0, 0.8):
                patches.append(disc(ribbon.point((k + 0.5) / repeats, across), radius))
    return [(patch, pattern.colour) for patch in patches]
