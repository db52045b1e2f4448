"""The body that pose is about: MPII's sixteen joints, which are left and right, which are joined, and how LSP's map."""

from __future__ import annotations

from typing import Final

MPII_JOINTS: Final[tuple[str, ...]] = (
    "right ankle",
    "right knee",
    "right hip",
    "left hip",
    "left knee",
    "left ankle",
    "pelvis",
    "thorax",
    "upper neck",
    "head top",
    "right wrist",
    "right elbow",
    "right shoulder",
    "left shoulder",
    "left elbow",
    "left wrist",
)
"""Names of the joints, in MPII's order: the order of axis K of every pose array."""

PELVIS: Final = 6
THORAX: Final = 7
UPPER_NECK: Final = 8
HEAD_TOP: Final = 9

MPII_FLIP_PAIRS: Final[tuple[tuple[int, int], ...]] = ((0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13))
"""Joints that change places when the image is mirrored."""

MPII_LIMBS: Final[tuple[tuple[int, int], ...]] = (
    (0, 1),
    (1, 2),
    (2, 6),
    (6, 3),
    (3, 4),
    (4, 5),
    (6, 7),
    (7, 8),
    (8, 9),
    (10, 11),
    (11, 12),
    (12, 7),
    (7, 13),
    (13, 14),
    (14, 15),
)
"""Pairs of joints between which a limb lies (a tree over the sixteen joints): what a drawing shows."""

LSP_JOINTS: Final[tuple[str, ...]] = (
    "right ankle",
    "right knee",
    "right hip",
    "left hip",
    "left knee",
    "left ankle",
    "right wrist",
    "right elbow",
    "right shoulder",
    "left shoulder",
    "left elbow",
    "left wrist",
    "upper neck",
    "head top",
)
"""The fourteen joints of the Leeds Sports Pose sets, in the order of `joints.mat` (its `neck` is MPII's upper neck)."""

LSP_TO_MPII: Final[tuple[int, ...]] = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 8, 9)
"""For each of LSP's joints its index among MPII's sixteen; pelvis and thorax have no counterpart."""
