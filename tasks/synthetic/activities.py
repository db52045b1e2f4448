"""What people do: for each activity the ranges from which its joint angles are drawn.

Every range lies within the anatomical limits of `kinematics` (a test holds them together). An activity names only the
angles in which it differs from standing; `lead` and `trail` are the two sides of the body: which is right is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tasks.synthetic.draws import Draws
from tasks.synthetic.kinematics import Pose

Range = tuple[float, float]


@dataclass(frozen=True)
class Activity:
    """Ranges of angles in degrees. `both` holds for both sides, `lead` and `trail` each for one, over `both`."""

    weight: float
    central: dict[str, Range] = field(default_factory=dict)
    both: dict[str, Range] = field(default_factory=dict)
    lead: dict[str, Range] = field(default_factory=dict)
    trail: dict[str, Range] = field(default_factory=dict)


STANDING_CENTRAL: Final[dict[str, Range]] = {
    "pitch": (-8, 14),
    "roll": (-9, 9),
    "spine_bend": (-8, 16),
    "spine_side": (-12, 12),
    "spine_twist": (-20, 20),
    "neck_bend": (-18, 26),
    "neck_side": (-14, 14),
    "neck_turn": (-45, 45),
}
STANDING_SIDE: Final[dict[str, Range]] = {
    "shoulder_plane": (20, 100),
    "shoulder_elevation": (4, 32),
    "shoulder_rotation": (-20, 50),
    "elbow": (4, 60),
    "hip_flexion": (-6, 12),
    "hip_abduction": (-2, 16),
    "hip_splay": (-2, 25),
    "knee": (0, 18),
    "ankle": (-4, 8),
}
_ARM_UP: Final[dict[str, Range]] = {"shoulder_elevation": (95, 172), "elbow": (0, 100), "shoulder_rotation": (-60, 20)}
_ARM_OUT: Final[dict[str, Range]] = {"shoulder_elevation": (50, 110), "elbow": (0, 110), "shoulder_rotation": (-60, 50)}
_HAND_ON_HIP: Final[dict[str, Range]] = {
    "shoulder_plane": (70, 100),
    "shoulder_elevation": (38, 58),
    "shoulder_rotation": (62, 80),
    "elbow": (85, 115),
}

ACTIVITIES: Final[dict[str, Activity]] = {
    "standing": Activity(0.13),
    "posing": Activity(0.11, lead=_HAND_ON_HIP, trail={"shoulder_elevation": (4, 60), "elbow": (0, 110)}),
    "waving": Activity(0.13, lead=_ARM_UP, trail={"shoulder_elevation": (4, 60), "elbow": (0, 110)}),
    "cheering": Activity(0.09, both=_ARM_UP | {"hip_abduction": (0, 30)}),
    "reaching": Activity(0.11, {"spine_bend": (-10, 35), "spine_side": (-20, 20)}, lead=_ARM_OUT, trail=_ARM_OUT),
    "walking": Activity(
        0.11,
        lead={"hip_flexion": (12, 35), "knee": (0, 30), "shoulder_elevation": (-40, 0), "shoulder_plane": (0, 30)},
        trail={"hip_flexion": (-22, -4), "knee": (5, 45), "shoulder_elevation": (5, 50), "shoulder_plane": (0, 40)},
    ),
    "running": Activity(
        0.10,
        {"spine_bend": (0, 30)},
        both={"elbow": (50, 115), "shoulder_plane": (0, 45)},
        lead={"hip_flexion": (35, 85), "knee": (40, 110), "shoulder_elevation": (-45, 0), "ankle": (-10, 20)},
        trail={"hip_flexion": (-25, 0), "knee": (10, 100), "shoulder_elevation": (10, 65), "ankle": (0, 40)},
    ),
    "squatting": Activity(
        0.07,
        {"spine_bend": (5, 40)},
        both={
            "hip_flexion": (45, 105),
            "hip_abduction": (2, 20),
            "hip_splay": (5, 45),
            "knee": (60, 130),
            "shoulder_elevation": (10, 100),
            "elbow": (5, 100),
        },
    ),
    "kicking": Activity(
        0.08,
        {"spine_side": (-18, 18), "spine_bend": (-15, 20), "roll": (-16, 16)},
        both=_ARM_OUT,
        lead={"hip_flexion": (20, 95), "hip_abduction": (0, 40), "knee": (0, 70), "ankle": (0, 40)},
        trail={"hip_flexion": (-15, 10), "knee": (0, 30)},
    ),
    "dancing": Activity(
        0.07,
        {"roll": (-25, 25), "spine_bend": (-15, 35), "spine_side": (-22, 22), "spine_twist": (-32, 32)},
        both={
            "shoulder_plane": (0, 115),
            "shoulder_elevation": (-20, 170),
            "shoulder_rotation": (-70, 75),
            "elbow": (0, 140),
            "hip_flexion": (-20, 80),
            "hip_abduction": (0, 44),
            "hip_splay": (-10, 45),
            "knee": (0, 110),
            "ankle": (-15, 40),
        },
    ),
}

YAW: Final[tuple[tuple[float, Range], ...]] = (
    (0.60, (-50, 50)),  # facing the viewer
    (0.13, (-95, -50)),
    (0.13, (50, 95)),
    (0.07, (-180, -100)),
    (0.07, (100, 180)),
)
"""Weights and ranges of the direction in which a person faces."""


def sample_pose(draws: Draws) -> Pose:
    """Draw an activity, the direction it is seen from, and its joint angles."""
    activity = draws.weighted([(activity.weight, activity) for activity in ACTIVITIES.values()])
    central = {name: draws.central(*span) for name, span in (STANDING_CENTRAL | activity.central).items()}
    central["yaw"] = draws.uniform(*draws.weighted(YAW))
    lead = {name: draws.central(*span) for name, span in (STANDING_SIDE | activity.both | activity.lead).items()}
    trail = {name: draws.central(*span) for name, span in (STANDING_SIDE | activity.both | activity.trail).items()}
    right, left = (lead, trail) if draws.chance(0.5) else (trail, lead)
    return Pose(central, right, left)
