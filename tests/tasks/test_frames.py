from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import DataError
from tasks.frames import crop_size, crop_to_image, image_to_crop, input_to_image


@pytest.mark.parametrize(("resolution", "size"), [(32, 40), (64, 80), (96, 120), (100, 128), (128, 160), (256, 320)])
def test_crop_size(resolution: int, size: int) -> None:
    assert crop_size(resolution) == size
    assert (size - resolution) % 2 == 0  # the input lies exactly in the middle


@pytest.mark.parametrize("resolution", [0, -4, 33, 126, 255])
def test_resolution_must_divide_into_heatmap_pixels(resolution: int) -> None:
    with pytest.raises(DataError, match=f"data.resolution is {resolution}, it must be a multiple of 4"):
        crop_size(resolution)


@given(
    place=st.tuples(*[st.floats(-500, 1500)] * 2),
    centre=st.tuples(*[st.floats(0, 1000)] * 2),
    side=st.floats(20, 2000),
    resolution=st.sampled_from([32, 64, 100, 256]),
)
def test_frames_are_inverse(
    place: tuple[float, float], centre: tuple[float, float], side: float, resolution: int
) -> None:
    points = np.array([[place]], np.float32)
    middle, sides = np.array([centre], np.float32), np.array([side], np.float32)
    crop = image_to_crop(points, middle, sides, resolution)
    np.testing.assert_allclose(crop_to_image(crop, middle, sides, resolution), points, atol=5e-3)
    margin = (crop_size(resolution) - resolution) / 2
    np.testing.assert_allclose(input_to_image(crop - margin, middle, sides, resolution), points, atol=5e-3)


def test_edges_and_middle() -> None:
    """The square's middle is the frame's, and its edge is half a pixel outside of the first pixel's centre."""
    centre, side = np.array([[50.0, 40.0]], np.float32), np.array([32.0], np.float32)
    inner = input_to_image(np.array([[[31.5, 31.5], [-0.5, 63.5]]]), centre, side, 64)
    np.testing.assert_allclose(inner[0], [[50, 40], [34, 56]])
