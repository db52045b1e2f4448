"""What is known of points before they are trained: counts, violations, and searches in which nothing can be."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from blocks import count
from runners.search.feasibility import check_feasible, judge, resolved
from search_space import ExpandedSearch, InputError, expand, expand_search, read_overrides, read_study
from search_space.constraints import parse_constraint
from tests.small import SMALL, small_config

OTHER = "study: other\nvariants: [{id: plain}, {id: deep, set: {block.type: hierarchical, block.depth: 4}}]\n"
TYPES = "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 3]}}"
SETS = tuple(f"{key}={value}" for key, value in SMALL.items())


@pytest.fixture
def make_search(tmp_path: Path):
    """A function from the space of a small search and more of its keys to the search."""

    def make(space: str = TYPES, more: str = "", sets: tuple[str, ...] = SETS, scale: str = "tiny") -> ExpandedSearch:
        (tmp_path / "other.yaml").write_text(OTHER)
        path = tmp_path / "search.yaml"
        lines = "".join(f"  {line}\n" for line in more.splitlines())
        path.write_text(f"study: search\nsearch:\n  trials: 4\n{lines}  space: {space}\n")
        return expand_search(read_study(path), scale, read_overrides(None, sets))

    return make


def _said(search: ExpandedSearch) -> list[str]:
    with pytest.raises(InputError) as raised:
        check_feasible(search)
    folder = search.study.path.parent
    return [str(problem).replace(f"{folder}/search.yaml", "SEARCH") for problem in raised.value.problems]


def test_a_network_and_its_figures() -> None:
    config = small_config()
    verdict = judge(config, [parse_constraint("params <= 1e9")])
    assert verdict.feasible
    assert verdict.counts == count(config.model, config.data.resolution)
    assert verdict.figures == {
        "params": verdict.counts.params,
        "binary_macs": verdict.counts.binary_macs,
        "real_macs": verdict.counts.real_macs,
        "size_bytes": verdict.counts.size_bytes,
    }
    assert not verdict.violations
    assert not verdict.problems


def test_violations_are_those_of_the_constraints() -> None:
    config = small_config()
    params = count(config.model, config.data.resolution).params
    constraints = [
        parse_constraint(f"params <= {params}"),
        parse_constraint(f"params < {params}"),
        parse_constraint(f"params <= {params / 2}"),
        parse_constraint(f"params >= {2 * params}"),
        parse_constraint("binary_macs >= 1"),
    ]
    verdict = judge(config, constraints)
    assert not verdict.feasible
    assert list(verdict.violations) == [str(constraint) for constraint in constraints[1:4]]
    assert list(verdict.violations.values()) == pytest.approx([0, 1, 0.5], abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"data__resolution": 40}, "data.resolution 40 cannot be halved"),
        ({"data__resolution": 50}, "'data.resolution' must be divisible by 4, not 50"),
        ({"block__type": "hierarchical", "block__depth": 6}, "block.depth"),
        ({"model__width": 0.3}, "not a whole number"),
        ({"training__schedule": "steps", "training__learning_rate": 1e-6}, "'training.final_learning_rate' (5e-05) is"),
        ({"model__order": 3, "training__batch_size": 1}, "a batch of one image is too few"),
    ],
)
def test_what_cannot_be_trained_is_infeasible_with_the_reason(changes, problem: str) -> None:
    verdict = judge(small_config(**changes), [parse_constraint("params <= 1")])
    assert not verdict.feasible
    assert verdict.counts is None
    assert not verdict.violations
    assert problem in verdict.problems[0]


def test_the_latency_is_measured_where_all_else_holds_and_only_there() -> None:
    measured = []

    def latency(config) -> float:
        measured.append(config)
        return 12.0

    slow, fast = parse_constraint("latency_ms <= 10"), parse_constraint("latency_ms <= 20")
    small = parse_constraint("params <= 1")
    config = small_config()
    assert judge(config, [slow], latency).violations == pytest.approx({"latency_ms <= 10": 0.2})
    assert judge(config, [fast], latency).figures["latency_ms"] == 12
    assert len(measured) == 2
    assert "latency_ms" not in judge(config, [fast, small], latency).figures
    judge(small_config(data__resolution=50), [fast], latency)
    assert len(measured) == 2
    assert judge(config, [slow]).feasible, "what is not measured binds nothing"


@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_a_bound_relative_to_a_variant_follows_the_scale(make_search, scale: str) -> None:
    more = "constraints: ['params <= 0.5 x other/deep', 'binary_macs <= 1e12']"
    search = make_search(more=more, sets=(), scale=scale)
    deep = expand(read_study(search.study.path.with_name("other.yaml")), scale).variants[1].config
    params, macs = resolved(search)
    assert params.bound == count(deep.model, deep.data.resolution).params / 2
    assert str(params).startswith("params <= 0.5 x other/deep (")
    assert macs.bound == 1e12


def test_a_relative_latency_needs_a_measurement(make_search) -> None:
    search = make_search(more="constraints: ['latency_ms <= 2 x other/deep', 'params <= 1e9']")
    assert [constraint.metric for constraint in resolved(search)] == ["params"]
    latency, _ = resolved(search, lambda config: 10.0 * config.model.block.depth)
    assert latency.bound == 80
    check_feasible(search)


def test_a_variant_that_cannot_be_built_is_no_reference(make_search) -> None:
    search = make_search(more="constraints: ['params <= 2 x other/deep']", sets=(*SETS, "model.width=0.5"))
    with pytest.raises(InputError, match=r"search\.yaml:4:17: the network of 'other/deep' cannot be built: .*depth"):
        resolved(search)


def test_one_feasible_point_is_enough(make_search) -> None:
    search = make_search("{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 8]}}")
    check_feasible(search)
    assert [judge(search.config(point), ()).feasible for point in search.space.points()] == [True] * 4 + [False] * 4


def test_a_feasible_first_point_is_found_where_a_sample_misses_it(make_search) -> None:
    """Of 8 features times any width almost none is a whole number."""
    widths = "{model.width: {float: [0.5, 2]}}"
    said = _said(make_search(widths))
    assert said[0].startswith(
        "SEARCH:4:10: none of 2,000 random points of the space gives a network that can be built;"
    )
    check_feasible(make_search(widths, "first: [{model.width: 1.0}]"))


def test_a_constraint_that_nothing_satisfies_is_named_with_the_nearest_point(make_search) -> None:
    search = make_search(more="constraints: ['params <= 10', 'binary_macs <= 1e12']")
    least = min(
        (judge(search.config(point), ()).figures["params"], search.label(point)) for point in search.space.points()
    )
    message = f"none of the 3 points satisfies 'params <= 10'; the nearest has {least[0]:.0f}: {least[1]}"
    assert _said(search) == [f"SEARCH:4:17: {message}; loosen the bound, or widen the space"]


def test_every_constraint_that_binds_alone_is_named(make_search) -> None:
    said = _said(make_search(more="constraints: ['params <= 10', 'binary_macs <= 1e12', 'real_macs >= 1e12']"))
    assert [problem.split(";")[0] for problem in said] == [
        "SEARCH:4:17: none of the 3 points satisfies 'params <= 10'",
        "SEARCH:4:56: none of the 3 points satisfies 'real_macs >= 1e12'",
    ]


def test_constraints_that_exclude_each_other_are_named(make_search) -> None:
    """Each is satisfied by some point, both by none."""
    search = make_search("{model.width: [0.5, 1.0, 2.0]}")
    counts = [judge(search.config(point), ()).figures for point in search.space.points()]
    few, many = counts[0]["params"], counts[2]["binary_macs"]
    said = _said(
        make_search("{model.width: [0.5, 1.0, 2.0]}", f"constraints: ['params <= {few}', 'binary_macs >= {many}']")
    )
    assert len(said) == 1
    first, second = (str(parse_constraint(text)) for text in (f"params <= {few}", f"binary_macs >= {many}"))
    assert f": none of the 3 points satisfies both '{first}' and '{second}', though some satisfy one;" in said[0]
    assert f"the nearest, width 0.5, has '{second}' violated by 71%" in said[0]


def test_three_constraints_of_which_any_two_can_be_satisfied(make_search) -> None:
    space = "{model.width: [0.5, 1.0, 2.0], data.resolution: [32, 64], block.type: [bottleneck, hierarchical]}"
    more = "constraints: ['params <= 1884', 'binary_macs <= 127168', 'real_macs >= 158720']"
    (said,) = _said(make_search(space, more, sets=tuple(each for each in SETS if "resolution" not in each)))
    assert ": none of the 12 points satisfies all constraints at once, though any two are satisfied by some" in said
    assert "; the nearest, width 0.5, resolution 32, bottleneck, has 'real_macs >= 1.5872e5' violated by 2.6%" in said


def test_a_space_of_which_nothing_can_be_built(make_search) -> None:
    said = _said(make_search("{block.type: [hierarchical], block.depth: {int: [5, 8]}}"))
    assert len(said) == 1
    assert said[0].startswith("SEARCH:4:10: none of the 4 points of the space gives a network that can be built; ")
    assert "block.depth" in said[0]


def test_a_large_space_is_sampled(make_search) -> None:
    rate = "training.learning_rate: {log: [1e-4, 1e-2]}"
    said = _said(make_search(f"{{{rate}}}", "constraints: ['params <= 10']"))
    assert said[0].startswith("SEARCH:4:17: none of 2,000 random points satisfies 'params <= 10'; the nearest has ")


@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_the_searches_of_the_project_are_feasible(scale: str, searches) -> None:
    for path in searches:
        search = expand_search(read_study(path), scale)
        check_feasible(search)
        constraints = resolved(search)
        for point, name in zip(search.first, search.first_from, strict=True):
            assert judge(search.config(point), constraints).feasible, f"{path.name} at {scale}: {name}"
        rng = random.Random(0)
        drawn = [judge(search.config(search.space.random(rng)), constraints).feasible for _ in range(100)]
        assert sum(drawn) >= 10
