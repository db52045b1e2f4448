from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from search_space.config import AugmentationConfig
from tasks.annotations import Annotations
from tasks.augmentation import augment, centre_input, random_matrices, transform
from tasks.crops import cut_crop
from tasks.frames import crop_size, image_to_crop
from tasks.mirror import mirror_heatmaps, mirror_images, mirror_order
from tasks.skeleton import MPII_FLIP_PAIRS

ALL = AugmentationConfig()


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _batch(data: Annotations, resolution: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    crops = np.stack([cut_crop(data, i, resolution) for i in range(len(data))])
    points = image_to_crop(data.points, data.centre, data.side, resolution)
    return torch.from_numpy(crops), torch.from_numpy(points), torch.from_numpy(data.visible)


@pytest.mark.parametrize("resolution", [64, 100])
def test_plain(people: Callable[..., Annotations], centre_of_mass: Callable[..., Any], resolution: int) -> None:
    crops, points, visible = _batch(people(6), resolution)
    images, moved = centre_input(crops, points, resolution)
    assert images.shape == (6, 3, resolution, resolution)
    assert images.dtype == torch.float32
    assert 0.9 < images.max() <= 1.0
    for i in range(6):
        np.testing.assert_allclose(centre_of_mass(images[i, 0].numpy()), moved[i, 0], atol=0.15)
    off = augment(crops, points, visible, resolution, AugmentationConfig(enabled=False), _generator(), MPII_FLIP_PAIRS)
    assert torch.equal(off[0], images)
    assert torch.equal(off[1], moved)
    assert torch.equal(off[2], visible)


@pytest.mark.parametrize("resolution", [64, 100])
def test_no_change_is_the_plain_input(people: Callable[..., Annotations], resolution: int) -> None:
    crops, points, _ = _batch(people(3), resolution)
    images, moved = transform(crops, points, torch.eye(2).expand(3, 2, 2), resolution)
    plain, expected = centre_input(crops, points, resolution)
    torch.testing.assert_close(images, plain, atol=1e-4, rtol=0)
    torch.testing.assert_close(moved, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "config",
    [
        ALL,
        AugmentationConfig(rotation=180.0, scale_min=1.0, scale_max=1.0, flip=False),
        AugmentationConfig(rotation=0.0, scale_min=0.7, scale_max=1.3, flip=False),
        AugmentationConfig(rotation=0.0, scale_min=1.0, scale_max=1.0, flip=True),
    ],
)
@pytest.mark.parametrize("resolution", [64, 100])
def test_a_dot_moves_with_its_landmark(
    people: Callable[..., Annotations], centre_of_mass: Callable[..., Any], config: AugmentationConfig, resolution: int
) -> None:
    crops, points, visible = _batch(people(24, side=66.0), resolution)
    images, moved, _ = augment(crops, points, visible, resolution, config, _generator(3), MPII_FLIP_PAIRS)
    _, flipped = random_matrices(24, config, _generator(3))
    assert not config.flip or 4 < flipped.sum() < 20
    checked = 0
    for i in range(24):
        # The dot is at landmark 0, the right ankle: in a mirrored image it looks like the left one, landmark 5.
        place = moved[i, 5 if flipped[i] else 0]
        if (place < 9).any() or (place > resolution - 10).any():
            continue  # the dot is cut by the edge
        np.testing.assert_allclose(centre_of_mass(images[i, 1].numpy()), place, atol=0.3)
        checked += 1
    assert checked >= 10


def test_left_and_right_change_places() -> None:
    config = AugmentationConfig(rotation=0.0, scale_min=1.0, scale_max=1.0)
    size = crop_size(64)
    points = torch.arange(32, dtype=torch.float32).reshape(1, 16, 2).repeat(40, 1, 1)
    visible = torch.ones(40, 16, dtype=torch.bool)
    visible[:, 10] = False  # right wrist
    crops = torch.zeros(40, 3, size, size, dtype=torch.uint8)
    _, moved, seen = augment(crops, points, visible, 64, config, _generator(), MPII_FLIP_PAIRS)
    _, flipped = random_matrices(40, config, _generator())
    mirrored = points[flipped].clone()
    mirrored[..., 0] = size - 1 - mirrored[..., 0]
    torch.testing.assert_close(moved[flipped], mirrored[:, mirror_order(16, MPII_FLIP_PAIRS)] - (size - 64) / 2)
    assert not seen[flipped][:, 15].any()
    assert seen[flipped][:, 10].all()
    assert torch.equal(seen[~flipped], visible[~flipped])


def test_ranges() -> None:
    matrices, flipped = random_matrices(4000, ALL, _generator())
    determinant = torch.linalg.det(matrices)
    assert ((determinant < 0) == flipped).all()
    scale = determinant.abs().sqrt()
    assert 0.7 <= scale.min() < 0.71
    assert 1.29 < scale.max() <= 1.3001
    angle = torch.rad2deg(torch.atan2(-matrices[:, 0, 1], matrices[:, 1, 1]))
    assert 39 < angle.abs().max() <= 40.001
    assert abs(angle.mean()) < 2
    assert 0.45 < flipped.float().mean() < 0.55


def test_same_generator_same_batch(people: Callable[..., Annotations]) -> None:
    batch = _batch(people(4), 64)
    first, second, other = (augment(*batch, 64, ALL, _generator(seed), MPII_FLIP_PAIRS) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], other[0])


def test_a_switched_off_change_leaves_the_others_alone() -> None:
    """Ablating the flip must not draw other rotations."""
    with_flip, _ = random_matrices(50, ALL, _generator())
    without, flipped = random_matrices(50, AugmentationConfig(flip=False), _generator())
    assert not flipped.any()
    torch.testing.assert_close(with_flip[:, :, 1], without[:, :, 1])


def test_crops_of_another_resolution() -> None:
    with pytest.raises(ValueError, match="expected N x 3 x 80 x 80 for resolution 64"):
        centre_input(torch.zeros(1, 3, 160, 160, dtype=torch.uint8), torch.zeros(1, 16, 2), 64)


def test_mirroring_twice_is_nothing() -> None:
    heatmaps = torch.rand(2, 16, 8, 8, generator=_generator())
    assert torch.equal(mirror_heatmaps(mirror_heatmaps(heatmaps, MPII_FLIP_PAIRS), MPII_FLIP_PAIRS), heatmaps)
    assert torch.equal(mirror_images(mirror_images(heatmaps)), heatmaps)
    assert torch.equal(mirror_heatmaps(heatmaps, MPII_FLIP_PAIRS)[:, 0], heatmaps[:, 5].flip(-1))
