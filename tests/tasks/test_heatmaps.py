from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tasks.frames import crop_size, image_to_crop, input_to_image
from tasks.heatmaps import decode, encode, landmark_inside
from tasks.mirror import mirror_heatmaps
from tasks.skeleton import MPII_FLIP_PAIRS

SEEN = torch.ones(1, 1, dtype=torch.bool)


def _at(x: float, y: float) -> torch.Tensor:
    return torch.tensor([[[x, y]]])


def test_peak_of_one_on_the_pixel() -> None:
    heatmap = encode(_at(4 * 5 + 1.5, 4 * 9 + 1.5), SEEN, 64, 1.0)
    assert heatmap.shape == (1, 1, 16, 16)
    assert heatmap[0, 0, 9, 5] == 1
    assert heatmap[0, 0, 9, 6] == pytest.approx(np.exp(-0.5))
    assert heatmap[0, 0, 10, 6] == pytest.approx(np.exp(-1.0))
    assert heatmap.max() == 1


@pytest.mark.parametrize("sigma", [0.75, 1.0, 2.5])
def test_width(sigma: float) -> None:
    heatmap = encode(_at(127.5, 129.5), SEEN, 256, sigma)[0, 0].double()
    rows = torch.arange(64, dtype=torch.float64)
    mean = (heatmap.sum(1) * rows).sum() / heatmap.sum()
    deviation = ((heatmap.sum(1) * (rows - mean) ** 2).sum() / heatmap.sum()).sqrt()
    assert float(deviation) == pytest.approx(sigma, rel=0.05)
    assert (heatmap > 0).sum() <= (6 * sigma + 1) ** 2


@pytest.mark.parametrize(("x", "y"), [(-0.6, 30), (30, -0.6), (63.6, 30), (30, 63.6), (-500, 30), (1e6, 1e6)])
def test_outside_gives_zeros(x: float, y: float) -> None:
    assert encode(_at(x, y), SEEN, 64, 1.0).abs().max() == 0
    assert not landmark_inside(_at(x, y), 64).item()


@pytest.mark.parametrize(("x", "y"), [(-0.4, 30), (30, 63.4), (0, 0), (63, 63)])
def test_inside_up_to_the_edge(x: float, y: float) -> None:
    assert encode(_at(x, y), SEEN, 64, 1.0).max() > 0.5
    assert landmark_inside(_at(x, y), 64).item()


def test_not_annotated_gives_zeros_even_where_the_point_is_not_a_number() -> None:
    assert encode(_at(float("nan"), 30.0), ~SEEN, 64, 1.0).abs().max() == 0


def test_resolution_must_be_a_multiple_of_four() -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        encode(_at(3, 3), SEEN, 66, 1.0)


@given(x=st.floats(6, 121), y=st.floats(6, 121), sigma=st.floats(0.6, 3))
def test_decode_finds_what_encode_drew(x: float, y: float, sigma: float) -> None:
    found = decode(encode(_at(x, y), SEEN, 128, sigma))
    assert (found - _at(x, y)).abs().max() <= 0.25 * 4 + 1e-3


def test_unbiased() -> None:
    places = torch.rand(4000, 1, 2, generator=torch.Generator().manual_seed(0)) * 100 + 12
    found = decode(encode(places, torch.ones(4000, 1, dtype=torch.bool), 128, 1.0))
    assert (found - places).mean(dim=(0, 1)).abs().max() < 0.04  # input pixels; a pixel's offset would be 0.5 or more


def test_quarter_step_and_borders() -> None:
    heatmaps = torch.zeros(1, 4, 6, 8)
    heatmaps[0, 0, 3, 4], heatmaps[0, 0, 3, 5] = 1.0, 0.5  # right
    heatmaps[0, 1, 3, 4], heatmaps[0, 1, 2, 4] = 1.0, 0.5  # up
    heatmaps[0, 2, 0, 7], heatmaps[0, 2, 0, 6] = 1.0, 0.5  # a corner
    heatmaps[0, 3, 5, 2], heatmaps[0, 3, 5, 3] = 1.0, 0.5  # the bottom row: a step along it, none across
    expected = torch.tensor([[4.25, 3.0], [4.0, 2.75], [7.0, 0.0], [2.25, 5.0]])
    assert torch.equal(decode(heatmaps)[0], expected * 4 + 1.5)


def test_no_peak_gives_a_finite_place() -> None:
    assert torch.equal(decode(torch.zeros(1, 1, 16, 16)), _at(1.5, 1.5))


def test_mirrored_heatmaps_decode_to_mirrored_landmarks() -> None:
    points = torch.rand(5, 16, 2, generator=torch.Generator().manual_seed(0)) * 50 + 6
    seen = torch.ones(5, 16, dtype=torch.bool)
    mirrored = points.clone()
    mirrored[..., 0] = 63 - mirrored[..., 0]
    order = list(range(16))
    for a, b in MPII_FLIP_PAIRS:
        order[a], order[b] = b, a
    seen_by_the_network = encode(mirrored[:, order], seen, 64, 1.0)
    torch.testing.assert_close(mirror_heatmaps(seen_by_the_network, MPII_FLIP_PAIRS), encode(points, seen, 64, 1.0))


@pytest.mark.parametrize("resolution", [64, 100, 128, 256])
def test_round_trip_from_image_to_image(resolution: int) -> None:
    """Image -> crop -> input -> heatmap -> decode -> image: within a quarter of a heatmap pixel.

    Away from the map's border pixels, where decoding takes no quarter step.
    """
    rng = np.random.default_rng(resolution)
    centre = rng.uniform(100, 900, (50, 2)).astype(np.float32)
    side = rng.uniform(60, 900, 50).astype(np.float32)
    points = (centre[:, None] + rng.uniform(-0.4, 0.4, (50, 16, 2)) * side[:, None, None]).astype(np.float32)
    crop = image_to_crop(points, centre, side, resolution)
    inner = torch.from_numpy(crop) - (crop_size(resolution) - resolution) / 2
    heatmaps = encode(inner, torch.ones(50, 16, dtype=torch.bool), resolution, 1.0)
    back = input_to_image(decode(heatmaps), centre, side, resolution)
    error = np.abs(back - points) * resolution / side[:, None, None] / 4  # heatmap pixels
    assert error.max() <= 0.25 + 1e-3
    bias = ((back - points) * resolution / side[:, None, None] / 4).mean(axis=(0, 1))
    assert np.abs(bias).max() < 0.03
