"""MPII Human Pose (Andriluka et al., CVPR 2014): single people by their centre and scale.

Layout: `images/` and `annot/` under the root, or all in the root. Annotations are `{train,valid}.json`,
`{train,valid}.h5` (Newell), or one `annotations.json` that is split here; `gt_valid.mat` gives the official head sizes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tasks.annotations import Annotations
from tasks.errors import DataError
from tasks.folders import (
    SplitName,
    data_folder,
    mpii_annotation_file,
    mpii_head_file,
    mpii_image_folder,
    mpii_is_single,
    require_images,
)
from tasks.images import read_rgb, read_rgb_reduced
from tasks.mpii_files import DoubleArray, MpiiPeople, load_truth, mpii_head_sizes, parse_h5, parse_json
from tasks.skeleton import HEAD_TOP, UPPER_NECK

__all__ = ["mpii_head_sizes", "read_mpii"]

HEAD_FROM_JOINTS: Final = 0.75
"""PCKh's head size over the distance from head top to upper neck: MPII derived those two joints from the head box,
4/3 as far apart as 0.6 x its diagonal (within 1% for 98% of the 2,958 validation people)."""

RULE_TRUTH: Final = "0.6 x diagonal of the head box (gt_valid.mat)"
RULE_H5: Final = "0.6 x diagonal of the head box (normalize of the .h5)"
RULE_JOINTS: Final = "0.75 x head top to upper neck (equals 0.6 x diagonal of MPII's head box)"

_PIXELS_PER_SCALE: Final = 200.0
_SAME_JOINT: Final = 2.0  # pixels: the HDF5 truncates to integers


def read_mpii(root: Path, split: SplitName) -> Annotations:
    """Read one split of MPII. Which rule gave the head sizes stands in `head_size_rule`.

    The square is 200 x scale pixels around the centre, both enlarged as is usual (see `parse_json`); 1-based
    coordinates become 0-based. The head size is NaN (not counted by PCKh) where its rule needs a joint that is not
    annotated. A single `annotations.json` is split by image: the first 80% of the images are the train split.

    Raises DataError for a missing folder, file or image and for annotations of another shape.
    """
    root = data_folder(root, "mpii")
    path = mpii_annotation_file(root, split)
    folder = mpii_image_folder(root)
    people = parse_h5(path) if path.suffix == ".h5" else parse_json(path)
    head_size, rule = _head_sizes(people, path, split)
    chosen = _split_by_image(people.images, split, path) if mpii_is_single(path) else np.arange(len(people.images))
    names = tuple(people.images[i] for i in chosen)
    require_images(names, folder, path)
    annotated = people.annotated[chosen]
    points = np.where(annotated[..., None], people.points[chosen] - 1, 0)
    return Annotations(
        images=names,
        points=points.astype(np.float32),
        visible=annotated,
        centre=(people.centre[chosen] - 1).astype(np.float32),
        side=(people.scale[chosen] * _PIXELS_PER_SCALE).astype(np.float32),
        head_size=head_size[chosen].astype(np.float32),
        read=lambda i: read_rgb(folder / names[i]),
        head_size_rule=rule,
        read_reduced=lambda i, limit: read_rgb_reduced(folder / names[i], limit),
    )


def _head_sizes(people: MpiiPeople, path: Path, split: SplitName) -> tuple[DoubleArray, str]:
    """Give head sizes (N, NaN where unknown) and the rule: gt_valid.mat, else the file's own, else from two joints."""
    truth_path = mpii_head_file(path) if split == "validation" and not mpii_is_single(path) else None
    if truth_path is not None:
        truth = load_truth(truth_path)
        if len(truth.head_size) != len(people.images):
            raise DataError(
                f"{truth_path} holds {len(truth.head_size)} people, {path} {len(people.images)}: they must be the same "
                "people in the same order; use files that belong together, or remove gt_valid.mat"
            )
        both = people.annotated & truth.annotated
        apart = np.linalg.norm(people.points - truth.points, axis=2)
        if (apart[both] > _SAME_JOINT).mean() > 0.01:
            raise DataError(
                f"{truth_path} and {path} hold different people or the same in another order (their joints are apart): "
                "use files that belong together, or remove gt_valid.mat"
            )
        return _positive(truth.head_size), RULE_TRUTH
    if people.head_size is not None:
        return _positive(people.head_size), RULE_H5
    between = np.linalg.norm(people.points[:, HEAD_TOP] - people.points[:, UPPER_NECK], axis=1)
    known = people.annotated[:, HEAD_TOP] & people.annotated[:, UPPER_NECK]
    return _positive(np.where(known, HEAD_FROM_JOINTS * between, np.nan)), RULE_JOINTS


def _positive(sizes: DoubleArray) -> DoubleArray:
    return np.where(np.isfinite(sizes) & (sizes > 0), sizes, np.nan)


def _split_by_image(images: tuple[str, ...], split: SplitName, path: Path) -> npt.NDArray[np.intp]:
    """Choose the people of a split so that no image is in both."""
    distinct = list(dict.fromkeys(images))
    train = set(distinct[: len(distinct) * 4 // 5])
    chosen = np.flatnonzero([(name in train) == (split == "train") for name in images])
    if len(chosen) == 0:
        raise DataError(f"the {split} split of {path} is empty: the file annotates {len(distinct)} images")
    return chosen
