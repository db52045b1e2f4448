"""The Leeds Sports Pose sets (Johnson & Everingham, BMVC 2010 and CVPR 2011), original and extended.

Layout: `joints.mat` and `images/im00001.jpg` (extended) or `images/im0001.jpg` (original).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tasks.annotations import Annotations, BoolArray, FloatArray
from tasks.errors import DataError
from tasks.folders import (
    SplitName,
    data_folder,
    file_names,
    lsp_annotation_file,
    lsp_image_folder,
    require_images,
)
from tasks.images import read_rgb, read_rgb_reduced
from tasks.skeleton import HEAD_TOP, LSP_JOINTS, LSP_TO_MPII, MPII_JOINTS, UPPER_NECK

LSP_SIDE: Final = 1.35
"""Side of the input's square over the joints' bounding box: hands, feet and hair lie outside of the joints."""

LSP_HEAD_RULE: Final = "neck to head top"

_JOINTS: Final = len(LSP_JOINTS)


def read_lsp(root: Path, split: SplitName) -> Annotations:
    """Read one split of LSP or LSP extended, as MPII's sixteen joints (pelvis and thorax not annotated).

    `joints` is 14 x 3 x N in the extended set (the flag says: annotated; the first 80% of the images are the train
    split) and 3 x 14 x N in the original (every joint is annotated, the flag says: occluded; the first half is the
    train split).

    Coordinates are 0-based as they stand in the file. The extended set shows it: clicks at exactly 0, rescaled
    coordinates that are whole multiples of the image's scale (0 goes to 0), and a range of -0.1 to width - 1.
    The original comes from the same authors' tool and is read the same way.

    Head size is the distance from neck to head top; NaN (not counted by PCKh) where either is not annotated. The square
    is centred on the annotated joints' bounding box. Images with fewer than two annotated joints say nothing about
    where the person is and are left out (after splitting, so that splits do not shift).

    Raises DataError for a missing folder, file or image, a file that is not a MATLAB file, and arrays of another shape.
    """
    root = data_folder(root, "lsp")
    path = lsp_annotation_file(root)
    folder = lsp_image_folder(root)
    lsp_points, lsp_visible, extended = load_joints(path)
    total = len(lsp_points)
    train = (total * 4) // 5 if extended else total // 2
    chosen = np.arange(train) if split == "train" else np.arange(train, total)
    chosen = chosen[lsp_visible[chosen].sum(axis=1) >= 2]
    if len(chosen) == 0:
        raise DataError(f"the {split} split of {path} is empty: the file annotates {total} images")

    names = _image_names(chosen, folder, digits=5 if extended else 4)
    require_images(names, folder, path)
    points = np.zeros((len(chosen), len(MPII_JOINTS), 2), dtype=np.float32)
    visible = np.zeros((len(chosen), len(MPII_JOINTS)), dtype=np.bool_)
    visible[:, LSP_TO_MPII] = lsp_visible[chosen]
    points[:, LSP_TO_MPII] = np.where(lsp_visible[chosen][..., None], lsp_points[chosen], 0)
    centre, side = bounding_square(points, visible)
    if (side <= 0).any():
        raise DataError(f"{path}: all joints of {names[int(np.argmin(side))]} lie in one place: correct its annotation")

    head = np.linalg.norm(points[:, UPPER_NECK] - points[:, HEAD_TOP], axis=1).astype(np.float32)
    known = visible[:, UPPER_NECK] & visible[:, HEAD_TOP] & (head > 0)
    return Annotations(
        images=names,
        points=points,
        visible=visible,
        centre=centre,
        side=side * np.float32(LSP_SIDE),
        head_size=np.where(known, head, np.float32(np.nan)),
        read=lambda i: read_rgb(folder / names[i]),
        head_size_rule=LSP_HEAD_RULE,
        read_reduced=lambda i, limit: read_rgb_reduced(folder / names[i], limit),
    )


def load_joints(path: Path) -> tuple[FloatArray, BoolArray, bool]:
    """Read `joints.mat`: points N x 14 x 2, annotated N x 14, and whether it is the extended set's.

    Raises DataError if the file is not a MATLAB file, has no `joints`, or `joints` is of another shape or not finite.
    """
    from scipy.io import loadmat

    try:
        content: dict[str, Any] = loadmat(path, variable_names=["joints"])
    # scipy raises whatever its parser trips over when the bytes are no MATLAB file.
    except Exception as error:
        raise DataError(f"{path} is not a MATLAB file that can be read ({error}): copy joints.mat again") from error
    if "joints" not in content:
        raise DataError(f"{path} has no array named 'joints': is it LSP's joints.mat?")
    joints: npt.NDArray[Any] = content["joints"]
    shape = joints.shape
    if len(shape) == 3 and shape[:2] == (_JOINTS, 3):
        joints, extended = joints.transpose(2, 0, 1), True
    elif len(shape) == 3 and shape[:2] == (3, _JOINTS):
        joints, extended = joints.transpose(2, 1, 0), False
    else:
        found = " x ".join(str(n) for n in shape)
        raise DataError(f"{path}: 'joints' is {found}; expected 14 x 3 x N (LSP extended) or 3 x 14 x N (LSP)")
    if joints.dtype.kind not in "fiub":
        raise DataError(f"{path}: 'joints' does not hold numbers (its type is {joints.dtype}): is it LSP's joints.mat?")
    points = joints[..., :2].astype(np.float32)
    annotated = joints[..., 2] > 0 if extended else np.ones(joints.shape[:2], dtype=np.bool_)
    bad = ~np.isfinite(points).all(axis=2) & annotated
    if bad.any():
        image, joint = np.argwhere(bad)[0]
        raise DataError(f"{path}: the {LSP_JOINTS[joint]} of image {image + 1} is not a finite number: correct it")
    return points, annotated, extended


def bounding_square(points: FloatArray, visible: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Give centre (N x 2) and larger side (N) of the annotated joints' bounding boxes; each needs at least a joint."""
    low = np.where(visible[..., None], points, np.inf).min(axis=1)
    high = np.where(visible[..., None], points, -np.inf).max(axis=1)
    return ((low + high) / 2).astype(np.float32), (high - low).max(axis=1).astype(np.float32)


def _image_names(indices: npt.NDArray[np.intp], folder: Path, digits: int) -> tuple[str, ...]:
    """Name the images; either numbering is accepted where the first image lies under the other one."""
    present = file_names(folder)
    other = 9 - digits
    first = int(indices[0]) + 1
    if f"im{first:0{digits}d}.jpg" not in present and f"im{first:0{other}d}.jpg" in present:
        digits = other
    return tuple(f"im{i + 1:0{digits}d}.jpg" for i in indices)
