from __future__ import annotations

import numpy as np
import pytest

from analysis.figures.catalogue import FIGURES
from analysis.figures.material import NothingToDraw
from analysis.figures.poses import in_order, mean_errors, two_variants
from runners.predictions import Predictions
from search_space import InputError

NAN = float("nan")


@pytest.mark.parametrize(("order", "rows"), [("failures", [3, 0, 2]), ("successes", [4, 0, 2]), ("first", [0, 2, 3])])
def test_failures_come_first(order, rows) -> None:
    assert in_order([2.0, NAN, 2.0, 9.0, 1.0], order, 3) == rows


def test_the_error_of_an_image_is_the_mean_over_its_scored_joints() -> None:
    target = np.zeros((3, 16, 2), np.float32)
    predicted = target.copy()
    predicted[0, 9] = (30, 40)  # the head top, 50 pixels away
    predicted[0, 6] = (1000, 0)  # the pelvis is not scored
    predicted[1, 0] = (0, 20)
    visible = np.ones((3, 16), dtype=bool)
    visible[1, 1:] = False
    found = Predictions(predicted, target, visible, np.array([10.0, 10.0, NAN]), "v")
    assert mean_errors(found) == pytest.approx([5 / 14, 2.0, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("- {id: a}\n  - {id: b, set: {block.type: hierarchical}, baseline: true}\n"
         "  - {id: c, set: {model.binary: false, training.epochs: 3}}\n"
         "  - {id: d, set: {model.binary: false, block.type: hierarchical}}", ("b", "d")),
        ("- {id: a}\n  - {id: b, set: {block.type: hierarchical}, baseline: true}\n"
         "  - {id: c, set: {training.epochs: 3}}", ("b", "a")),
        ("- {id: a, set: {model.binary: false}, baseline: true}\n  - {id: b}", ("b", "a")),
        ("- {id: a}", ("a",)),
    ],
    ids=["the real twin", "all binary", "binary first", "alone"],
)  # fmt: skip
def test_the_two_worth_comparing(make_plan, text, names) -> None:
    plan = make_plan(f"study: x\nvariants:\n  {text}\n")
    assert tuple(variant.id for variant in two_variants(plan.expanded.variants)) == names


def test_without_predictions_there_is_nothing_to_draw(make_material) -> None:
    with pytest.raises(NothingToDraw, match="no trial has predictions to draw: not trained yet"):
        FIGURES["poses"].make(make_material(metrics={}))


def test_three_variants_are_refused(make_material) -> None:
    with pytest.raises(InputError, match="lays two variants side by side, not 3"):
        FIGURES["poses"].make(make_material(metrics={}, options={"variants": ("binary", "deep", "real")}))
