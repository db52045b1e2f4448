from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from tasks.errors import DataError
from tasks.mpii import HEAD_FROM_JOINTS, RULE_H5, RULE_JOINTS, RULE_TRUTH, mpii_head_sizes, read_mpii
from tasks.mpii_files import load_truth, parse_h5, parse_json
from tasks.skeleton import HEAD_TOP, UPPER_NECK


@pytest.mark.parametrize("flat", [True, False])
def test_json(write_mpii: Callable[..., Path], make_entry: Callable[..., dict[str, Any]], flat: bool) -> None:
    entry = make_entry(4, joints_vis=[0] + [1] * 15)
    root = write_mpii(valid=[entry, make_entry(5)], flat=flat)
    data = read_mpii(root, "validation")
    assert data.images == ("000000004.jpg", "000000005.jpg")
    np.testing.assert_allclose(data.points[0, 1:], np.array(entry["joints"])[1:] - 1, rtol=1e-5)  # 1-based -> 0-based
    assert data.visible[0].tolist() == [False] + [True] * 15
    np.testing.assert_allclose(data.centre[0], (29.0, 39.0 + 15 * 0.3), rtol=1e-6)
    np.testing.assert_allclose(data.side[0], 200 * 1.25 * 0.3, rtol=1e-6)
    assert data.read(1).shape == (80, 60, 3)


def test_head_size_from_json_alone(write_mpii: Callable[..., Path], make_entry: Callable[..., dict[str, Any]]) -> None:
    joints = np.array(make_entry(4)["joints"])
    root = write_mpii(valid=[make_entry(4), make_entry(5, joints_vis=[int(k != HEAD_TOP) for k in range(16)])])
    data = read_mpii(root, "validation")
    distance = np.linalg.norm(joints[HEAD_TOP] - joints[UPPER_NECK])
    assert data.head_size[0] == pytest.approx(HEAD_FROM_JOINTS * distance, rel=1e-5)
    assert np.isnan(data.head_size[1])
    assert data.head_size_rule == RULE_JOINTS


def _truth(path: Path, entries: list[dict[str, Any]], shift: float = 0.0) -> None:
    points = np.array([entry["joints"] for entry in entries]).transpose(1, 2, 0) + shift
    boxes = np.zeros((2, 2, len(entries)))
    boxes[1] = [[30.0], [40.0]]
    savemat(
        path,
        {"pos_gt_src": points, "headboxes_src": boxes, "jnt_missing": np.zeros((16, len(entries)))},
    )


@pytest.mark.parametrize("flat", [True, False])
def test_head_size_from_gt_valid(
    write_mpii: Callable[..., Path], make_entry: Callable[..., dict[str, Any]], flat: bool
) -> None:
    root = write_mpii(flat=flat)
    _truth(root / ("gt_valid.mat" if flat else "annot/gt_valid.mat"), [make_entry(4), make_entry(5)])
    validation = read_mpii(root, "validation")
    assert validation.head_size.tolist() == [30.0, 30.0]
    assert validation.head_size_rule == RULE_TRUTH
    assert read_mpii(root, "train").head_size_rule == RULE_JOINTS


def test_gt_valid_of_other_people(write_mpii: Callable[..., Path], make_entry: Callable[..., dict[str, Any]]) -> None:
    root = write_mpii()
    _truth(root / "annot/gt_valid.mat", [make_entry(4)])
    with pytest.raises(DataError, match=r"gt_valid.mat holds 1 people, .*valid.json 2"):
        read_mpii(root, "validation")
    _truth(root / "annot/gt_valid.mat", [make_entry(4), make_entry(5)], shift=9.0)
    with pytest.raises(DataError, match="different people or the same in another order"):
        read_mpii(root, "validation")


def _write_h5(path: Path, **changes: Any) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "imgname": np.array([b"000000004.jpg", b"000000005.jpg"]),
        "part": rng.integers(5, 55, (2, 16, 2)).astype(float),
        "center": np.array([[30.0, 44.5], [31.0, 40.0]]),
        "scale": np.array([0.3, 0.4]),
        "normalize": np.array([7.0, 8.0]),
        "visible": np.zeros((2, 16)),
    }
    arrays["part"][1, 3] = 0
    with h5py.File(path, "w") as file:
        for key, value in (arrays | changes).items():
            if value is not None:
                file[key] = value


def test_h5(write_mpii: Callable[..., Path]) -> None:
    root = write_mpii()
    (root / "annot/valid.json").unlink()
    _write_h5(root / "annot/valid.h5")
    data = read_mpii(root, "validation")
    # Annotated is what is not (0, 0), whatever `visible` says; centre and scale are already enlarged.
    assert data.visible.sum() == 31
    assert not data.visible[1, 3]
    np.testing.assert_allclose(data.centre, [[29.0, 43.5], [30.0, 39.0]])
    np.testing.assert_allclose(data.side, [60.0, 80.0])
    assert data.head_size.tolist() == [7.0, 8.0]
    assert data.head_size_rule == RULE_H5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"part": None}, "has no array 'part'"),
        ({"part": np.ones((2, 14, 2))}, r"'part' has shape \(2, 14, 2\), expected \(2, 16, 2\)"),
        ({"scale": np.ones(3)}, r"'scale' has shape \(3,\)"),
        ({"scale": np.array([1.0, 0.0])}, "scale must be positive"),
        ({"imgname": np.zeros(0, "S13")}, "annotates no people"),
    ],
)
def test_bad_h5(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    _write_h5(tmp_path / "valid.h5", **changes)
    with pytest.raises(DataError, match=message):
        parse_h5(tmp_path / "valid.h5")


def test_h5_that_is_not_hdf5(tmp_path: Path) -> None:
    (tmp_path / "valid.h5").write_bytes(b"no")
    with pytest.raises(DataError, match=r"valid.h5 is not an HDF5 file"):
        parse_h5(tmp_path / "valid.h5")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"joints": None}, "entry 1 has no 'joints'"),
        ({"joints": None, "scale": None}, "entry 1 has no 'joints', 'scale'"),
        ({"joints": [[1, 2]] * 14}, r"entry 1: 'joints' has shape \(14, 2\), expected \(16, 2\)"),
        ({"joints": [[1, 2]] * 15 + [[1]]}, "entry 1: 'joints' does not hold numbers in the shape"),
        ({"center": ["left", "right"]}, "entry 1: 'center' does not hold numbers"),
        ({"scale": "large"}, "entry 1: 'scale' does not hold numbers"),
        ({"scale": -1.0}, r"person 1 \(000000005.jpg\): the scale must be positive"),
        ({"center": [float("nan"), 1.0]}, "person 1 .* finite numbers"),
        ({"image": 5}, "entry 1: 'image' is 5, expected a file name"),
    ],
)
def test_bad_json_entry(
    tmp_path: Path, make_entry: Callable[..., dict[str, Any]], changes: dict[str, Any], message: str
) -> None:
    (tmp_path / "valid.json").write_text(json.dumps([make_entry(4), make_entry(5, **changes)]))
    with pytest.raises(DataError, match=message):
        parse_json(tmp_path / "valid.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "annotates no people"),
        ("{}", "holds dict, expected a list"),
        ("[3]", "entry 0 is int, expected an object"),
        ("\udcff", "is not JSON"),
    ],
)
def test_bad_json(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "valid.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=message):
        parse_json(tmp_path / "valid.json")


def test_missing_files(write_mpii: Callable[..., Path]) -> None:
    root = write_mpii()
    (root / "images/000000001.jpg").unlink()
    with pytest.raises(DataError, match=r"1 of 4 images that .*train.json annotates are not in .* 000000001.jpg"):
        read_mpii(root, "train")
    (root / "annot/train.json").unlink()
    with pytest.raises(DataError, match=r"no annotations of the train split .* looked for train.json, train.h5"):
        read_mpii(root, "train")


def test_a_single_file_is_split_by_image(write_mpii: Callable[..., Path], make_entry: Callable[..., Any]) -> None:
    people = [make_entry(n) for n in (0, 0, 1, 2, 3)]
    root = write_mpii(train=people, valid=[make_entry(4), make_entry(0)], flat=True, single=True)
    train, validation = read_mpii(root, "train"), read_mpii(root, "validation")
    assert (len(train), len(validation)) == (6, 1)
    assert not set(train.images) & set(validation.images)


def test_a_single_file_with_one_image(write_mpii: Callable[..., Path], make_entry: Callable[..., Any]) -> None:
    root = write_mpii(train=[make_entry(0)], valid=[], flat=True, single=True)
    with pytest.raises(DataError, match=r"the train split of .* is empty"):
        read_mpii(root, "train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"pos_gt_src": np.ones((16, 2, 3))}, "has no 'headboxes_src', 'jnt_missing'"),
        (
            {
                "pos_gt_src": np.ones((16, 2, 3)),
                "headboxes_src": np.ones((2, 2, 4)),
                "jnt_missing": np.ones((16, 3)),
            },
            "'headboxes_src' has shape",
        ),
    ],
)
def test_bad_gt_valid(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    savemat(tmp_path / "gt_valid.mat", content)
    with pytest.raises(DataError, match=message):
        load_truth(tmp_path / "gt_valid.mat")


def test_gt_valid_that_is_no_matlab_file(tmp_path: Path) -> None:
    (tmp_path / "gt_valid.mat").write_bytes(b"no")
    with pytest.raises(DataError, match="is not a MATLAB file"):
        load_truth(tmp_path / "gt_valid.mat")


def test_head_sizes_of_another_shape() -> None:
    with pytest.raises(DataError, match="expected 2 x 2 x N"):
        mpii_head_sizes(np.ones((4, 3)))


def test_real_sample(shared_data: Path) -> None:
    root = shared_data / "mpii" / "sample"
    train, validation = read_mpii(root, "train"), read_mpii(root, "validation")
    assert (len(train), len(validation)) == (4, 1)
    for split in (train, validation):
        for i in range(len(split)):
            height, width, _ = split.read(i).shape
            seen = split.points[i][split.visible[i]]
            assert (seen >= 0).all()
            assert (seen < (width, height)).all()


def test_real_files_agree(shared_data: Path) -> None:
    """The JSON sample and the HDF5 describe the same people in the same way; the HDF5 agrees with gt_valid.mat."""
    folder = shared_data / "mpii"
    sample, people, truth = (
        parse_json(folder / "sample/annotations.json"),
        parse_h5(folder / "valid.h5"),
        load_truth(folder / "gt_valid.mat"),
    )
    for i, name in enumerate(sample.images):
        j = people.images.index(name)
        np.testing.assert_allclose(sample.centre[i], people.centre[j], atol=1e-4)
        assert sample.scale[i] == pytest.approx(people.scale[j], abs=1e-5)
        assert (sample.annotated[i] == people.annotated[j]).all()
    assert (people.annotated == truth.annotated).all()
    assert people.head_size is not None
    np.testing.assert_allclose(people.head_size, truth.head_size, atol=1e-3)
    between = np.linalg.norm(truth.points[:, HEAD_TOP] - truth.points[:, UPPER_NECK], axis=1)
    ratio = HEAD_FROM_JOINTS * between / truth.head_size
    known = truth.annotated[:, HEAD_TOP] & truth.annotated[:, UPPER_NECK]
    assert (np.abs(ratio[known] - 1) < 0.015).mean() > 0.97
