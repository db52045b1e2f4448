from __future__ import annotations

import pytest

from analysis.figures.catalogue import FIGURES, default_figures
from analysis.figures.material import NothingToDraw
from analysis.figures.sweep import sweep_lines, varied_number, varied_numbers
from blocks.count import Counts

DEPTHS = """\
study: depths
base: {block.type: hierarchical}
seeds: [0, 1]
variants:
  - {id: d4, label: "4", set: {block.depth: 4}, paper: depth_4}
  - {id: d3, label: "3", set: {block.depth: 3}, baseline: true, paper: depth_3}
  - {id: d6, label: "6", set: {block.depth: 6}, paper: depth_6}
  - {id: other, label: "Bottleneck", set: {block.type: bottleneck}}
table:
  columns: [{metric: pckh}, {paper: fig9, column: PCKh}]
"""
TWO_KEYS = """\
study: two
base: {block.type: hierarchical}
grid: {block.depth: [3, 4], model.binary: [true, false]}
"""
SEVERAL = """\
study: several
variants:
  - {id: a}
  - {id: b, set: {training.epochs: 3}}
  - {id: c, set: {model.features: 64}}
"""
NONE = """\
study: none
variants:
  - {id: a}
  - {id: b, set: {model.binary: false, training.epochs: 3}}
"""
METRICS = {"d3/0": {"pckh": 60.0}, "d3/1": {"pckh": 64.0}, "d4/0": {"pckh": 70.0}}


def test_steps_along_a_key_with_the_papers_numbers(make_material) -> None:
    material = make_material(DEPTHS, metrics=METRICS)
    (line,) = sweep_lines(material, material.plan.expanded.variants, "block.depth", "pckh")
    assert [(step.value, step.gain.n, step.paper) for step in line.steps] == [(3, 2, 76.0), (4, 1, None), (6, 0, 76.5)]
    assert line.steps[0].gain.mean == 62.0
    assert line.others == ""


@pytest.mark.parametrize(
    ("study", "one", "all_of_them"),
    [
        (DEPTHS, "block.depth", ["block.depth"]),
        (TWO_KEYS, "block.depth", ["block.depth"]),
        (SEVERAL, None, ["model.features", "training.epochs"]),
        (NONE, None, []),
    ],
)
def test_the_number_that_a_study_varies(make_plan, study, one, all_of_them) -> None:
    plan = make_plan(study)
    assert (varied_number(plan), sorted(varied_numbers(plan))) == (one, all_of_them)
    assert ("sweep" in default_figures(plan)) == (one is not None)


def test_a_line_for_each_value_of_another_key(make_material) -> None:
    material = make_material(TWO_KEYS, metrics={})
    lines = sweep_lines(material, material.plan.expanded.variants, "block.depth", "pckh")
    assert [(line.others, [step.value for step in line.steps]) for line in lines] == [
        ("binary true", [3, 4]),
        ("binary false", [3, 4]),
    ]


def test_the_figure_has_parameters_on_a_second_axis_and_hollow_marks(make_material) -> None:
    counts = {name: Counts(params) for name, params in (("d3", 6e6), ("d4", 7e6), ("d6", 8e6), ("other", 1e6))}
    drawing = FIGURES["sweep"].make(make_material(DEPTHS, metrics=METRICS, counts=counts))
    accuracy, parameters = drawing.figure.axes
    hollow = [line for line in accuracy.lines if line.get_markerfacecolor() == "white"]
    assert [line.get_xydata().tolist() for line in hollow] == [[[3.0, 76.0], [6.0, 76.5]]]
    assert [line.get_ydata().tolist() for line in parameters.lines] == [[6.0, 7.0, 8.0]]
    said = " ".join(drawing.notes)
    assert "Not along this key: ‘Bottleneck’." in said
    assert "3 of 6 trials are not in it" in said


def test_the_papers_numbers_can_be_left_out(make_material) -> None:
    figure = FIGURES["sweep"].draw(make_material(DEPTHS, metrics=METRICS, options={"paper": False}))
    assert not [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "white"]


@pytest.mark.parametrize(
    ("study", "options", "why", "mend"),
    [
        (NONE, {}, "varies no number alone", "fig9_depth"),
        (SEVERAL, {}, "varies several numbers", "--option key="),
        (SEVERAL, {"key": "block.depth"}, "no two variants differ in block.depth alone", "name another key: "),
        (DEPTHS, {}, "no complete trial has pckh", "hglab run"),
    ],
)
def test_nothing_to_draw(make_material, study, options, why, mend) -> None:
    with pytest.raises(NothingToDraw, match=why) as raised:
        FIGURES["sweep"].make(make_material(study, metrics={}, options=options))
    assert mend in str(raised.value.mend)
