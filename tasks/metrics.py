"""How well landmarks are found: PCKh as MPII's evaluation computes it, PCK by the torso, and the errors themselves."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tasks.annotations import FloatArray
from tasks.skeleton import MPII_JOINTS

JOINT_GROUPS: Final[dict[str, tuple[int, ...]]] = {
    "Head": (9,),
    "Shld": (12, 13),
    "Elbow": (11, 14),
    "Wrist": (10, 15),
    "Hip": (2, 3),
    "Knee": (1, 4),
    "Ankle": (0, 5),
}
"""The columns of a PCKh table and their joints (MPII order). Head is the head top alone."""

SCORED_JOINTS: Final[tuple[int, ...]] = (0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15)
"""The fourteen joints of the totals: all but pelvis and thorax; the upper neck counts although it has no column."""

_RIGHT_SHOULDER: Final = 12
_LEFT_HIP: Final = 3


def pckh(
    predicted: npt.ArrayLike,
    target: npt.ArrayLike,
    head_size: npt.ArrayLike,
    visible: npt.ArrayLike,
    threshold: float = 0.5,
) -> dict[str, float]:
    """Percentage of joints found within `threshold` head sizes (at exactly the threshold counts as found).

    Predicted and target N x 16 x 2 in the same pixels, head_size N in those pixels (NaN: unknown, the person is left
    out), visible N x 16: annotated (not: unoccluded).

    Gives Head, Shld, Elbow, Wrist, Hip, Knee, Ankle (for a pair the plain mean of right and left, as MPII's
    evaluation does), `total` (found over annotated, all joints of the fourteen together) and `mean14` (the plain mean
    of the fourteen joints' percentages). A joint that is nowhere annotated gives NaN in its column and is left out of
    the means. Raises ValueError for other shapes and for head sizes of zero or below.

    Newell's eight-stack hourglass on MPII's validation people: Head 95.94, total 88.43, mean14 87.98.
    """
    sizes = np.asarray(head_size, dtype=np.float64)
    return _report(normalised_errors(predicted, target, sizes, visible), threshold)


def pck_torso(
    predicted: npt.ArrayLike, target: npt.ArrayLike, visible: npt.ArrayLike, threshold: float = 0.2
) -> dict[str, float]:
    """Percentage of joints found within `threshold` torso lengths: PCK@0.2, as is usual for LSP.

    The torso is the distance from right shoulder to left hip; people without both annotated (or with both in one
    place) are left out. Arguments and keys as in `pckh`.
    """
    truth, seen = np.asarray(target, dtype=np.float64), np.asarray(visible, dtype=np.bool_)
    _check_shapes(np.asarray(predicted), truth, np.empty(len(truth)), seen)
    torso = np.linalg.norm(truth[:, _RIGHT_SHOULDER] - truth[:, _LEFT_HIP], axis=1)
    known = seen[:, _RIGHT_SHOULDER] & seen[:, _LEFT_HIP] & (torso > 0)
    return _report(normalised_errors(predicted, truth, np.where(known, torso, np.nan), seen), threshold)


def normalised_errors(
    predicted: npt.ArrayLike, target: npt.ArrayLike, reference: npt.ArrayLike, visible: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Give each joint's error in reference lengths: float64 N x K, NaN where not annotated or the reference is NaN.

    Shapes as in `pckh`, K any. Raises ValueError for other shapes, for reference lengths of zero or below, and for
    predictions that are not finite numbers where a joint is annotated.
    """
    found, truth = np.asarray(predicted, dtype=np.float64), np.asarray(target, dtype=np.float64)
    length, seen = np.asarray(reference, dtype=np.float64), np.asarray(visible, dtype=np.bool_)
    _check_shapes(found, truth, length, seen)
    if (length <= 0).any():
        raise ValueError(f"reference length of person {int(np.argmax(length <= 0))} is not positive")
    if not np.isfinite(found[seen]).all():
        raise ValueError("predictions are not finite numbers: the network may have diverged")
    errors = np.linalg.norm(found - truth, axis=2) / length[:, None]
    return np.where(seen, errors, np.nan)


def _check_shapes(
    found: npt.NDArray[Any], truth: npt.NDArray[Any], length: npt.NDArray[Any], seen: npt.NDArray[Any]
) -> None:
    n, k = truth.shape[:2] if truth.ndim == 3 else (-1, -1)
    for name, array, shape in (
        ("target", truth, (n, k, 2)),
        ("predicted", found, (n, k, 2)),
        ("head_size or reference", length, (n,)),
        ("visible", seen, (n, k)),
    ):
        if array.shape != shape or n < 0:
            wanted = "N x K x 2" if n < 0 else shape
            raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")


def _report(errors: npt.NDArray[np.float64], threshold: float) -> dict[str, float]:
    if errors.shape[1] != len(MPII_JOINTS):
        raise ValueError(f"there are {errors.shape[1]} joints, expected MPII's {len(MPII_JOINTS)}")
    known = np.isfinite(errors)
    counted = known.sum(axis=0).astype(np.float64)
    right = (known & (np.where(known, errors, np.inf) <= threshold)).sum(axis=0)
    percent = np.full(len(counted), np.nan)
    np.divide(100.0 * right, counted, out=percent, where=counted > 0)
    scored = list(SCORED_JOINTS)
    report = {name: _mean(percent[list(joints)]) for name, joints in JOINT_GROUPS.items()}
    annotated = counted[scored].sum()
    report["total"] = float(100.0 * right[scored].sum() / annotated) if annotated else float("nan")
    report["mean14"] = _mean(percent[scored])
    return report


def _mean(values: FloatArray | npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
