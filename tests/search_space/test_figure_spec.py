"""What a study says of its figures."""

from __future__ import annotations

import pytest

from search_space import InputError, expand, read_study
from search_space.figure_spec import FIGURE_OPTIONS, FiguresSpec

STUDY = """\
study: x
variants:
  - {id: a, baseline: true}
  - {id: b, set: {block.type: hierarchical}}
figures:
"""


def _figures(tmp_path, text: str) -> FiguresSpec:
    path = tmp_path / "x.yaml"
    path.write_text(STUDY + text)
    return read_study(path).spec.figures


def test_a_study_names_its_figures(tmp_path) -> None:
    figures = _figures(tmp_path, "  pareto: {cost: [params]}\n  curves:\n  joints: {variants: [b, a], notes: false}\n")
    assert figures.named == ("curves", "joints", "pareto")
    assert figures.given("joints") == {"variants": ("b", "a"), "notes": False}
    assert figures.given("curves") == {}
    assert figures.given("poses") == {}
    assert figures.pareto.cost == ("params",)
    assert figures.pareto.metric == "pckh"


def test_every_figure_has_a_place_in_a_study() -> None:
    assert set(FiguresSpec.model_fields) == set(FIGURE_OPTIONS)
    for name, options in FIGURE_OPTIONS.items():
        assert FiguresSpec.model_fields[name].annotation is options
        assert all(field.description for field in options.model_fields.values())


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("  curvs:\n", ":6:3", "unknown key 'curvs'; did you mean 'curves'?"),
        ("  pareto: {cots: [params]}\n", ":6:12", "unknown key 'cots'; did you mean 'cost'?"),
        ("  pareto: {cost: [parms]}\n", ":6:19", "'params', 'operations'"),
        ("  sweep: {key: block.dept}\n", ":6:16", "did you mean 'block.depth'?"),
        ("  curves: {metric: pkch}\n", ":6:20", "did you mean 'pckh'?"),
        ("  errors: {until: 0}\n", ":6:19", "greater than 0"),
        ("  joints: {notes: 3}\n", ":6:19", "'notes': input should be a valid boolean"),
        ("  [curves]\n", ":6:3", "mapping of keys"),
    ],
)
def test_a_mistake_is_said_at_its_place(tmp_path, text, place, what) -> None:
    with pytest.raises(InputError) as raised:
        _figures(tmp_path, text)
    assert f"x.yaml{place}: " in str(raised.value)
    assert what in str(raised.value)


@pytest.mark.parametrize(
    ("text", "place"), [("  joints: {variants: [a, bb]}\n", ":6:26"), ("  joints: {variants: bb}\n", ":6:22")]
)
def test_a_figure_of_a_variant_that_is_not_there(tmp_path, text, place) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(STUDY + text)
    with pytest.raises(InputError) as raised:
        expand(read_study(path))
    assert f"x.yaml{place}: the figure 'joints' is of 'bb', which is no variant; did you mean 'b'?" in str(raised.value)
