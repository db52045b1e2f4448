"""The lengths of a body, as parts of its stature, and how they vary between people.

Means after Drillis and Contini's segment lengths (as tabled in Winter, Biomechanics and Motor Control of Human
Movement); the head is a little larger than life, so that figures read well at 64 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from tasks.synthetic.draws import Draws


@dataclass(frozen=True)
class Proportions:
    """Lengths in statures; `girth` multiplies every thickness."""

    upper_arm: float
    forearm: float
    hand: float
    thigh: float
    shank: float
    foot: float
    abdomen: float  # pelvis to waist
    chest: float  # waist to thorax
    neck: float  # thorax to upper neck
    head: float  # upper neck to the top of the head
    shoulder_width: float  # thorax to a shoulder, sideways
    hip_width: float  # pelvis to a hip, sideways
    girth: float


LENGTH_RANGES: Final[dict[str, tuple[float, float]]] = {
    "upper_arm": (0.165, 0.195),
    "forearm": (0.130, 0.158),
    "hand": (0.060, 0.075),
    "thigh": (0.225, 0.260),
    "shank": (0.225, 0.260),
    "foot": (0.105, 0.130),
    "abdomen": (0.105, 0.130),
    "chest": (0.160, 0.185),
    "neck": (0.035, 0.055),
    "head": (0.145, 0.170),
    "shoulder_width": (0.095, 0.125),
    "hip_width": (0.052, 0.070),
    "girth": (0.85, 1.25),
}
"""Smallest and largest value of each field of `Proportions`."""


def sample_proportions(draws: Draws) -> Proportions:
    """Draw the proportions of a person, each from the middle of its range more often than from its ends."""
    return Proportions(**{field.name: draws.central(*LENGTH_RANGES[field.name]) for field in fields(Proportions)})
