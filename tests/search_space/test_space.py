"""Spaces: order, conditions, points, and how many there are."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_space import Dimension, Space, TrialConfig
from search_space.conditions import Need, unmet
from search_space.keys import assemble, flatten
from search_space.space import CircularConditions

UNDER = flatten(TrialConfig())
TYPE = Dimension("block.type", "choice", ("bottleneck", "multi_scale", "hierarchical"))
DEPTH = Dimension("block.depth", "int", low=2, high=5)
CARDINALITY = Dimension("block.cardinality", "choice", (1, 2, 4))
WIDTH = Dimension("block.width", "float", low=0.25, high=1.0, step=0.25)
NO_1X1 = Dimension("block.remove_1x1", "choice", (False, True))
RELU = Dimension("model.relu", "choice", (False, True))
ACTIVATION = Dimension("model.activation", "choice", ("relu", "prelu"))
POOLING = Dimension("model.pooling", "choice", ("max", "average"))
RATE = Dimension("training.learning_rate", "float", low=1e-4, high=1e-2, log=True)
ORDER = Dimension("model.order", "int", low=2, high=4)
LEVEL_TYPE = Dimension("level1.block.type", "choice", (None, "bottleneck", "hierarchical"))
LEVEL_DEPTH = Dimension("level1.block.depth", "choice", (None, 2, 4))
OPTIMISER = Dimension("training.optimiser", "choice", ("rmsprop", "adam", "sgd"))
MOMENTUM = Dimension("training.momentum", "float", low=0.5, high=0.75, step=0.125)
PRELU_IF_HIERARCHICAL = Dimension(
    "model.activation", "choice", ("relu", "prelu"), needs=(Need("block.type", ("hierarchical",)),)
)
BATCH_IF_MAX = Dimension(
    "training.batch_size", "choice", (8, 16), needs=(Need("model.pooling", ("max",)), Need("model.relu", (True,)))
)
POOL = (
    TYPE, DEPTH, CARDINALITY, WIDTH, NO_1X1, RELU, ACTIVATION, POOLING, ORDER, LEVEL_TYPE, LEVEL_DEPTH, OPTIMISER,
    MOMENTUM, BATCH_IF_MAX,
)  # fmt: skip


def space(*dimensions: Dimension, **under: object) -> Space:
    return Space(dimensions, {**UNDER, **{key.replace("__", "."): value for key, value in under.items()}})


spaces = st.lists(st.sampled_from(POOL), min_size=1, max_size=7, unique_by=lambda dimension: dimension.key).map(
    lambda dimensions: space(*dimensions)
)
with_ranges = st.lists(
    st.sampled_from((*POOL, RATE)), min_size=1, max_size=15, unique_by=lambda dimension: dimension.key
).map(lambda dimensions: space(*dimensions))


def keys(found: Space) -> list[str]:
    return [dimension.key for dimension in found.dimensions]


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        ((TYPE, DEPTH), ["block.type", "block.depth"]),
        ((DEPTH, TYPE), ["block.type", "block.depth"]),
        ((DEPTH, POOLING, TYPE), ["model.pooling", "block.type", "block.depth"]),
        ((ACTIVATION, RELU), ["model.relu", "model.activation"]),
        ((BATCH_IF_MAX, RELU, POOLING), ["model.relu", "model.pooling", "training.batch_size"]),
        ((PRELU_IF_HIERARCHICAL, RELU, TYPE), ["model.relu", "block.type", "model.activation"]),
        ((LEVEL_DEPTH, LEVEL_TYPE, TYPE), ["level1.block.type", "block.type", "level1.block.depth"]),
        ((POOLING, RATE), ["model.pooling", "training.learning_rate"]),
    ],
)
def test_what_a_dimension_depends_on_comes_before_it(given, ordered) -> None:
    assert keys(space(*given)) == ordered


def test_a_level_that_leaves_its_block_out_waits_for_the_block() -> None:
    needing = Dimension(
        "model.pooling", "choice", ("max", "average"), needs=(Need("level1.block.type", ("bottleneck",)),)
    )
    found = space(needing, LEVEL_TYPE, TYPE)
    assert keys(found)[-1] == "model.pooling"
    inherited = {"block.type": "bottleneck", "level1.block.type": None, "model.pooling": "average"}
    assert found.walk(lambda dimension: inherited[dimension.key]) == inherited


@pytest.mark.parametrize(
    ("dimensions", "circle"),
    [
        ((Dimension("model.relu", "choice", (False, True), needs=(Need("model.relu", (True,)),)),),
         "model.relu -> model.relu"),
        ((Dimension("model.relu", "choice", (False, True), needs=(Need("model.activation", ("prelu",)),)), ACTIVATION),
         "model.relu -> model.activation -> model.relu"),
        ((Dimension("model.pooling", "choice", ("max", "average"), needs=(Need("block.type", ("hierarchical",)),)),
          Dimension("block.type", "choice", TYPE.choices, needs=(Need("loss.name", ("l2",)),)),
          Dimension("loss.name", "choice", ("l2", "sigmoid_cross_entropy"), needs=(Need("model.pooling", ("max",)),))),
         "model.pooling -> block.type -> loss.name -> model.pooling"),
    ],
)  # fmt: skip
def test_a_circle_is_named(dimensions, circle: str) -> None:
    with pytest.raises(CircularConditions) as raised:
        space(*dimensions)
    assert str(raised.value) == circle


@pytest.mark.parametrize(
    ("values", "point"),
    [
        ({"block.type": "hierarchical", "block.depth": 4}, {"block.type": "hierarchical", "block.depth": 4}),
        ({"block.type": "bottleneck"}, {"block.type": "bottleneck", "block.width": 0.5}),
        ({"block.type": "multi_scale", "block.depth": 4}, {"block.type": "multi_scale"}),
    ],
)
def test_walking_asks_for_active_dimensions_alone(values, point) -> None:
    found = space(TYPE, DEPTH, WIDTH)
    asked = []

    def choose(dimension: Dimension) -> object:
        asked.append(dimension.key)
        return {**UNDER, **values}[dimension.key]

    assert found.walk(choose) == point
    assert asked == list(point)


def test_a_condition_of_a_study_comes_on_top_of_what_a_key_means() -> None:
    found = space(RELU, TYPE, PRELU_IF_HIERARCHICAL)
    active = [dict(point) for point in found.points() if "model.activation" in point]
    assert active == [
        {"model.relu": True, "block.type": "hierarchical", "model.activation": "relu"},
        {"model.relu": True, "block.type": "hierarchical", "model.activation": "prelu"},
    ]


def test_a_condition_on_a_key_that_means_nothing_does_not_hold() -> None:
    dimension = Dimension("model.pooling", "choice", ("max", "average"), needs=(Need("model.activation", ("prelu",)),))
    assert [dict(point) for point in space(RELU, dimension, model__activation="prelu").points()] == [
        {"model.relu": False},
        {"model.relu": True, "model.pooling": "max"},
        {"model.relu": True, "model.pooling": "average"},
    ]


@pytest.mark.parametrize(
    ("dimensions", "size"),
    [
        ((POOLING,), 2),
        ((POOLING, RELU), 4),
        ((RELU, ACTIVATION), 3),
        ((TYPE, DEPTH), 2 + 4),
        ((TYPE, DEPTH, CARDINALITY, WIDTH), 4 + 1 + 4 * 3),
        ((TYPE, NO_1X1), 5),
        ((OPTIMISER, MOMENTUM), 2 + 3),
        ((TYPE, DEPTH, RELU, ACTIVATION, POOLING), 6 * 3 * 2),
        ((RATE,), None),
        ((TYPE, RATE), None),
    ],
)
def test_how_many_points_there_are(dimensions, size: int | None) -> None:
    assert space(*dimensions).size == size


def test_a_large_space_is_counted_without_being_walked_through() -> None:
    levels = [Dimension(f"level{n}.block.type", "choice", TYPE.choices) for n in range(5)]
    depths = [Dimension(f"level{n}.block.depth", "int", low=2, high=5) for n in range(5)]
    found = space(*levels, *depths, POOLING, model__order=4)
    assert found.size == 6**5 * 2
    many = Dimension("training.batch_size", "int", low=1, high=4000)
    assert space(many, Dimension("training.epochs", "int", low=1, high=10_000), RELU, ACTIVATION).size == 120_000_000


def test_a_space_without_end_has_no_list_of_points() -> None:
    with pytest.raises(ValueError, match=r"no end of points: 'training\.learning_rate' is a number from"):
        space(POOLING, RATE).points()


@settings(max_examples=150, deadline=None)
@given(spaces)
def test_the_points_of_a_finite_space_are_all_of_them_once(found: Space) -> None:
    points = list(itertools.islice(found.points(), 20_000))
    assert len(points) == found.size
    assert len({tuple(point.items()) for point in points}) == len(points)
    for point in points[:: max(1, len(points) // 50)]:
        assert found.walk(lambda dimension, point=point: point[dimension.key]) == point


@settings(max_examples=100, deadline=None)
@given(spaces, st.integers(0, 2**32))
def test_every_combination_of_values_leads_to_one_of_the_points(found: Space, seed: int) -> None:
    """Whatever inactive dimensions are given, the point is one of those that are listed."""
    rng = random.Random(seed)
    anything = {dimension.key: dimension.draw(rng) for dimension in found.dimensions}
    point = found.walk(lambda dimension: anything[dimension.key])
    assert point in list(itertools.islice(found.points(), 20_000))


@settings(max_examples=200, deadline=None)
@given(with_ranges, st.integers(0, 2**32))
def test_a_random_point_is_in_the_space_with_exactly_its_active_dimensions(found: Space, seed: int) -> None:
    point = found.random(random.Random(seed))
    at_point = found.settings(point)
    for dimension in found.dimensions:
        holds = all(need.holds(at_point) and unmet(need.key, at_point) is None for need in dimension.needs)
        assert (dimension.key in point) == (holds and unmet(dimension.key, at_point) is None)
        assert dimension.key not in point or dimension.contains(point[dimension.key])
    assert list(point) == [key for key in keys(found) if key in point]


@settings(max_examples=200, deadline=None)
@given(with_ranges, st.integers(0, 2**32))
def test_a_point_survives_its_configuration(found: Space, seed: int) -> None:
    point = found.random(random.Random(seed))
    there = found.point_of(flatten(assemble(found.settings(point))))
    assert there == point
    assert list(there) == list(point)


@settings(max_examples=100, deadline=None)
@given(with_ranges, st.randoms(use_true_random=False))
def test_the_order_in_which_dimensions_are_given_changes_no_point(found: Space, rng: random.Random) -> None:
    shuffled = list(found.dimensions)
    rng.shuffle(shuffled)
    other = Space(tuple(shuffled), found.under)
    point = found.random(rng)
    assert other.point_of(found.settings(point)) == point
    assert other.size == found.size


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (
            {"block.type": "hierarchical", "block.depth": 7},
            "'block.depth' is 7, which is not a whole number from 2 to 5",
        ),
        ({"block.type": "other"}, "'block.type' is other, which is not one of bottleneck, multi_scale, hierarchical"),
        ({"model.binary": False}, "'model.binary' is false, not true, and does not vary in the search"),
        ({"training.batch_size": 4}, "'training.batch_size' is 4, not 8, and does not vary there"),
    ],
)
def test_what_is_outside_of_the_space_is_named(there, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the message is the point
        space(TYPE, DEPTH, RELU, POOLING, BATCH_IF_MAX).point_of(there)
    assert str(raised.value) == message


def test_what_means_nothing_there_does_not_keep_a_point_out() -> None:
    found = space(TYPE, DEPTH)
    assert found.point_of({"block.type": "bottleneck", "block.depth": 8}) == {"block.type": "bottleneck"}
    assert found.point_of({"block.type": "bottleneck", "block.cardinality": 8}) == {"block.type": "bottleneck"}


@pytest.mark.parametrize(
    ("question", "possible"),
    [
        (lambda at: at["block.type"] == "bottleneck", True),
        (lambda at: at["block.type"] == "bottleneck" and at["block.depth"] == 4, False),
        (lambda at: at["block.type"] == "hierarchical" and at["block.depth"] == 4, True),
        (lambda at: at["model.activation"] == "prelu", True),
        (lambda at: at["model.activation"] == "prelu" and not at["model.relu"], False),
        (lambda at: at["model.binary"], True),
        (lambda at: not at["model.binary"], False),
        (lambda at: at["training.learning_rate"] > 1, False),
        (lambda at: dict(at) == {}, False),
    ],
)
def test_what_may_be_in_a_space(question, possible: bool) -> None:
    assert space(TYPE, DEPTH, RELU, ACTIVATION, RATE).may_be(question) is possible


def test_a_question_that_would_take_too_long_is_answered_with_perhaps() -> None:
    levels = [Dimension(f"level{n}.block.type", "choice", TYPE.choices) for n in range(5)]
    depths = [Dimension(f"level{n}.block.depth", "int", low=2, high=5) for n in range(5)]
    found = space(*levels, *depths)
    assert found.may_be(lambda at: sum(1 for dimension in found.dimensions if at[dimension.key] == 99) > 0)


def test_the_depth_of_the_block_means_something_where_a_level_takes_it() -> None:
    found = space(LEVEL_DEPTH, DEPTH, LEVEL_TYPE)
    with_depth = {tuple(point.items()) for point in found.points() if "block.depth" in point}
    assert with_depth == {
        (("level1.block.type", "hierarchical"), ("level1.block.depth", None), ("block.depth", depth))
        for depth in range(2, 6)
    }


def test_a_space_that_is_too_large_to_count_says_so_soon() -> None:
    dimensions = [DEPTH, TYPE]
    for level in range(5):
        dimensions += [
            Dimension(f"level{level}.block.type", "choice", (None, "bottleneck", "hierarchical")),
            Dimension(f"level{level}.block.depth", "choice", (None, 2, 4)),
            Dimension(f"level{level}.block.cardinality", "choice", (None, 2)),
        ]
    found = space(*dimensions, CARDINALITY)
    assert found.size is None
    assert found.finite
    assert len(list(itertools.islice(found.points(), 10))) == 10
    assert found.may_be(lambda at: at["block.depth"] == 4 and at["level3.block.depth"] == 2)
