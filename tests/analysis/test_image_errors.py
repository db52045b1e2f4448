"""Figures from single images must be the figures of `tasks.metrics`, on all images and on any sample of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.image_errors import NME, PER_IMAGE, image_scores, metric_named
from runners.predictions import Predictions
from tasks.metrics import JOINT_GROUPS, SCORED_JOINTS, pck_torso, pckh


@pytest.fixture
def predictions() -> Predictions:
    """Forty people with every difficulty: joints that are not annotated, unknown heads, a shoulder that is missing."""
    generator = np.random.default_rng(5)
    target = generator.uniform(0, 200, (40, 16, 2)).astype(np.float32)
    reference = generator.uniform(20, 60, 40)
    reference[[3, 17]] = np.nan
    visible = generator.random((40, 16)) < 0.8
    visible[5] = False
    noise = generator.normal(0, 15, target.shape) * generator.uniform(0.1, 3, (40, 16, 1))
    return Predictions((target + noise).astype(np.float32), target, visible, reference, "synthetic-1")


def expected(predictions: Predictions, rows: np.ndarray) -> dict[str, float]:
    """Every figure on these images as `tasks.metrics` computes it."""
    args = predictions.predicted[rows], predictions.target[rows]
    visible, reference = predictions.visible[rows], predictions.reference[rows]
    report = pckh(*args, reference, visible)
    errors = predictions.errors()[rows][:, list(SCORED_JOINTS)]
    return {
        "pckh": report["total"],
        "pckh_mean14": report["mean14"],
        **{f"pckh_{name.lower()}": report[name] for name in JOINT_GROUPS},
        "pckh_01": pckh(*args, reference, visible, threshold=0.1)["total"],
        "pck_torso": pck_torso(*args, visible)["total"],
        "nme": 100 * float(np.nanmean(errors)),
    }


@pytest.mark.parametrize("metric", PER_IMAGE)
def test_all_images_give_the_metric_itself(metric: str, predictions: Predictions) -> None:
    scores = image_scores(predictions, metric)
    assert scores.hits.shape == scores.counts.shape
    assert scores.value == pytest.approx(expected(predictions, np.arange(40))[metric], abs=1e-9)


@pytest.mark.parametrize("metric", PER_IMAGE)
@pytest.mark.parametrize("seed", range(3))
def test_any_sample_gives_the_metric_on_that_sample(metric: str, seed: int, predictions: Predictions) -> None:
    rows = np.random.default_rng(seed).integers(0, 40, 25)
    scores = image_scores(predictions, metric)
    sample = replace(scores, hits=scores.hits[rows], counts=scores.counts[rows])
    assert sample.value == pytest.approx(expected(predictions, rows)[metric], abs=1e-9)


def test_every_metric_of_pose_is_there() -> None:
    assert set(PER_IMAGE) == {"pckh", "pckh_mean14", "pckh_01", "pck_torso", "nme"} | {
        f"pckh_{name.lower()}" for name in JOINT_GROUPS
    }
    assert metric_named("nme") is NME
    assert metric_named("seconds").better == "min"


def test_images_pair_by_data_and_annotations(predictions: Predictions) -> None:
    scores = image_scores(predictions, "pckh")
    assert scores.pairs_with(image_scores(replace(predictions, predicted=predictions.target), "pckh"))
    assert not scores.pairs_with(image_scores(replace(predictions, data_version="synthetic-2"), "pckh"))
    unseen = replace(predictions, visible=np.zeros_like(predictions.visible))
    assert not scores.pairs_with(image_scores(unseen, "pckh"))
    fewer = Predictions(
        predictions.predicted[:9], predictions.target[:9], predictions.visible[:9], predictions.reference[:9],
        predictions.data_version,
    )  # fmt: skip
    assert not scores.pairs_with(image_scores(fewer, "pckh"))


def test_nothing_annotated_has_no_figure(predictions: Predictions) -> None:
    scores = image_scores(replace(predictions, visible=np.zeros_like(predictions.visible)), "pckh_mean14")
    assert np.isnan(scores.value)
    assert scores.step == 0.0


def test_a_step_is_one_joint(predictions: Predictions) -> None:
    scores = image_scores(predictions, "pckh")
    more = scores.hits.copy()
    more[0, 0] += 1
    assert replace(scores, hits=more).value - scores.value == pytest.approx(scores.step)


@pytest.mark.parametrize("metric", ["pckh", "pck_torso"])
def test_other_landmarks_are_refused(metric: str, predictions: Predictions) -> None:
    faces = Predictions(*(getattr(predictions, name)[:, :5] for name in ("predicted", "target", "visible")),
                        predictions.reference, "faces-1")  # fmt: skip
    with pytest.raises(ValueError, match="5 landmarks, not the 16 of a pose"):
        image_scores(faces, metric)


def test_a_metric_that_no_image_has(predictions: Predictions) -> None:
    with pytest.raises(KeyError):
        image_scores(predictions, "seconds")
