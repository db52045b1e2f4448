"""One split of a data set before any pixel is read: who is where in which image, and how to read the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tasks.errors import DataError

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
ImageArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Annotations:
    """N people, each in one image, with K landmarks.

    Pixel coordinates are (x, y), 0-based: the centre of the top left pixel is (0, 0).
    """

    images: tuple[str, ...]
    """N names of images, for messages and pictures."""
    points: FloatArray
    """N x K x 2: the landmarks, in image pixels."""
    visible: BoolArray
    """N x K: whether the landmark is annotated (not: whether it is unoccluded)."""
    centre: FloatArray
    """N x 2: the centre of the person, in image pixels."""
    side: FloatArray
    """N: side of the square around the centre that is the network's input at scale 1, in image pixels."""
    head_size: FloatArray
    """N: reference length of PCKh, in image pixels."""
    read: Callable[[int], ImageArray]
    """Image i as uint8 H x W x 3, RGB. Raises DataError naming the file if it does not decode."""
    head_size_rule: str = ""
    """How `head_size` was found, in words; reports say it beside PCKh."""
    read_reduced: Callable[[int, int], tuple[ImageArray, int]] | None = None
    """Optionally a quicker reader for crops that shrink: `read_reduced(i, limit)` gives image i at 1/k of its
    size and k, with 1 <= k <= limit; a pixel of it is exactly k x k image pixels. Raises like `read`."""

    def __post_init__(self) -> None:
        """Check the shapes against each other. Raises DataError: a reader that returns ill-shaped arrays is wrong."""
        n = len(self.images)
        k = self.points.shape[1] if self.points.ndim == 3 else -1
        expected = {
            "points": (n, k, 2),
            "visible": (n, k),
            "centre": (n, 2),
            "side": (n,),
            "head_size": (n,),
        }
        for field, shape in expected.items():
            found = getattr(self, field).shape
            if found != shape:
                raise DataError(f"annotations: {field} has shape {found}, expected {shape} for {n} images")

    def __len__(self) -> int:
        """Give the number of people N."""
        return len(self.images)

    def first(self, count: int | None) -> Annotations:
        """Give the first `count` people at most (None: all): a scale's limit also serves a smaller data set."""
        if count is None or count >= len(self):
            return self
        return replace(
            self,
            images=self.images[:count],
            points=self.points[:count],
            visible=self.visible[:count],
            centre=self.centre[:count],
            side=self.side[:count],
            head_size=self.head_size[:count],
        )
