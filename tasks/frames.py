"""The four pixel frames of a person, and the way from each to the next.

    image    the photograph
    crop     S x S, cached: the person's square with a margin, so that rotation and scaling have context
    input    R x R, the network's input: the square itself, in the middle of the crop
    heatmap  R/4 x R/4

In every frame (0, 0) is the centre of the top left pixel, so a frame of n pixels reaches from -0.5 to n - 0.5 and its
middle is (n - 1) / 2; that is why the formulas below have halves. Input and crop have pixels of the same size: side /
R image pixels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tasks.annotations import FloatArray
from tasks.errors import DataError

HEATMAP_STRIDE: Final = 4
"""Input pixels in a heatmap pixel."""

HEATMAP_OFFSET: Final = (HEATMAP_STRIDE - 1) / 2
"""Where the centre of the first heatmap pixel lies in the input: x_input = 4 x_heatmap + 1.5."""

_MARGIN: Final = 1.25


def crop_size(resolution: int) -> int:
    """Give S, the side of a cached crop: 1.25 R, up to a multiple of 4.

    Raises DataError if R is not a multiple of 4: heatmaps have R/4 pixels.
    """
    if resolution <= 0 or resolution % HEATMAP_STRIDE:
        raise DataError(
            f"data.resolution is {resolution}, it must be a multiple of {HEATMAP_STRIDE}: heatmaps are a quarter of it"
        )
    return -(-int(resolution * _MARGIN) // 4) * 4


def image_to_crop(points: FloatArray, centre: FloatArray, side: FloatArray, resolution: int) -> FloatArray:
    """Map points N x K x 2 from image to crop pixels; centre N x 2 and side N as in `Annotations`."""
    pixel = (side / resolution)[:, None, None]
    return ((points - centre[:, None]) / pixel + (crop_size(resolution) - 1) / 2).astype(np.float32)


def crop_to_image(points: FloatArray, centre: FloatArray, side: FloatArray, resolution: int) -> FloatArray:
    """Map points N x K x 2 from crop to image pixels: the inverse of `image_to_crop`."""
    pixel = (side / resolution)[:, None, None]
    return ((points - (crop_size(resolution) - 1) / 2) * pixel + centre[:, None]).astype(np.float32)


def input_to_image(points: npt.ArrayLike, centre: FloatArray, side: FloatArray, resolution: int) -> FloatArray:
    """Map points N x K x 2 from (not augmented) input to image pixels."""
    pixel = (side / resolution)[:, None, None]
    return ((np.asarray(points) - (resolution - 1) / 2) * pixel + centre[:, None]).astype(np.float32)
