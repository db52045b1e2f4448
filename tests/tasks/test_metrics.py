from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat

from tasks.metrics import SCORED_JOINTS, normalised_errors, pck_torso, pckh
from tasks.mpii import mpii_head_sizes
from tasks.mpii_files import load_truth

PUBLISHED = {
    "Head": 95.94,
    "Shld": 95.19,
    "Elbow": 89.14,
    "Wrist": 84.17,
    "Hip": 86.97,
    "Knee": 83.20,
    "Ankle": 80.37,
    "total": 88.43,
    "mean14": 87.98,
}


def test_newells_predictions_on_mpii(shared_data: Path) -> None:
    truth = load_truth(shared_data / "mpii/gt_valid.mat")
    with h5py.File(shared_data / "mpii/predictions_newell_hg8.h5") as file:
        predicted = np.asarray(file["preds"])
    report = pckh(predicted, truth.points, truth.head_size, truth.annotated)
    assert {name: round(value, 2) for name, value in report.items()} == PUBLISHED
    # The same from the arrays as they lie in the file.
    raw = loadmat(shared_data / "mpii/gt_valid.mat")
    again = pckh(
        predicted,
        raw["pos_gt_src"].transpose(2, 0, 1),
        mpii_head_sizes(raw["headboxes_src"]),
        raw["jnt_missing"].T == 0,
    )
    assert again == report


def _people(count: int = 4) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(0)
    target = rng.uniform(0, 100, (count, 16, 2))
    return target.copy(), target, np.full(count, 10.0), np.ones((count, 16), bool)


def test_exactly_at_the_threshold_counts() -> None:
    predicted, target, head, visible = _people()
    target[:], predicted[:] = 0, 0
    predicted[..., 0] = 5.0  # half of 10
    assert pckh(predicted, target, head, visible)["total"] == 100
    predicted[..., 0] = np.nextafter(5.0, 6.0)
    assert pckh(predicted, target, head, visible)["total"] == 0
    assert pckh(predicted, target, head, visible, threshold=0.51)["total"] == 100


@pytest.mark.parametrize(
    ("joint", "group"),
    [
        *[(9, "Head"), (12, "Shld"), (13, "Shld"), (11, "Elbow"), (14, "Elbow"), (10, "Wrist"), (15, "Wrist")],
        *[(2, "Hip"), (3, "Hip"), (1, "Knee"), (4, "Knee"), (0, "Ankle"), (5, "Ankle")],
    ],
)
def test_each_joint_counts_in_its_group(joint: int, group: str) -> None:
    predicted, target, head, visible = _people()
    predicted[:, joint] += 100
    report = pckh(predicted, target, head, visible)
    wrong = {name for name, value in report.items() if value < 100}
    assert wrong == {group, "total", "mean14"}
    assert report[group] == (0 if group == "Head" else 50)
    assert report["total"] == pytest.approx(100 * 13 / 14)


@pytest.mark.parametrize(("joint", "total"), [(6, 100.0), (7, 100.0), (8, 100 * 13 / 14)])
def test_pelvis_and_thorax_do_not_count_and_the_neck_only_in_the_totals(joint: int, total: float) -> None:
    predicted, target, head, visible = _people()
    predicted[:, joint] += 100
    report = pckh(predicted, target, head, visible)
    assert report["total"] == pytest.approx(total)
    assert report["mean14"] == pytest.approx(total)
    assert report["Head"] == 100


def test_total_weighs_by_annotated_joints_and_mean14_does_not() -> None:
    predicted, target, head, visible = _people(4)
    visible[1:, 0] = False  # the right ankle is annotated once, and wrong
    predicted[0, 0] += 100
    report = pckh(predicted, target, head, visible)
    assert report["total"] == pytest.approx(100 * (13 * 4) / (13 * 4 + 1))
    assert report["mean14"] == pytest.approx(100 * 13 / 14)
    assert report["Ankle"] == 50


def test_unannotated_joints_are_not_looked_at() -> None:
    predicted, target, head, visible = _people()
    visible[:, 9] = False
    predicted[:, 9] = np.nan
    report = pckh(predicted, target, head, visible)
    assert np.isnan(report["Head"])
    assert (report["total"], report["mean14"]) == (100, 100)


def test_people_without_a_head_size_are_left_out() -> None:
    predicted, target, head, visible = _people(2)
    predicted[1] += 100
    head[1] = np.nan
    assert pckh(predicted, target, head, visible)["total"] == 100
    assert np.isnan(pckh(predicted, target, np.full(2, np.nan), visible)["total"])


def test_torso() -> None:
    predicted, target, _, visible = _people(3)
    target[:] = 0
    target[:, 12], target[:, 3] = (0, 0), (0, 50)  # right shoulder, left hip: 50 apart
    predicted = target.copy()
    predicted[0, :, 0] += 10.0
    predicted[1, :, 0] += 10.01
    visible[2, 3] = False  # left out
    predicted[2] += 1e4
    report = pck_torso(predicted, target, visible)
    assert report["total"] == 50
    assert set(report) == set(PUBLISHED)
    assert pck_torso(predicted, target, visible, threshold=0.21)["total"] == 100


def test_normalised_errors() -> None:
    predicted, target, head, visible = _people(2)
    predicted[0, 4] += (3.0, 4.0)
    visible[1, 2] = False
    errors = normalised_errors(predicted, target, head, visible)
    assert errors.shape == (2, 16)
    assert errors[0, 4] == pytest.approx(0.5)
    assert np.isnan(errors[1, 2])
    assert np.isnan(errors).sum() == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (0, np.zeros((4, 14, 2)), r"predicted has shape \(4, 14, 2\), expected \(4, 16, 2\)"),
        (0, np.zeros((3, 16, 2)), "predicted has shape"),
        (1, np.zeros((4, 32)), "target has shape .* expected N x K x 2"),
        (2, np.ones(3), "head_size or reference has shape"),
        (3, np.ones((4, 14), bool), "visible has shape"),
        (2, np.zeros(4), "reference length of person 0 is not positive"),
        (2, np.array([1.0, 1.0, -1.0, 1.0]), "person 2"),
        (0, np.full((4, 16, 2), np.nan), "not finite numbers: the network may have diverged"),
    ],
)
def test_bad_arrays(field: int, value: Any, message: str) -> None:
    arrays = list(_people())
    arrays[field] = value
    with pytest.raises(ValueError, match=message):
        pckh(*arrays)


def test_another_number_of_joints() -> None:
    with pytest.raises(ValueError, match="there are 14 joints, expected MPII's 16"):
        pckh(np.zeros((1, 14, 2)), np.zeros((1, 14, 2)), np.ones(1), np.ones((1, 14)))


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.1, 50))
def test_properties(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    target = rng.uniform(0, 100, (6, 16, 2))
    predicted = target + rng.normal(0, 6, target.shape)
    head, visible = rng.uniform(5, 15, 6), rng.random((6, 16)) < 0.8
    report = pckh(predicted, target, head, visible)
    values = np.array(list(report.values()))
    assert ((values[~np.isnan(values)] >= 0) & (values[~np.isnan(values)] <= 100)).all()
    wider = pckh(predicted, target, head, visible, threshold=0.7)
    assert wider["total"] >= report["total"]
    moved = pckh(predicted * scale + 3, target * scale + 3, head * scale, visible, threshold=0.5 + 1e-9)
    assert moved["total"] == pytest.approx(report["total"], abs=1e-6)
    counted = visible[:, list(SCORED_JOINTS)]
    errors = normalised_errors(predicted, target, head, visible)[:, list(SCORED_JOINTS)]
    assert report["total"] == pytest.approx(100 * (errors[counted] <= 0.5).mean())
