"""The files in which MPII's annotations travel, parsed and checked: JSON, Newell's HDF5, gt_valid.mat.

All three hold 1-based pixel coordinates, and are kept so here: `tasks.mpii` converts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tasks.annotations import BoolArray
from tasks.errors import DataError
from tasks.skeleton import MPII_JOINTS

DoubleArray = npt.NDArray[np.float64]

_K: Final = len(MPII_JOINTS)
_JSON_KEYS: Final = ("image", "joints", "joints_vis", "center", "scale")
_H5_KEYS: Final[dict[str, tuple[int, ...]]] = {
    "imgname": (),
    "part": (_K, 2),
    "center": (2,),
    "scale": (),
    "normalize": (),
}


@dataclass(frozen=True)
class MpiiPeople:
    """N people, in 1-based pixels; `scale` is the side of the square around `centre` over 200 pixels."""

    images: tuple[str, ...]
    points: DoubleArray
    annotated: BoolArray
    centre: DoubleArray
    scale: DoubleArray
    head_size: DoubleArray | None


def parse_json(path: Path) -> MpiiPeople:
    """Parse the JSON that most MPII code uses: a list of objects with image, joints, joints_vis, center, scale.

    Its centre and scale are MPII's own (`objpos`, height / 200); the usual enlargement (15 scale pixels down, 1.25
    times as large: Newell et al., HRNet) is applied here, so that both mean the same as in the HDF5.
    Raises DataError naming the entry and the key that is missing or ill-formed.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is not JSON that can be read ({error}): copy the file again") from error
    if not isinstance(entries, list):
        raise DataError(f"{path} holds {type(entries).__name__}, expected a list with an object for each person")
    if not entries:
        raise DataError(f"{path} annotates no people: the list is empty")
    images: list[str] = []
    rows: dict[str, list[DoubleArray]] = {key: [] for key in _JSON_KEYS if key != "image"}
    shapes: dict[str, tuple[int, ...]] = {"joints": (_K, 2), "joints_vis": (_K,), "center": (2,), "scale": ()}
    for number, entry in enumerate(entries):
        where = f"{path}, entry {number}"
        if not isinstance(entry, dict):
            raise DataError(f"{where} is {type(entry).__name__}, expected an object with {', '.join(_JSON_KEYS)}")
        missing = [key for key in _JSON_KEYS if key not in entry]
        if missing:
            raise DataError(f"{where} has no {', '.join(map(repr, missing))}; expected {', '.join(_JSON_KEYS)}")
        if not isinstance(entry["image"], str) or not entry["image"]:
            raise DataError(f"{where}: 'image' is {entry['image']!r}, expected a file name")
        images.append(entry["image"])
        for key, shape in shapes.items():
            rows[key].append(_numbers(entry[key], shape, f"{where}: {key!r}"))
    scale = np.stack(rows["scale"])
    centre = np.stack(rows["center"])
    centre[:, 1] += 15 * scale
    return _checked(
        path,
        MpiiPeople(
            images=tuple(images),
            points=np.stack(rows["joints"]),
            annotated=np.stack(rows["joints_vis"]) > 0,
            centre=centre,
            scale=scale * 1.25,
            head_size=None,
        ),
    )


def parse_h5(path: Path) -> MpiiPeople:
    """Parse the HDF5 published with Newell's training code.

    Its centre and scale are already enlarged (its conversion script did it), and its `visible` means unoccluded: a
    joint is annotated where `part` is not (0, 0), which agrees with `jnt_missing` of gt_valid.mat for all 2,958 people.
    `normalize` is PCKh's head size, 0.6 x the diagonal of the head box. Raises DataError naming the array that is
    missing or of another shape.
    """
    import h5py

    arrays: dict[str, npt.NDArray[Any]] = {}
    try:
        with h5py.File(path, "r") as file:
            for key in _H5_KEYS:
                if key not in file:
                    raise DataError(f"{path} has no array {key!r}; expected {', '.join(_H5_KEYS)}")
                arrays[key] = np.asarray(file[key])
    except OSError as error:
        raise DataError(f"{path} is not an HDF5 file that can be read ({error}): copy the file again") from error
    count = len(arrays["imgname"])
    if count == 0:
        raise DataError(f"{path} annotates no people: its arrays are empty")
    for key, shape in _H5_KEYS.items():
        if arrays[key].shape != (count, *shape):
            raise DataError(f"{path}: {key!r} has shape {arrays[key].shape}, expected {(count, *shape)}")
    part = arrays["part"].astype(np.float64)
    return _checked(
        path,
        MpiiPeople(
            images=tuple(name.decode() if isinstance(name, bytes) else str(name) for name in arrays["imgname"]),
            points=part,
            annotated=(part != 0).any(axis=2),
            centre=arrays["center"].astype(np.float64),
            scale=arrays["scale"].astype(np.float64),
            head_size=arrays["normalize"].astype(np.float64),
        ),
    )


@dataclass(frozen=True)
class MpiiTruth:
    """The evaluation's ground truth of N people: joints N x 16 x 2 (1-based), annotated N x 16, head sizes N."""

    points: DoubleArray
    annotated: BoolArray
    head_size: DoubleArray


def load_truth(path: Path) -> MpiiTruth:
    """Load gt_valid.mat. Raises DataError if it is not a MATLAB file or its arrays are missing or of another shape."""
    from scipy.io import loadmat

    keys = ("pos_gt_src", "headboxes_src", "jnt_missing")
    try:
        content: dict[str, Any] = loadmat(path, variable_names=list(keys))
    # scipy raises whatever its parser trips over when the bytes are no MATLAB file.
    except Exception as error:
        raise DataError(f"{path} is not a MATLAB file that can be read ({error}): copy the file again") from error
    missing = [key for key in keys if key not in content]
    if missing:
        raise DataError(f"{path} has no {', '.join(map(repr, missing))}: is it MPII's gt_valid.mat?")
    points, boxes, absent = (np.asarray(content[key]) for key in keys)
    count = points.shape[-1]
    for key, array, shape in zip(keys, (points, boxes, absent), ((_K, 2), (2, 2), (_K,)), strict=True):
        if array.shape != (*shape, count):
            raise DataError(f"{path}: {key!r} has shape {array.shape}, expected {(*shape, count)}")
    return MpiiTruth(points.transpose(2, 0, 1).astype(np.float64), absent.T == 0, mpii_head_sizes(boxes))


def mpii_head_sizes(headboxes_src: npt.NDArray[Any]) -> DoubleArray:
    """Give PCKh's reference lengths (N) from head boxes 2 x 2 x N (corner, x/y, person): 0.6 x the diagonal.

    Source: MPII's evaluation toolkit (Andriluka et al., CVPR 2014). Raises DataError for another shape.
    """
    if headboxes_src.ndim != 3 or headboxes_src.shape[:2] != (2, 2):
        raise DataError(f"head boxes have shape {headboxes_src.shape}, expected 2 x 2 x N")
    corners = headboxes_src.astype(np.float64)
    width, height = corners[1] - corners[0]
    sizes: DoubleArray = 0.6 * np.hypot(width, height)
    return sizes


def _numbers(value: object, shape: tuple[int, ...], where: str) -> DoubleArray:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{where} does not hold numbers in the shape {shape}") from None
    if array.shape != shape:
        raise DataError(f"{where} has shape {array.shape}, expected {shape}")
    return array


def _checked(path: Path, people: MpiiPeople) -> MpiiPeople:
    """Check what cropping relies on: finite coordinates and a positive scale."""
    bad = ~(np.isfinite(people.centre).all(axis=1) & np.isfinite(people.scale) & (people.scale > 0))
    bad |= (~np.isfinite(people.points).all(axis=2) & people.annotated).any(axis=1)
    if bad.any():
        number = int(np.argmax(bad))
        raise DataError(
            f"{path}, person {number} ({people.images[number]}): the scale must be positive and centre, scale and "
            "annotated joints finite numbers: correct the entry or remove it"
        )
    return people
