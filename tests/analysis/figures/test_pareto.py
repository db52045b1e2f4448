from __future__ import annotations

import pytest

from analysis.figures.catalogue import FIGURES
from analysis.figures.material import NothingToDraw
from analysis.figures.pareto import Point, pareto_front, pareto_points
from analysis.statistics import summarise
from blocks.count import Counts

COUNTS = {
    "binary": Counts(params=100, binary_macs=6400, real_macs=50, size_bytes=10),
    "deep": Counts(params=200, binary_macs=12800, real_macs=50, size_bytes=20),
    "real": Counts(params=150, binary_macs=0, real_macs=6450, size_bytes=400),
}


def _points(pairs) -> list[Point]:
    return [Point(number, cost, summarise([gain])) for number, (cost, gain) in enumerate(pairs)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pairs", "better", "front"),
    [
        ([(1, 10), (2, 20), (3, 15), (4, 30)], "max", [0, 1, 3]),
        ([(4, 30), (1, 10), (2, 20)], "max", [1, 2, 0]),
        ([(1, 10), (1, 20)], "max", [1]),  # equal cost: the better
        ([(1, 10), (2, 10)], "max", [0]),  # equal gain: the cheaper
        ([(1, 10), (1, 10)], "max", [0, 1]),  # neither beats the other
        ([(1, 0.5), (2, 0.3), (3, 0.4)], "min", [0, 1]),
        ([], "max", []),
    ],
)
def test_the_front_of_known_points(pairs, better, front) -> None:
    assert [point.variant for point in pareto_front(_points(pairs), better)] == front


@pytest.mark.parametrize(
    ("cost", "costs"),
    [("params", [100, 200, 150]), ("operations", [150, 250, 6450]), ("size_bytes", [10, 20, 400]),
     ("binary_macs", [6400, 12800, 0])],
)  # fmt: skip
def test_costs_come_from_the_network(make_material, cost, costs) -> None:
    metrics = {"binary/0": {"pckh": 10.0}, "binary/1": {"pckh": 12.0}, "deep/0": {"pckh": 20.0}, "real/0": {"pckh": 9}}
    material = make_material(metrics=metrics, counts=COUNTS)
    points = pareto_points(material, material.plan.expanded.variants, cost, "pckh")
    assert [point.cost for point in points] == costs
    assert (points[0].gain.mean, points[0].gain.n) == (11.0, 2)


def test_a_variant_without_results_is_named(make_material) -> None:
    metrics = {"binary/0": {"pckh": 10.0}, "deep/0": {"pckh": 20.0}, "deep/1": {}}
    drawing = FIGURES["pareto"].make(make_material(metrics=metrics, counts=COUNTS))
    assert len(drawing.figure.axes) == 3
    said = " ".join(drawing.notes)
    assert "4 of 6 trials are not in it" in said
    assert "‘Real’ seeds 0 and 1" in said
    assert "recorded without it; --fresh trains again (‘Deep’ seed 1)" in said


def test_nothing_to_draw(make_material) -> None:
    with pytest.raises(NothingToDraw, match="no complete trial has pckh"):
        FIGURES["pareto"].make(make_material(metrics={}))
