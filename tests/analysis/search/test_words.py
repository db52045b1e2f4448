"""Points in words."""

from __future__ import annotations

import pytest

from analysis.search.words import descriptions, differing, in_words, is_cost, metric_named, names_of, shared
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


def test_costs_are_known_before_training() -> None:
    assert [is_cost(name) for name in ("params", "latency_ms", "pckh", "seconds")] == [True, True, False, False]
    assert metric_named("gone").better == "min"
