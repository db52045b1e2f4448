"""What a trial did on every single validation image, so that a figure can be computed exactly on any sample of them.

A figure of pose is a ratio of sums: joints found over joints annotated, of all fourteen joints together (`pckh`) or
joint by joint and then averaged (`pckh_mean14`, one pair). So an image keeps, for each group of joints, how many were
found and how many are annotated; their sums over any sample give what `tasks.metrics` gives on that sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.bootstrap import ratio_of_sums
from search_space.metrics import METRICS, Metric
from tasks.metrics import JOINT_GROUPS, SCORED_JOINTS, normalised_errors
from tasks.skeleton import MPII_JOINTS

if TYPE_CHECKING:
    from runners.predictions import Predictions

Floats = npt.NDArray[np.float64]

NME = Metric("nme", "NME", "min", "percent", "mean error of the 14 joints, in percent of the reference length")
"""The normalised mean error: measured on predictions, not reported by trials."""


@dataclass(frozen=True)
class ImageScores:
    """A figure of one trial, image by image.

    Attributes:
        hits: N x G: joints found (for `nme`: the sum of their errors), of each group of joints.
        counts: N x G: joints of each group that are annotated and have a reference length.
        data_version: which images these are.
    """

    hits: Floats
    counts: Floats
    data_version: str

    @property
    def value(self) -> float:
        """The figure over all images, in percent: nan where no joint is annotated."""
        return float(ratio_of_sums(self.hits.sum(axis=0), self.counts.sum(axis=0)))

    @property
    def step(self) -> float:
        """What the figure changes at most when one joint more is found, in percent."""
        counts = self.counts.sum(axis=0)
        known = counts[counts > 0]
        return 100.0 / float(known.min()) / len(known) if len(known) else 0.0

    def pairs_with(self, other: ImageScores) -> bool:
        """Whether both are of the same images with the same annotations, so that image compares with image."""
        return self.data_version == other.data_version and np.array_equal(self.counts, other.counts)


@dataclass(frozen=True)
class _Recipe:
    """How a figure is made: groups of joints, the errors of a trial, and what of an error is summed."""

    groups: tuple[tuple[int, ...], ...]
    errors: Callable[[Predictions], Floats]
    summed: Callable[[Floats], Floats]


def image_scores(predictions: Predictions, metric: str) -> ImageScores:
    """A figure of `PER_IMAGE` for each image of a trial.

    Raises:
        KeyError: for a metric that is not computed image by image.
        ValueError: for predictions that are not of MPII's sixteen joints, or not of one shape, or not finite.
    """
    recipe = _RECIPES[metric]
    errors = recipe.errors(predictions)
    if errors.shape[1] != len(MPII_JOINTS):
        raise ValueError(f"it has {errors.shape[1]} landmarks, not the {len(MPII_JOINTS)} of a pose")
    known = np.isfinite(errors)
    summed = np.where(known, recipe.summed(np.where(known, errors, np.inf)), 0.0)
    return ImageScores(_by_group(summed, recipe), _by_group(known, recipe), predictions.data_version)


def metric_named(name: str) -> Metric:
    """The metric of this name: one that trials report, or `nme`.

    Raises:
        KeyError: for a name that is none.
    """
    return NME if name == NME.name else METRICS[name]


def _by_group(values: npt.NDArray[np.bool_] | Floats, recipe: _Recipe) -> Floats:
    return np.stack([values[:, list(group)].sum(axis=1) for group in recipe.groups], axis=1).astype(np.float64)


def _within(threshold: float) -> Callable[[Floats], Floats]:
    return lambda errors: (errors <= threshold).astype(np.float64)


def _errors(predictions: Predictions) -> Floats:
    return predictions.errors()


def _torso_errors(predictions: Predictions) -> Floats:
    """Errors in torso lengths, as `tasks.metrics.pck_torso` measures them."""
    shoulder, hip = MPII_JOINTS.index("right shoulder"), MPII_JOINTS.index("left hip")
    if predictions.target.shape[1:] != (len(MPII_JOINTS), 2):
        raise ValueError(f"it has {predictions.target.shape[1]} landmarks, not the {len(MPII_JOINTS)} of a pose")
    target = predictions.target.astype(np.float64)
    torso = np.linalg.norm(target[:, shoulder] - target[:, hip], axis=1)
    known = predictions.visible[:, shoulder] & predictions.visible[:, hip] & (torso > 0)
    reference = np.where(known, torso, np.nan)
    return normalised_errors(predictions.predicted, target, reference, predictions.visible)


def _each(joints: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple((joint,) for joint in joints)


_RECIPES: Mapping[str, _Recipe] = {
    "pckh": _Recipe((SCORED_JOINTS,), _errors, _within(0.5)),
    "pckh_mean14": _Recipe(_each(SCORED_JOINTS), _errors, _within(0.5)),
    "pckh_01": _Recipe((SCORED_JOINTS,), _errors, _within(0.1)),
    "pck_torso": _Recipe((SCORED_JOINTS,), _torso_errors, _within(0.2)),
    **{f"pckh_{name.lower()}": _Recipe(_each(joints), _errors, _within(0.5)) for name, joints in JOINT_GROUPS.items()},
    NME.name: _Recipe((SCORED_JOINTS,), _errors, lambda errors: errors),
}

PER_IMAGE: Mapping[str, Metric] = MappingProxyType({name: metric_named(name) for name in _RECIPES})
"""The metrics that are computed image by image, by name."""
