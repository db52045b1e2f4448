"""Human pose: open a data set and get batches for training; measure predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from search_space.config import SYNTHETIC_IMAGES, DataConfig
from tasks.annotations import Annotations, FloatArray
from tasks.crops import CropSet, Progress, cached_crops
from tasks.folders import SplitName, data_folder
from tasks.frames import crop_size, input_to_image
from tasks.metrics import JOINT_GROUPS, pck_torso, pckh
from tasks.skeleton import MPII_FLIP_PAIRS, MPII_JOINTS
from tasks.version import data_version


@dataclass(frozen=True)
class Split:
    """One split: N people, their cached crops and their landmarks; `crop_set` has the rest (images, centre, side)."""

    name: SplitName
    crop_set: CropSet
    points: Tensor
    """float32 N x 16 x 2, crop pixels."""
    visible: Tensor
    """bool N x 16: annotated (not: unoccluded)."""

    def __len__(self) -> int:
        """Give the number of people N."""
        return len(self.crop_set)

    @property
    def resolution(self) -> int:
        """Side R of the network's input, in pixels."""
        return self.crop_set.resolution

    @property
    def head_size(self) -> FloatArray:
        """N: PCKh's reference length, in image pixels (NaN: unknown); found by `crop_set.head_size_rule`."""
        return self.crop_set.head_size

    @property
    def image_points(self) -> FloatArray:
        """N x 16 x 2: the landmarks in image pixels."""
        return self.crop_set.image_points

    def crops(self, indices: npt.ArrayLike) -> Tensor:
        """Read crops from the cache: uint8 n x 3 x S x S on the CPU, S = `crop_size(resolution)`."""
        return torch.from_numpy(self.crop_set.pixels(indices))

    def batch(self, indices: Tensor, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Tensor]:
        """Crops, points (crop pixels) and visible of these people, on a device: what the augmentation takes."""
        return (
            self.crops(indices.numpy()).to(device, non_blocking=True),
            self.points[indices].to(device, non_blocking=True),
            self.visible[indices].to(device, non_blocking=True),
        )

    def to_image(self, points: npt.ArrayLike, indices: npt.ArrayLike) -> FloatArray:
        """Map points n x K x 2 of these people from (not augmented) input pixels to image pixels."""
        rows = np.asarray(indices, dtype=np.int64).reshape(-1)
        return input_to_image(points, self.crop_set.centre[rows], self.crop_set.side[rows], self.resolution)


@dataclass(frozen=True)
class PoseData:
    """An opened data set."""

    train: Split
    validation: Split
    version: str
    landmarks: int = len(MPII_JOINTS)
    flip_pairs: tuple[tuple[int, int], ...] = MPII_FLIP_PAIRS


def open_pose(data: DataConfig, root: Path | None, cache_dir: Path, progress: Progress | None = None) -> PoseData:
    """Open the data set that the configuration names, decoding and cropping it on first use.

    `root` is the folder with the data set (not used by the synthetic one), `cache_dir` where crops are kept. Raises
    DataError for anything wrong with the data: a missing folder, file or image, an image that does not decode, arrays
    of another shape.
    """
    version = data_version(data, root)
    train = _open(data, version, "train", root, cache_dir, progress)
    return PoseData(train, _open(data, version, "validation", root, cache_dir, progress), version)


def open_validation(data: DataConfig, root: Path | None, cache_dir: Path, version: str | None = None) -> Split:
    """Open the validation split alone, as `open_pose` would: what looking at a trained network takes.

    With the `version` of the data, from a record, crops that are cached already need no `root`. Raises DataError as
    `open_pose` does.
    """
    return _open(data, version or data_version(data, root), "validation", root, cache_dir, None)


def _open(
    data: DataConfig, version: str, name: SplitName, root: Path | None, cache_dir: Path, progress: Progress | None
) -> Split:
    count = data.train_images if name == "train" else data.validation_images
    if data.name == "synthetic" and count is None:
        count = SYNTHETIC_IMAGES[f"data.{name}_images"]
    annotate = _annotator(data, root, name, count)
    crop_set = cached_crops(version, name, data.resolution, count, cache_dir, annotate, progress)
    return Split(name, crop_set, torch.from_numpy(crop_set.points), torch.from_numpy(crop_set.visible))


def evaluate(predicted: npt.ArrayLike, split: Split) -> dict[str, float]:
    """Measure predictions N x 16 x 2 (image pixels) for all people of a split, in percent.

    Gives pckh, pckh_mean14, pckh_head, pckh_shld, pckh_elbow, pckh_wrist, pckh_hip, pckh_knee, pckh_ankle (see
    `pckh`), pckh_01 (its total at a threshold of 0.1) and pck_torso (the total of `pck_torso`).
    """
    target, visible = split.image_points, split.crop_set.visible
    report = pckh(predicted, target, split.head_size, visible)
    metrics = {"pckh": report["total"], "pckh_mean14": report["mean14"]}
    metrics |= {f"pckh_{group.lower()}": report[group] for group in JOINT_GROUPS}
    metrics["pckh_01"] = pckh(predicted, target, split.head_size, visible, threshold=0.1)["total"]
    metrics["pck_torso"] = pck_torso(predicted, target, visible)["total"]
    return metrics


def _annotator(data: DataConfig, root: Path | None, name: SplitName, count: int | None) -> Callable[[], Annotations]:
    """Give what reads the annotations of a split; scipy and h5py are imported only when it is called."""

    def annotate() -> Annotations:
        if data.name == "synthetic":
            from tasks.synthetic import synthetic_annotations

            return synthetic_annotations(
                name, count or SYNTHETIC_IMAGES[f"data.{name}_images"], crop_size(data.resolution)
            )
        folder = data_folder(root, data.name)
        if data.name == "lsp":
            from tasks.lsp import read_lsp

            return read_lsp(folder, name).first(count)
        from tasks.mpii import read_mpii

        return read_mpii(folder, name).first(count)

    return annotate
