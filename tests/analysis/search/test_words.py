"""Points in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.search.words import (
    descriptions,
    differing,
    in_words,
    is_cost,
    main_objective,
    metric_named,
    names_of,
    shared,
)
from search_space import Objective, expand_search, read_study
from search_space.dimensions import Dimension

DIMENSIONS = (
    Dimension("block.type", "choice", ("bottleneck", "hierarchical")),
    Dimension("block.depth", "int", low=2, high=6),
    Dimension("model.relu", "choice", (False, True)),
    Dimension("training.learning_rate", "float", low=1e-4, high=0.1, log=True),
)


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["block.depth", "model.pooling"], ["depth", "pooling"]),
        (["block.width", "model.width"], ["block width", "model width"]),
        (["block.type", "loss.name"], ["block type", "loss name"]),
        (["level1.block.type"], ["level1 block type"]),
        (["level1.block.depth", "level1.width"], ["level1 depth", "level1 width"]),
        (["level1.block.width", "level1.width"], ["level1 block width", "level1 width"]),
        (["block.width", "level1.width", "level2.width"], ["width", "level1 width", "level2 width"]),
    ],
)
def test_names_are_as_short_as_they_tell_apart(keys: list[str], names: list[str]) -> None:
    assert list(names_of(keys).values()) == names


@pytest.mark.parametrize(
    ("key", "value", "name", "words"),
    [
        ("block.type", "multi_scale", "block type", "multi-scale"),
        ("level1.block.type", "multi_scale", "level1 block type", "level1 multi-scale"),
        ("level1.block.type", None, "level1 block type", ""),
        ("training.learning_rate", 0.0027545, "learning rate", "learning rate 0.00275"),
        ("model.relu", True, "relu", "relu"),
        ("model.relu", False, "relu", "no relu"),
    ],
)
def test_values_in_words(key: str, value: object, name: str, words: str) -> None:
    assert in_words(key, value, name) == words


def test_only_what_differs_is_said() -> None:
    points = [
        {"block.type": "hierarchical", "block.depth": 3, "model.relu": True, "training.learning_rate": 0.01},
        {"block.type": "bottleneck", "model.relu": True, "training.learning_rate": 0.01},
    ]
    assert differing(points, DIMENSIONS) == ("block.type", "block.depth")
    assert descriptions(points, DIMENSIONS) == ["hierarchical, depth 3", "bottleneck"]
    assert shared(points, DIMENSIONS) == "relu, learning rate 0.01"


def test_one_point_is_said_in_full() -> None:
    point = {"block.type": "hierarchical", "block.depth": 3, "model.relu": False, "training.learning_rate": 0.01}
    assert descriptions([point], DIMENSIONS) == ["hierarchical, depth 3, learning rate 0.01"]
    assert shared([point], DIMENSIONS) == ""


def test_a_switch_that_is_off_is_said_where_there_is_nothing_else() -> None:
    points = [{"block.type": "bottleneck", "model.relu": on} for on in (True, False)]
    assert descriptions(points, DIMENSIONS) == ["relu", "no relu"]


def test_a_level_is_named_as_the_log_names_it(tmp_path: Path) -> None:
    """The rows of `hglab front` and what `hglab search` says while it runs are of the same points."""
    path = tmp_path / "levels.yaml"
    space = "{level1.block.depth: {int: [2, 4]}, level1.width: {float: [0.5, 1.0], step: 0.25}}"
    path.write_text(f"study: levels\nbase: {{block.type: hierarchical}}\nsearch:\n  trials: 3\n  space: {space}\n")
    search = expand_search(read_study(path), "tiny")
    point = {"level1.block.depth": 3, "level1.width": 0.5}
    assert search.label(point) == "level1 depth 3, level1 width 0.5"
    assert descriptions([point], search.space.dimensions) == [search.label(point)]


def test_the_main_objective_is_the_first_that_training_measures() -> None:
    params, pckh, loss = Objective("params", "min"), Objective("pckh", "max"), Objective("validation_loss", "min")
    assert main_objective((params, pckh, loss)) == pckh
    assert main_objective((params,)) == params


def test_costs_are_known_before_training() -> None:
    assert [is_cost(name) for name in ("params", "latency_ms", "pckh", "seconds")] == [True, True, False, False]
    assert metric_named("gone").better == "min"
