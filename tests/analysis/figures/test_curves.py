from __future__ import annotations

import math

import pytest

from analysis.figures.catalogue import FIGURES
from analysis.figures.curves import learning_curves
from analysis.figures.material import NothingToDraw

METRICS = {name: {"pckh": 50.0} for name in ("binary/0", "binary/1", "deep/0", "deep/1")}
CURVES = {
    ("binary/0", "pckh"): {0: 0.0, 1: 10.0, 2: 20.0, 3: 30.0},
    ("binary/1", "pckh"): {1: 14.0, 2: 26.0},
    ("deep/0", "pckh"): {1: 40.0, 2: math.nan},
    ("binary/0", "validation_loss"): {1: 0.01, 2: 0.001},
}


def test_mean_and_deviation_by_epoch(make_material) -> None:
    material = make_material(metrics=METRICS, curves=CURVES)
    bands, lacks = learning_curves(material, material.plan.expanded.variants, "pckh")
    assert bands.keys() == {"binary"}
    found = bands["binary"]
    assert found.x.tolist() == [1, 2]  # those that both seeds have; epoch 0 is before training
    assert found.mean.tolist() == [12.0, 23.0]
    assert found.std == pytest.approx([math.sqrt(8), math.sqrt(18)])
    assert {(lack.label, lack.seed, lack.why.partition(";")[0]) for lack in lacks} == {
        ("Deep", 0, "pckh is not finite in each epoch"),
        ("Deep", 1, "recorded without pckh"),
        ("Real", 0, "not trained yet"),
        ("Real", 1, "not trained yet"),
    }


def test_the_figure_says_what_is_not_in_it(make_material) -> None:
    notes = FIGURES["curves"].make(make_material(metrics=METRICS, curves=CURVES)).notes
    assert notes[0] == "Lines: mean over 2 seeds; bands: ± one standard deviation."
    assert notes[1].startswith("4 of 6 trials are not in it: not trained yet (‘Real’ seeds 0 and 1)")


def test_another_metric_on_a_logarithmic_axis(make_material) -> None:
    options = {"metric": "validation_loss", "log": True, "variants": ("binary",)}
    figure = FIGURES["curves"].draw(make_material(metrics=METRICS, curves=CURVES, options=options))
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "validation loss"


@pytest.mark.parametrize(
    ("options", "why"), [({}, "no complete trial has pckh by epoch"), ({"metric": "params"}, "does not change")]
)
def test_nothing_to_draw(make_material, options, why) -> None:
    with pytest.raises(NothingToDraw, match=why):
        FIGURES["curves"].make(make_material(metrics={}, options=options))
