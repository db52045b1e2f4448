"""Who stands where in a picture: the person that is looked for, perhaps another one, something in front. No pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tasks.synthetic.activities import sample_pose
from tasks.synthetic.draws import Draws
from tasks.synthetic.kinematics import Body, Vector, forward
from tasks.synthetic.proportions import sample_proportions
from tasks.synthetic.shapes import Point

CROP: Final = 0.8
"""Side of the network's input at scale 1, in sides of the picture: the rest is context for rotation and scale."""
DISTRACTOR_CHANCE: Final = 0.3
OCCLUDER_CHANCE: Final = 0.3
_FILL: Final = (0.66, 0.80)


@dataclass(frozen=True)
class Figure:
    """A body in the picture: its pelvis at (x, y), `scale` sides of the picture to a stature."""

    body: Body
    x: float
    y: float
    scale: float

    def project(self, place: Vector) -> Point:
        """Give the place in the picture, in sides of it, of a place in the body's space (orthographic)."""
        return self.x + self.scale * float(place[0]), self.y - self.scale * float(place[1])

    def joints(self) -> npt.NDArray[np.float64]:
        """Give the joints, 16 x 2, in sides of the picture."""
        return np.array((self.x, self.y)) + self.scale * self.body.joints[:, :2] * (1.0, -1.0)

    def head_size(self) -> float:
        """Give PCKh's reference length, in sides of the picture.

        As MPII: 0.6 of the diagonal of the upright box around the head (here of the drawn skull, without hair or cap).
        """
        width, height = 2.0 * self.scale * np.sqrt((self.body.skull_axes[:, :2] ** 2).sum(axis=0))
        return 0.6 * float(np.hypot(width, height))


@dataclass(frozen=True)
class Scene:
    """What is in a picture. `draws` goes on to fix how it all looks."""

    person: Figure
    distractor: Figure | None
    distractor_place: Literal["behind", "before"]
    occluder: bool
    draws: Draws


def _place(draws: Draws, body: Body, x: float, y: float, fill: float) -> Figure:
    """Place a body so that the box around its joints has its middle at (x, y) and fills `fill` sides of the picture."""
    low, high = body.joints[:, :2].min(axis=0), body.joints[:, :2].max(axis=0)
    # A crouching person is not blown up to a standing one's height: MPII's scale is the person's, not the box's.
    scale = fill / max(float((high - low).max()), 0.85)
    middle = 0.5 * (low + high)
    return Figure(body, x - scale * float(middle[0]), y + scale * float(middle[1]), scale)


def sample_person(split: str, index: int) -> Figure:
    """Give the person that figure `index` of a split is about: near the middle, whole."""
    draws = Draws(split, index, "person")
    body = forward(sample_pose(draws), sample_proportions(draws))
    x, y = 0.5 + draws.central(-0.05, 0.05), 0.5 + draws.central(-0.05, 0.05)
    return _place(draws, body, x, y, CROP * draws.uniform(*_FILL))


def sample_scene(split: str, index: int) -> Scene:
    """Give all that is in figure `index` of a split. Raises DataError for an unknown split or a negative index."""
    person = sample_person(split, index)
    draws = Draws(split, index, "scene")
    distractor: Figure | None = None
    place: Literal["behind", "before"] = "behind"
    if draws.chance(DISTRACTOR_CHANCE):
        body = forward(sample_pose(draws), sample_proportions(draws))
        x = 0.5 + draws.sign() * draws.uniform(0.27, 0.46)
        y = 0.5 + draws.uniform(-0.08, 0.12)
        place = "before" if draws.chance(0.25) else "behind"
        distractor = _place(draws, body, x, y, CROP * draws.uniform(0.48, 0.72))
    return Scene(person, distractor, place, draws.chance(OCCLUDER_CHANCE), draws)
