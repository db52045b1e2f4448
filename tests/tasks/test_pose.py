from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from search_space.config import AugmentationConfig, DataConfig
from tasks.augmentation import augment, centre_input
from tasks.draw import TILE, draw_poses
from tasks.errors import DataError
from tasks.frames import crop_size
from tasks.heatmaps import decode, encode
from tasks.pose import PoseData, evaluate, open_pose

METRICS = ["pckh", "pckh_mean14", "pckh_head", "pckh_shld", "pckh_elbow", "pckh_wrist", "pckh_hip", "pckh_knee"]
METRICS += ["pckh_ankle", "pckh_01", "pck_torso"]


def _open(name: str, root: Path | None, cache: Path, **changes: int) -> PoseData:
    return open_pose(DataConfig(name=name, resolution=64, **changes), root, cache)


@pytest.fixture
def lsp(write_lsp: Callable[..., Path], tmp_path: Path) -> PoseData:
    return _open("lsp", write_lsp(), tmp_path / "cache")


def test_lsp(lsp: PoseData) -> None:
    assert (lsp.train.name, lsp.validation.name) == ("train", "validation")
    assert (len(lsp.train), len(lsp.validation), lsp.landmarks) == (8, 2, 16)
    crops = lsp.train.crops([2, 5])
    assert (crops.dtype, crops.shape) == (torch.uint8, (2, 3, 80, 80))
    assert lsp.train.points.dtype == torch.float32
    assert lsp.train.points.shape == lsp.train.image_points.shape == (8, 16, 2)
    assert lsp.train.visible.dtype == torch.bool
    assert lsp.train.crop_set.head_size_rule == "neck to head top"


def test_a_batch_is_rows_of_the_split(lsp: PoseData) -> None:
    indices = torch.tensor([5, 0])
    crops, points, visible = lsp.train.batch(indices)
    assert torch.equal(crops, lsp.train.crops([5, 0]))
    assert torch.equal(points, lsp.train.points[[5, 0]])
    assert torch.equal(visible, lsp.train.visible[[5, 0]])


def test_mpii_and_counts(write_mpii: Callable[..., Path], tmp_path: Path) -> None:
    root = write_mpii()
    data = _open("mpii", root, tmp_path / "cache", train_images=3)
    assert (len(data.train), len(data.validation)) == (3, 2)
    whole = _open("mpii", root, tmp_path / "cache")
    assert len(whole.train) == 4
    assert torch.equal(whole.train.crops([0, 1, 2]), data.train.crops([0, 1, 2]))


def test_synthetic(tmp_path: Path) -> None:
    data = _open("synthetic", None, tmp_path, train_images=6, validation_images=3)
    assert (len(data.train), len(data.validation)) == (6, 3)
    inside = (data.train.points >= -0.5) & (data.train.points < crop_size(64) - 0.5)
    assert inside[data.train.visible].all()
    assert not torch.equal(data.train.crops([0]), data.validation.crops([0]))


def test_a_perfect_prediction_through_every_frame(lsp: PoseData) -> None:
    split, indices = lsp.validation, np.arange(2)
    images, points = centre_input(split.crops(indices), split.points, 64)
    assert images.shape == (2, 3, 64, 64)
    np.testing.assert_allclose(
        split.to_image(points, indices)[split.visible], split.image_points[split.visible], atol=1e-3
    )
    heatmaps = encode(points, split.visible, 64, 1.0)
    found = split.to_image(decode(heatmaps), indices)
    tolerance = 0.25 * 4 * split.crop_set.side[:, None, None] / 64 + 1e-3
    seen = split.visible.numpy()
    assert (np.abs(found - split.image_points) <= tolerance)[seen].all()
    metrics = evaluate(split.image_points, split)
    assert list(metrics) == METRICS
    assert set(metrics.values()) == {100.0}
    assert evaluate(split.image_points + 1000, split)["pckh"] == 0


def test_to_image_takes_rows(lsp: PoseData) -> None:
    points = torch.rand(8, 16, 2, generator=torch.Generator().manual_seed(0)) * 64
    whole = lsp.train.to_image(points, range(8))
    np.testing.assert_array_equal(lsp.train.to_image(points[[6, 1]], [6, 1]), whole[[6, 1]])


def test_the_second_opening_decodes_nothing(write_lsp: Callable[..., Path], tmp_path: Path) -> None:
    root = write_lsp()
    first = _open("lsp", root, tmp_path / "cache")
    for path in (root / "images").iterdir():  # same name and size: the same version
        path.write_bytes(b"\0" * path.stat().st_size)
    again = _open("lsp", root, tmp_path / "cache")
    assert again.version == first.version
    assert torch.equal(again.train.crops(range(8)), first.train.crops(range(8)))


def test_changed_data_is_cropped_again(write_lsp: Callable[..., Path], tmp_path: Path) -> None:
    root = write_lsp()
    first = _open("lsp", root, tmp_path / "cache")
    Image.new("RGB", (60, 80), (255, 0, 0)).save(root / "images/im00001.jpg")
    again = _open("lsp", root, tmp_path / "cache")
    assert again.version != first.version
    assert not torch.equal(again.train.crops([0]), first.train.crops([0]))


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_limit_is_a_limit_not_a_demand(write_lsp: Callable[..., Path], tmp_path: Path, split: str) -> None:
    available = {"train": 8, "validation": 2}[split]
    root = write_lsp()
    for limit, expected in ((1, 1), (available, available), (9, available)):
        data = _open("lsp", root, tmp_path / "cache", **{f"{split}_images": limit})
        assert len(getattr(data, split)) == expected


def test_resolution_that_heatmaps_cannot_have(write_lsp: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.resolution is 70"):
        open_pose(DataConfig(name="lsp", resolution=70), write_lsp(), tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data-root"):
        _open("lsp", None, tmp_path)


@pytest.mark.parametrize(("people", "columns", "size"), [(1, 1, (272, 342)), (5, 4, (1064, 646)), (2, 2, (536, 342))])
def test_drawing_is_a_grid(
    write_lsp: Callable[..., Path], tmp_path: Path, people: int, columns: int, size: tuple[int, int]
) -> None:
    split = _open("lsp", write_lsp(), tmp_path / "cache").train
    indices = list(range(people))
    picture = draw_poses(split, indices, split.image_points[indices], split.image_points[indices])
    assert (picture.mode, picture.size) == ("RGB", size)


def test_drawing_shows_the_prediction(lsp: PoseData) -> None:
    """Orange where the right leg is predicted; a prediction far away changes the picture and draws no error."""
    split = lsp.train
    truth = split.image_points[[0]]
    found = np.zeros_like(truth) + split.crop_set.centre[0] + 1e5
    empty = np.asarray(draw_poses(split, [0], found, truth)).astype(int)
    centre, step = split.crop_set.centre[0], split.crop_set.side[0] / 4
    along = np.array([step, 0])
    found[0, 0], found[0, 1] = centre - along, centre + along  # right ankle and knee: a bar through the middle
    drawn = np.asarray(draw_poses(split, [0], found, truth)).astype(int)
    middle_x, middle_y = 8 + TILE // 2, 8 + 40 + TILE // 2
    column = drawn[middle_y - 8 : middle_y + 8, middle_x - 20 : middle_x + 20]
    orange = np.abs(column - (230, 159, 0)).max(axis=2) < 12
    assert orange.sum() > 40
    assert (drawn != empty).any()


def test_drawing_of_another_shape(lsp: PoseData) -> None:
    points = lsp.train.image_points
    for indices, found in (([0, 1], points[[0]]), ([], points[[]]), ([0], points[[0], :14])):
        with pytest.raises(ValueError, match="must be"):
            draw_poses(lsp.train, indices, found, found)


def test_a_training_batch(lsp: PoseData) -> None:
    """What a training step does, start to end."""
    crops, points, visible = lsp.train.batch(torch.arange(8))
    generator = torch.Generator().manual_seed(0)
    images, moved, seen = augment(crops, points, visible, 64, AugmentationConfig(), generator, lsp.flip_pairs)
    target = encode(moved, seen, 64, 1.0)
    assert images.shape == (8, 3, 64, 64)
    assert 0 <= images.min() <= images.max() <= 1 + 1e-6
    assert target.shape == (8, 16, 16, 16)
    assert (target.amax(dim=(2, 3)) > 0)[seen].float().mean() > 0.8
    assert target[~seen].max() == 0
