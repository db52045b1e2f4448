from __future__ import annotations

import pytest

from analysis.figures.options import options_of, read_options
from search_space import InputError
from search_space.figure_spec import CurvesOptions, ErrorsOptions, ParetoOptions, SweepOptions

from .conftest import STUDY

NAMED = STUDY + "figures: {curves: {metric: validation_loss, log: true}}\n"


@pytest.mark.parametrize(
    ("name", "texts", "options"),
    [
        ("errors", ["until=0.5", "joints=Wrist"], {"until": 0.5, "joints": "Wrist"}),
        ("pareto", ["cost=params, seconds", "variants=a"], {"cost": ("params", "seconds"), "variants": ("a",)}),
        ("sweep", ["key=block.depth", "paper=false"], {"key": "block.depth", "paper": False}),
        ("poses", ["seed=null"], {"seed": None}),
        ("curves", [], {}),
    ],
)
def test_options_of_the_command_line(name, texts, options) -> None:
    assert read_options(name, texts) == options


@pytest.mark.parametrize(
    ("texts", "what"),
    [(["untl=1"], "no option 'untl'; did you mean 'until'?"), (["until"], "'until' is not key=value")],
)
def test_options_that_are_none(texts, what) -> None:
    with pytest.raises(InputError) as raised:
        read_options("errors", texts)
    assert what in str(raised.value)


def test_the_caller_has_the_last_word_then_the_study(make_material) -> None:
    material = make_material(NAMED, metrics={}, options={"metric": "pckh_wrist"})
    assert options_of(material, CurvesOptions) == CurvesOptions(metric="pckh_wrist", log=True)


@pytest.mark.parametrize(
    ("model", "options", "what"),
    [
        (ErrorsOptions, {"until": 0}, "--option until: input should be greater than 0, not 0"),
        (ErrorsOptions, {"joints": "wrist"}, "--option joints: input should be 'all', 'Head'"),
        (SweepOptions, {"key": "block.dept"}, "unknown key 'block.dept'; did you mean 'block.depth'?"),
        (ParetoOptions, {"cost": ("time",)}, "--option cost: "),
        (ParetoOptions, {"cost": ()}, "--option cost: "),
        (CurvesOptions, {"metric": "pkch"}, "did you mean 'pckh'?"),
        (CurvesOptions, {"key": "x"}, "the figure 'curves' has no option 'key'"),
        (CurvesOptions, {"variants": ("binry",)}, "the study has no variant 'binry'; did you mean 'binary'?"),
    ],
)
def test_values_that_do_not_fit(make_material, model, options, what) -> None:
    with pytest.raises(InputError) as raised:
        options_of(make_material(metrics={}, options=options), model)
    assert what in str(raised.value)
