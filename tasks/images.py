"""Reading photographs: one decoder for every data set, and one error for an image that does not decode."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from tasks.annotations import ImageArray
from tasks.errors import DataError

_DRAFT_SCALES: Final = (8, 4, 2)


def read_rgb(path: Path) -> ImageArray:
    """Decode an image file: uint8 H x W x 3, RGB. Raises DataError if it is missing or does not decode."""
    return read_rgb_reduced(path, 1)[0]


def read_rgb_reduced(path: Path, limit: int) -> tuple[ImageArray, int]:
    """Decode an image file at 1/k of its size, k the largest of 1, 2, 4, 8 that the format offers and `limit` allows.

    A JPEG's decoder can leave out the frequencies that a smaller picture does not need, which is several times
    quicker; other formats come whole (k = 1). A pixel of the result is exactly k x k pixels of the image.
    Gives uint8 H x W x 3 and k. Raises DataError naming the file if it is missing or does not decode.
    """
    try:
        with Image.open(path) as image:
            factor = 1
            wanted = next((scale for scale in _DRAFT_SCALES if scale <= limit), 1)
            if wanted > 1 and image.format == "JPEG" and min(image.size) >= wanted:
                width = image.size[0]
                drafted = image.draft("RGB", (image.size[0] // wanted, image.size[1] // wanted))
                if drafted is not None:
                    factor = round(width / drafted[1][2])
            return np.asarray(image.convert("RGB")), factor
    except FileNotFoundError:
        raise DataError(f"image not found: {path}: restore the file, or take it out of the annotations") from None
    # Pillow raises SyntaxError for broken PNGs and ValueError for some broken JPEGs beside OSError.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"image does not decode: {path} ({error}): replace the file with an intact copy, "
            "or take it out of the annotations"
        ) from error
