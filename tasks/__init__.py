"""What is learned: data sets, augmentation, targets, losses and metrics (human pose for now).

Importing the package imports neither torch nor scipy: the names below come from their modules on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tasks.annotations import Annotations
    from tasks.augmentation import augment, centre_input
    from tasks.draw import draw_poses
    from tasks.errors import DataError
    from tasks.heatmaps import decode, encode
    from tasks.losses import activate, make_loss
    from tasks.metrics import normalised_errors, pck_torso, pckh
    from tasks.mirror import mirror_heatmaps, mirror_images
    from tasks.pose import PoseData, Split, evaluate, open_pose
    from tasks.version import data_version

__all__ = [
    "Annotations",
    "DataError",
    "PoseData",
    "Split",
    "activate",
    "augment",
    "centre_input",
    "data_version",
    "decode",
    "draw_poses",
    "encode",
    "evaluate",
    "make_loss",
    "mirror_heatmaps",
    "mirror_images",
    "normalised_errors",
    "open_pose",
    "pck_torso",
    "pckh",
]

_MODULES: Final[dict[str, str]] = {
    "Annotations": "annotations",
    "DataError": "errors",
    "PoseData": "pose",
    "Split": "pose",
    "activate": "losses",
    "augment": "augmentation",
    "centre_input": "augmentation",
    "data_version": "version",
    "decode": "heatmaps",
    "draw_poses": "draw",
    "encode": "heatmaps",
    "evaluate": "pose",
    "make_loss": "losses",
    "mirror_heatmaps": "mirror",
    "mirror_images": "mirror",
    "normalised_errors": "metrics",
    "open_pose": "pose",
    "pck_torso": "metrics",
    "pckh": "metrics",
}


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
