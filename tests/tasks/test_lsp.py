from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from tasks.errors import DataError
from tasks.lsp import LSP_SIDE, bounding_square, read_lsp
from tasks.skeleton import HEAD_TOP, LSP_TO_MPII, PELVIS, THORAX, UPPER_NECK


@pytest.mark.parametrize(("extended", "train"), [(True, 8), (False, 5)])
def test_splits(write_lsp: Callable[..., Path], extended: bool, train: int) -> None:
    root = write_lsp(10, extended=extended)
    digits = 5 if extended else 4
    first, second = read_lsp(root, "train"), read_lsp(root, "validation")
    names = [f"im{n:0{digits}d}.jpg" for n in range(1, 11)]
    assert list(first.images) == names[:train]
    assert list(second.images) == names[train:]
    assert second.read(0).shape == (80, 60, 3)


@pytest.mark.parametrize("extended", [True, False])
def test_joints_keep_their_place(write_lsp: Callable[..., Path], extended: bool) -> None:
    root = write_lsp(10, extended=extended)
    raw = loadmat(root / "joints.mat")["joints"]
    raw = raw if extended else raw.transpose(1, 0, 2)
    data = read_lsp(root, "train")
    np.testing.assert_allclose(data.points[3, list(LSP_TO_MPII)], raw[:, :2, 3], rtol=1e-6)
    assert not data.visible[:, [PELVIS, THORAX]].any()
    assert data.visible[:, list(LSP_TO_MPII)].all()
    neck_to_top = np.linalg.norm(data.points[:, UPPER_NECK] - data.points[:, HEAD_TOP], axis=1)
    np.testing.assert_allclose(data.head_size, neck_to_top)
    assert data.head_size_rule == "neck to head top"


def test_the_flag_means_annotated_in_the_extended_set_and_occluded_in_the_original(tmp_path: Path, write_lsp) -> None:
    joints = np.ones((14, 3, 10)) * np.arange(1, 15)[:, None, None]
    joints[2, 2] = 0
    assert not read_lsp(write_lsp(10, True, joints), "train").visible[:, 2].any()
    (tmp_path / "lsp").rename(tmp_path / "extended")
    assert read_lsp(write_lsp(10, False, joints.transpose(1, 0, 2)), "train").visible[:, 2].all()


def test_the_square_holds_the_annotated_joints(write_lsp: Callable[..., Path]) -> None:
    data = read_lsp(write_lsp(), "train")
    centre, box = bounding_square(data.points, data.visible)
    np.testing.assert_allclose(data.side, LSP_SIDE * box)
    inside = np.abs(data.points - centre[:, None]).max(axis=2) <= data.side[:, None] / 2
    assert inside[data.visible].all()
    tight = np.abs(data.points - centre[:, None])[data.visible].max() / data.side.max()
    assert tight == pytest.approx(0.5 / LSP_SIDE, rel=0.2)


def test_unannotated_joints_do_not_reach_the_square_or_the_head_size(write_lsp: Callable[..., Path]) -> None:
    joints = np.tile(np.arange(10.0, 52.0, 3.0)[:, None, None], (1, 3, 10))
    joints[:, 2] = 1
    joints[13, :, 0] = (-900, 900, 0)  # head top of the first image
    data = read_lsp(write_lsp(10, joints=joints), "train")
    assert data.side[0] < 60
    assert np.isnan(data.head_size[0])
    assert np.isfinite(data.head_size[1:]).all()
    assert (data.points[0, HEAD_TOP] == 0).all()


def test_images_that_say_nothing_are_left_out_and_splits_do_not_shift(write_lsp: Callable[..., Path]) -> None:
    joints = np.tile(np.arange(10.0, 52.0, 3.0)[:, None, None], (1, 3, 10))
    joints[:, 2] = 1
    joints[1:, 2, 2] = 0  # one joint left
    root = write_lsp(10, joints=joints)
    assert "im00003.jpg" not in read_lsp(root, "train").images
    assert read_lsp(root, "validation").images == ("im00009.jpg", "im00010.jpg")


@pytest.mark.parametrize(
    ("shape", "found"), [((14, 3), "14 x 3"), ((13, 3, 10), "13 x 3 x 10"), ((14, 2, 10), "14 x 2 x 10")]
)
def test_joints_of_another_shape(write_lsp: Callable[..., Path], shape: tuple[int, ...], found: str) -> None:
    root = write_lsp(10, joints=np.ones(shape))
    with pytest.raises(DataError, match=rf"joints.mat: 'joints' is {found}; expected 14 x 3 x N .* or 3 x 14 x N"):
        read_lsp(root, "train")


def _no_images(root: Path) -> None:
    for path in (root / "images").iterdir():
        path.unlink()
    (root / "images").rmdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root / "joints.mat").unlink(), "no joints.mat in"),
        (_no_images, "no images/ in"),
        (lambda root: (root / "joints.mat").write_bytes(b"not a matrix" * 99), "is not a MATLAB file"),
        (lambda root: (root / "joints.mat").write_bytes(b""), "is not a MATLAB file"),
        (lambda root: (root / "joints.mat").write_bytes((root / "joints.mat").read_bytes()[:900]), "not a MATLAB file"),
        (lambda root: savemat(root / "joints.mat", {"other": np.ones(3)}), "has no array named 'joints'"),
        (lambda root: savemat(root / "joints.mat", {"joints": np.full((14, 3, 10), "x", object)}), "not hold numbers"),
        (lambda root: savemat(root / "joints.mat", {"joints": np.full((14, 3, 10), np.nan)}), "split .* is empty"),
        (lambda root: savemat(root / "joints.mat", {"joints": np.full((14, 3, 10), np.inf)}), "right ankle of image 1"),
        (lambda root: savemat(root / "joints.mat", {"joints": np.ones((14, 3, 10))}), "im00001.jpg lie in one place"),
        (lambda root: (root / "images/im00004.jpg").unlink(), "1 of 8 images .* the first is im00004.jpg"),
    ],
)
def test_bad_folder(write_lsp: Callable[..., Path], damage: Callable[[Path], object], message: str) -> None:
    root = write_lsp()
    damage(root)
    with pytest.raises(DataError, match=message):
        read_lsp(root, "train")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist: give --data-root"):
        read_lsp(tmp_path / "nowhere", "train")


def test_one_image_has_no_train_split(write_lsp: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"the train split of .* is empty: the file annotates 1 images"):
        read_lsp(write_lsp(1), "train")


def test_extended_numbering_in_four_digits(write_lsp: Callable[..., Path]) -> None:
    root = write_lsp(10)
    for path in list((root / "images").iterdir()):
        path.rename(path.with_name(f"im{int(path.stem[2:]):04d}.jpg"))
    assert read_lsp(root, "train").images[0] == "im0001.jpg"


def test_real_lsp_extended(shared_data: Path) -> None:
    root = shared_data / "lsp_extended"
    train, validation = read_lsp(root, "train"), read_lsp(root, "validation")
    assert (len(train), len(validation)) == (3200, 800)
    assert (train.images[-1], validation.images[0]) == ("im03200.jpg", "im03201.jpg")
    assert (train.visible.sum(axis=1) >= 12).all()
    assert np.isfinite(train.head_size).all()
    assert np.median(train.head_size) == pytest.approx(20.9, abs=0.5)
    height, width, _ = validation.read(5).shape
    assert (validation.points[5][validation.visible[5]] < (width, height)).all()
