from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from analysis.figures.catalogue import FIGURES
from analysis.figures.errors import error_curves, share_within
from analysis.figures.material import NothingToDraw
from runners.predictions import read_predictions, write_predictions
from tasks.metrics import pckh

from .conftest import predictions_of

PREDICTED = {"binary/0": 1, "binary/1": 2, "deep/0": 3}
METRICS = {name: {"pckh": 50.0} for name in ("binary/0", "binary/1", "deep/0", "deep/1", "real/0")}


@pytest.mark.parametrize(
    ("errors", "thresholds", "shares"),
    [
        ([0.1, 0.5, 0.7], [0.0, 0.1, 0.5, 0.69, 1.0], [0, 100 / 3, 200 / 3, 200 / 3, 100]),
        ([[0.2, np.nan], [np.nan, 0.4]], [0.3], [50]),
        ([0.0, 2.0], [0.0, 1.0], [50, 50]),
    ],
)
def test_shares_of_known_errors(errors, thresholds, shares) -> None:
    assert share_within(errors, thresholds) == pytest.approx(shares)


def test_without_an_annotated_landmark_there_is_no_share() -> None:
    assert np.isnan(share_within([np.nan], [0.5])).all()


@pytest.mark.parametrize(("joints", "column"), [("all", "total"), ("Head", "Head")])
def test_at_half_a_head_the_curve_is_pckh(make_material, joints, column) -> None:
    material = make_material(metrics=METRICS, predicted=PREDICTED)
    curves, _, versions = error_curves(material, material.plan.expanded.variants, 1.0, joints)
    scores = []
    for seed in (1, 2):
        predicted, split = predictions_of(seed)
        found, truth = predicted.astype(np.float32), split.image_points.astype(np.float32)
        scores.append(pckh(found, truth, split.head_size, split.crop_set.visible)[column])
    curve = curves["binary"]
    assert curve.x[100] == 0.5
    assert curve.mean[100] == pytest.approx(np.mean(scores))
    assert curve.std is not None
    assert curve.std[100] == pytest.approx(np.std(scores, ddof=1))
    assert curve.n == 2
    assert curves["deep"].std is None
    assert versions == {"synthetic-1"}


def test_a_trial_that_is_not_in_it_is_named(make_material) -> None:
    material = make_material(metrics=METRICS, predicted=PREDICTED, states={"real/0": "failed"})
    _, missing = FIGURES["errors"].make(material).notes
    assert missing.startswith("3 of 6 trials are not in it: ")
    assert "DivergedError: the loss is nan (‘Real’ seed 0)" in missing
    assert "not trained yet (‘Real’ seed 1)" in missing
    assert "no predictions are kept with it; --fresh trains again (‘Deep’ seed 1)" in missing


def test_a_record_without_predictions_says_so(make_material) -> None:
    material = make_material(metrics=METRICS)
    with pytest.raises(NothingToDraw, match="no trial has predictions to draw: no predictions are kept"):
        FIGURES["errors"].make(material)


def test_damaged_predictions_are_said(make_material, tmp_path) -> None:
    material = make_material(metrics=METRICS, predicted=PREDICTED)
    (tmp_path / "runs" / "run-deep/0" / "predictions.npz").write_bytes(b"PK cut short")
    notes = FIGURES["errors"].make(material).notes
    assert any("holds no predictions" in note and "‘Deep’ seed 0" in note for note in notes)


def test_what_the_fixture_writes_can_be_read(tmp_path) -> None:
    predicted, split = predictions_of(1)
    read = read_predictions(write_predictions(predicted, split, "v", tmp_path))
    assert np.isnan(read.errors()[0, 15])
    assert np.isfinite(read.errors()).sum() == 95


def _spoil(folder, **instead) -> None:
    """Replace arrays of a file of predictions."""
    path = folder / "predictions.npz"
    with np.load(path) as arrays:
        kept = dict(arrays)
    np.savez_compressed(path, **{**kept, **{name: change(kept[name]) for name, change in instead.items()}})


@pytest.mark.parametrize("name", ["errors", "poses"])
@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"predicted": lambda found: found * np.nan}, "predictions are not finite numbers"),
        ({"predicted": lambda found: found[:4]}, "predicted has shape"),
        ({"target": lambda found: found[0]}, "expected N x K x 2"),
        ({"reference": lambda found: -found}, "is not positive"),
        (dict.fromkeys(("predicted", "target", "visible"), lambda found: found[:, :5]), "5 landmarks, not the 16"),
    ],
)
def test_predictions_that_make_no_sense_are_said(make_material, tmp_path, name, instead, words) -> None:
    material = make_material(metrics=METRICS, predicted=PREDICTED)
    folders = [tmp_path / "runs" / f"run-{trial}" for trial in PREDICTED]
    _spoil(folders[2], **instead)
    said = material.predictions("run-deep/0")
    assert isinstance(said, str)
    assert words in said
    if name == "errors":
        notes = FIGURES[name].make(material).notes
        assert any(words in note and "‘Deep’ seed 0" in note for note in notes)
    for folder in folders[:2]:
        _spoil(folder, **instead)
    with pytest.raises(NothingToDraw, match=r"no trial has predictions to draw: .*its predictions cannot be used"):
        FIGURES[name].make(replace(material))


def test_a_record_whose_files_are_elsewhere_says_so(make_material, tmp_path) -> None:
    material = make_material(metrics=METRICS, predicted=PREDICTED)
    shutil.rmtree(tmp_path / "runs" / "run-deep")
    notes = FIGURES["errors"].make(material).notes
    assert any("was the record moved? (‘Deep’ seeds 0 and 1)" in note for note in notes)
    assert not any("--fresh" in note and "‘Deep’" in note.partition("--fresh")[2] for note in notes)
