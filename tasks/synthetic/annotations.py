"""A split of synthetic figures as annotations, like those of a data set on disk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.annotations import Annotations, BoolArray, ImageArray
from tasks.errors import DataError
from tasks.synthetic.picture import SMALLEST_SIZE, render
from tasks.synthetic.scene import CROP, sample_person


def synthetic_annotations(split: str, count: int, size: int) -> Annotations:
    """Give the first `count` figures of a split, in pictures of size x size pixels.

    `split` is train or validation; they share no figure. The person stands near the middle of the picture, and `side`
    is 0.8 of it, so that a crop with a quarter more than the input as context is the whole picture: at
    size = 1.25 * resolution no pixel is resampled. The person's longer extent is 0.66 to 0.80 of `side`. All 16 joints
    are annotated, also those that are hidden; a joint outside of the picture would not be. Head size: 0.6 of the
    diagonal of the upright box around the skull, as MPII's. Figure i does not depend on `count` or `size`.

    Raises DataError for an unknown split, a count under 1 or a size under 16.
    """
    if count < 1:
        raise DataError(f"{count} synthetic figures are asked for: data.{split}_images must be 1 or more")
    if size < SMALLEST_SIZE:
        raise DataError(f"synthetic figures cannot be rendered at {size} pixels: use {SMALLEST_SIZE} or more")
    people = [sample_person(split, index) for index in range(count)]
    unit_points: npt.NDArray[np.float64] = np.array([person.joints() for person in people])
    inside: BoolArray = (unit_points >= 0.0) & (unit_points <= 1.0)
    # The centre of the top left pixel is (0, 0): the picture reaches from -0.5 to size - 0.5.
    points = (unit_points * size - 0.5).astype(np.float32)

    def read(index: int) -> ImageArray:
        if not 0 <= index < count:
            raise IndexError(f"figure {index} of {count}")
        return render(split, index, size)

    return Annotations(
        images=tuple(f"synthetic/{split}/{index:06d}" for index in range(count)),
        points=points,
        visible=np.logical_and.reduce(inside, axis=2),
        centre=np.full((count, 2), 0.5 * size - 0.5, np.float32),
        side=np.full(count, CROP * size, np.float32),
        head_size=np.array([person.head_size() * size for person in people], np.float32),
        read=read,
        head_size_rule="0.6 of the diagonal of the box around the drawn skull",
    )
