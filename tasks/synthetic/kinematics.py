"""Forward kinematics: from joint angles and proportions to the joints in space, within anatomical limits.

Body axes: x to the person's left, y up, z forward. Seen at yaw 0 the person faces the viewer: x points to the right of
the picture, z towards the viewer. Lengths are in statures, angles in degrees. Shoulder angles are the International
Society of Biomechanics' (Wu et al. 2005): plane of elevation, elevation, axial rotation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tasks.synthetic.proportions import Proportions

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]

SIDED_LIMITS: Final[dict[str, tuple[float, float]]] = {
    "shoulder_plane": (-10.0, 120.0),  # 0 forward, 90 sideways
    "shoulder_elevation": (-45.0, 175.0),  # 0 hanging; negative: behind the body
    "shoulder_rotation": (-80.0, 80.0),  # positive: inwards
    "elbow": (0.0, 145.0),
    "hip_flexion": (-25.0, 115.0),
    "hip_abduction": (-8.0, 45.0),
    "hip_splay": (-20.0, 50.0),  # the thigh turned outwards
    "knee": (0.0, 140.0),
    "ankle": (-20.0, 45.0),  # positive: toes down
}
"""Limits of the angles that each side of the body has."""

CENTRAL_LIMITS: Final[dict[str, tuple[float, float]]] = {
    "yaw": (-180.0, 180.0),  # of the body to the viewer
    "pitch": (-40.0, 60.0),  # of the body to the viewer, and of the camera; positive: towards the viewer
    "roll": (-90.0, 90.0),
    "spine_bend": (-20.0, 50.0),  # positive: forward
    "spine_side": (-25.0, 25.0),
    "spine_twist": (-35.0, 35.0),
    "neck_bend": (-35.0, 40.0),
    "neck_side": (-25.0, 25.0),
    "neck_turn": (-65.0, 65.0),
}
"""Limits of the angles that the body has once."""

RIGHT: Final = -1
LEFT: Final = 1


@dataclass(frozen=True)
class Pose:
    """Joint angles in degrees: `central` as CENTRAL_LIMITS names them, `right` and `left` as SIDED_LIMITS."""

    central: dict[str, float]
    right: dict[str, float]
    left: dict[str, float]


@dataclass(frozen=True)
class Body:
    """A posed body around its pelvis, turned to the viewer: x right, y up, z towards the viewer, in statures."""

    joints: Vector  # 16 x 3, MPII order
    hands: Vector  # 2 x 3: ends of the right and left hand
    heels: Vector  # 2 x 3, right and left
    toes: Vector  # 2 x 3, right and left
    waist: Vector  # 3
    pelvis_frame: Matrix  # 3 x 3: columns are the pelvis's x, y and z axes
    chest_frame: Matrix
    head_frame: Matrix
    skull_centre: Vector  # 3
    skull_axes: Matrix  # 3 x 3: rows are the half axes of the skull: sideways, up, forward
    proportions: Proportions


def rotation_x(degrees: float) -> Matrix:
    """Rotate about x: y towards z."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(((1.0, 0.0, 0.0), (0.0, c, -s), (0.0, s, c)))


def rotation_y(degrees: float) -> Matrix:
    """Rotate about y: z towards x."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c)))


def rotation_z(degrees: float) -> Matrix:
    """Rotate about z: x towards y."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0)))


def _arm(chest: Matrix, shoulder: Vector, angles: dict[str, float], side: int, p: Proportions) -> tuple[Vector, ...]:
    """Give elbow, wrist and end of the hand."""
    plane, turn = angles["shoulder_plane"], angles["shoulder_rotation"]
    upper = (
        chest
        @ rotation_y(side * plane)
        @ rotation_x(-angles["shoulder_elevation"])
        @ rotation_y(-side * (turn + plane))
    )
    lower = upper @ rotation_x(-angles["elbow"])
    elbow = shoulder - p.upper_arm * upper[:, 1]
    wrist = elbow - p.forearm * lower[:, 1]
    return elbow, wrist, wrist - p.hand * lower[:, 1]


def _leg(pelvis: Matrix, hip: Vector, angles: dict[str, float], side: int, p: Proportions) -> tuple[Vector, ...]:
    """Give knee, ankle, heel and end of the toes."""
    upper = (
        pelvis
        @ rotation_y(side * angles["hip_splay"])
        @ rotation_z(side * angles["hip_abduction"])
        @ rotation_x(-angles["hip_flexion"])
    )
    lower = upper @ rotation_x(angles["knee"])
    foot = lower @ rotation_x(angles["ankle"])
    knee = hip - p.thigh * upper[:, 1]
    ankle = knee - p.shank * lower[:, 1]
    sole = ankle - 0.022 * foot[:, 1]
    return knee, ankle, sole - 0.22 * p.foot * foot[:, 2], sole + 0.78 * p.foot * foot[:, 2]


def forward(pose: Pose, proportions: Proportions) -> Body:
    """Pose a body: joints 16 x 3 in MPII's order and the frames that drawing needs, in statures around the pelvis."""
    p, c = proportions, pose.central
    pelvis_frame = rotation_z(c["roll"]) @ rotation_x(c["pitch"]) @ rotation_y(c["yaw"])
    chest_frame = (
        pelvis_frame @ rotation_y(c["spine_twist"]) @ rotation_x(c["spine_bend"]) @ rotation_z(c["spine_side"])
    )
    neck_frame = chest_frame @ rotation_x(0.5 * c["neck_bend"]) @ rotation_z(0.5 * c["neck_side"])
    head_frame = chest_frame @ rotation_y(c["neck_turn"]) @ rotation_x(c["neck_bend"]) @ rotation_z(c["neck_side"])

    pelvis = np.zeros(3)
    waist = p.abdomen * pelvis_frame[:, 1]
    thorax = waist + p.chest * chest_frame[:, 1]
    upper_neck = thorax + p.neck * neck_frame[:, 1]
    head_top = upper_neck + p.head * head_frame[:, 1]

    joints, ends = {}, {}
    for side, angles in ((RIGHT, pose.right), (LEFT, pose.left)):
        # The shoulder girdle rises when the arm goes over the horizontal.
        rise = 0.035 * max(0.0, angles["shoulder_elevation"] - 70.0) / 105.0 - 0.012
        shoulder = thorax + side * p.shoulder_width * chest_frame[:, 0] + rise * chest_frame[:, 1]
        hip = side * p.hip_width * pelvis_frame[:, 0] - 0.005 * pelvis_frame[:, 1]
        elbow, wrist, hand = _arm(chest_frame, shoulder, angles, side, p)
        knee, ankle, heel, toe = _leg(pelvis_frame, hip, angles, side, p)
        joints[side] = (ankle, knee, hip, wrist, elbow, shoulder)
        ends[side] = (hand, heel, toe)

    (r_ankle, r_knee, r_hip, *r_arm), (l_ankle, l_knee, l_hip, l_wrist, l_elbow, l_shoulder) = (
        joints[RIGHT],
        joints[LEFT],
    )
    ordered = [r_ankle, r_knee, r_hip, l_hip, l_knee, l_ankle, pelvis, thorax, upper_neck, head_top]
    ordered += [*r_arm, l_shoulder, l_elbow, l_wrist]
    skull = p.head * np.array((0.39, 0.5, 0.45))
    return Body(
        joints=np.array(ordered),
        hands=np.array((ends[RIGHT][0], ends[LEFT][0])),
        heels=np.array((ends[RIGHT][1], ends[LEFT][1])),
        toes=np.array((ends[RIGHT][2], ends[LEFT][2])),
        waist=waist,
        pelvis_frame=pelvis_frame,
        chest_frame=chest_frame,
        head_frame=head_frame,
        skull_centre=0.5 * (upper_neck + head_top) + 0.02 * head_frame[:, 2],
        skull_axes=head_frame.T * skull[:, None],
        proportions=p,
    )
