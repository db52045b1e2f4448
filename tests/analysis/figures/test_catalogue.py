from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from analysis.figures.catalogue import FIGURES, default_figures
from analysis.figures.material import NothingToDraw
from runners.job import Places
from search_space.figure_spec import FIGURE_OPTIONS

from .conftest import STUDY

ALWAYS = ["curves", "joints", "errors", "pareto", "poses"]


def test_every_figure_has_options_and_a_place_where_it_is_drawn() -> None:
    assert list(FIGURES) == list(FIGURE_OPTIONS)
    for name, kind in FIGURES.items():
        assert kind.name == name
        assert callable(importlib.import_module(kind.module).draw)


def test_every_figure_is_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "figures.md").read_text(encoding="utf-8")
    for name, kind in FIGURES.items():
        assert f"`{name}`" in text
        assert kind.paper in text
        for option in FIGURE_OPTIONS[name].model_fields:
            assert f"`{option}`" in text, f"{name}: {option}"


def test_figures_of_weights_are_shown_where_weights_are(make_plan, tmp_path) -> None:
    plan, places = make_plan(STUDY), Places.below(tmp_path)
    assert default_figures(plan, places) == ALWAYS
    weights = places.weights(plan.trials[0].fingerprint)
    weights.parent.mkdir(parents=True)
    weights.touch()
    assert default_figures(plan, places) == [*ALWAYS, "filters", "features", "gradients"]


def test_a_study_of_real_networks_has_no_binary_filters(make_plan) -> None:
    plan = make_plan("study: x\nbase: {model.binary: false}\nvariants:\n  - {id: a}\n")
    assert "filters" not in default_figures(plan)


def test_a_study_that_names_its_figures_gets_those(make_plan) -> None:
    assert default_figures(make_plan(STUDY + "figures: {pareto: , curves: {metric: pckh_wrist}}\n")) == [
        "curves",
        "pareto",
    ]


@pytest.mark.parametrize("name", ["filters", "features", "gradients"])
def test_weights_that_are_elsewhere_are_said_by_name(make_material, tmp_path, name) -> None:
    material = make_material(metrics={"binary/0": {"pckh": 1.0}})
    with pytest.raises(NothingToDraw) as raised:
        FIGURES[name].make(material)
    assert f"weights are not in {tmp_path / 'runs' / 'trials'}, because it was trained elsewhere" in str(raised.value)
