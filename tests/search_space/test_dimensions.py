"""Domains: which values they hold, in which order, and how they are written."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space import Dimension
from search_space.conditions import Need
from search_space.dimensions import show_number

TYPES = Dimension("block.type", "choice", ("bottleneck", "hierarchical"))
SWITCH = Dimension("model.relu", "choice", (False, True))
DEPTH = Dimension("block.depth", "int", low=2, high=6)
EVEN = Dimension("block.depth", "int", low=2, high=8, step=2)
WIDTH = Dimension("block.width", "float", low=0.25, high=1.0, step=0.125)
TENTHS = Dimension("block.width", "float", low=0.1, high=1.0, step=0.1)
RATE = Dimension("training.learning_rate", "float", low=1e-4, high=1e-2, log=True)
DECAY = Dimension("training.weight_decay", "float", low=0.0, high=0.5)
BATCH = Dimension("training.batch_size", "int", low=1, high=64, log=True)
ONE = Dimension("block.width", "float", low=0.5, high=0.5)
EVERY = (TYPES, SWITCH, DEPTH, EVEN, WIDTH, TENTHS, RATE, DECAY, BATCH, ONE)


@pytest.mark.parametrize(
    ("dimension", "values"),
    [
        (TYPES, ("bottleneck", "hierarchical")),
        (SWITCH, (False, True)),
        (DEPTH, (2, 3, 4, 5, 6)),
        (EVEN, (2, 4, 6, 8)),
        (WIDTH, (0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)),
        (TENTHS, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        (BATCH, tuple(range(1, 65))),
        (ONE, (0.5,)),
    ],
)
def test_the_values_of_a_finite_domain(dimension: Dimension, values) -> None:
    assert dimension.values() == values
    assert dimension.size == len(values)
    assert [type(value) for value in dimension.values()] == [type(value) for value in values]


@pytest.mark.parametrize("dimension", [RATE, DECAY])
def test_a_range_of_numbers_has_no_end_of_values(dimension: Dimension) -> None:
    assert dimension.size is None
    with pytest.raises(ValueError, match="no end of values"):
        dimension.values()


@pytest.mark.parametrize(
    ("dimension", "value", "settled"),
    [
        (DEPTH, 3, 3),
        (DEPTH, 3.0, 3),
        (WIDTH, 1, 1.0),
        (TENTHS, 0.1 + 0.2, 0.3),
        (TENTHS, 0.7 + 0.1, 0.8),
        (RATE, 1e-3, 1e-3),
        (DECAY, 0, 0.0),
        (SWITCH, True, True),
    ],
)
def test_a_value_is_put_where_it_is_meant(dimension: Dimension, value, settled) -> None:
    found = dimension.settle(value)
    assert found == settled
    assert type(found) is type(settled)
    assert dimension.contains(value)


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (TYPES, "multi_scale"),
        (TYPES, None),
        (TYPES, ["bottleneck"]),
        (SWITCH, 1),
        (SWITCH, 0),
        (SWITCH, "true"),
        (DEPTH, 1),
        (DEPTH, 7),
        (DEPTH, 2.5),
        (DEPTH, True),
        (DEPTH, "3"),
        (EVEN, 3),
        (EVEN, 10),
        (WIDTH, 0.3),
        (WIDTH, 0.125),
        (WIDTH, 1.125),
        (RATE, 0),
        (RATE, 0.1),
        (RATE, math.nan),
        (RATE, math.inf),
        (DEPTH, math.nan),
        (DEPTH, -math.inf),
        (RATE, None),
    ],
)
def test_a_value_outside_is_refused(dimension: Dimension, value) -> None:
    assert not dimension.contains(value)
    with pytest.raises(ValueError, match=rf"'{dimension.key}' is .*, which is not {dimension.describe()}"):
        dimension.settle(value)


@pytest.mark.parametrize(
    ("dimension", "words"),
    [
        (TYPES, "bottleneck or hierarchical"),
        (SWITCH, "false or true"),
        (Dimension("x", "choice", (1, 2, 4)), "one of 1, 2, 4"),
        (DEPTH, "a whole number from 2 to 6"),
        (EVEN, "a whole number from 2 to 8 in steps of 2"),
        (WIDTH, "a number from 0.25 to 1 in steps of 0.125"),
        (RATE, "a number from 1e-4 to 0.01, on a logarithmic scale"),
        (BATCH, "a whole number from 1 to 64, on a logarithmic scale"),
    ],
)
def test_a_domain_in_words(dimension: Dimension, words: str) -> None:
    assert dimension.describe() == words


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (6, "6"),
        (0.25, "0.25"),
        (99999, "99999"),
        (100000, "1e5"),
        (6.3e6, "6.3e6"),
        (6236560, "6.23656e6"),
        (1e-4, "1e-4"),
        (0.001, "0.001"),
        (-2.5e-5, "-2.5e-5"),
        (8042381312, "8.04238e9"),
        (1e21, "1e21"),
    ],
)
def test_numbers_in_few_signs(number: float, shown: str) -> None:
    assert show_number(number) == shown


@given(st.sampled_from(EVERY), st.integers(0, 2**32))
def test_what_is_drawn_is_of_the_domain(dimension: Dimension, seed: int) -> None:
    value = dimension.draw(random.Random(seed))
    assert dimension.settle(value) == value


@given(st.sampled_from([dimension for dimension in EVERY if dimension.size]), st.integers(0, 2**32))
def test_every_value_of_a_finite_domain_settles_to_itself(dimension: Dimension, seed: int) -> None:
    value = dimension.value(seed % dimension.size)
    assert dimension.settle(value) == value


def test_everything_is_drawn_in_the_end() -> None:
    rng = random.Random(0)
    for dimension in (TYPES, DEPTH, EVEN, TENTHS, BATCH):
        assert {dimension.draw(rng) for _ in range(3000)} == set(dimension.values())


def test_a_logarithmic_scale_draws_each_decade_alike() -> None:
    rng = random.Random(0)
    drawn = [RATE.draw(rng) for _ in range(4000)]
    below = sum(value < 1e-3 for value in drawn) / len(drawn)
    assert below == pytest.approx(0.5, abs=0.03)
    whole = [BATCH.draw(rng) for _ in range(4000)]
    assert sum(value <= 5 for value in whole) / len(whole) == pytest.approx(math.log(11) / math.log(129), abs=0.03)


def test_a_condition_in_words() -> None:
    need = Need("block.type", ("bottleneck", "multi_scale"))
    dimension = Dimension("model.relu", "choice", (False, True), needs=(need, Need("model.binary", (True,))))
    assert dimension.condition == "'block.type' is bottleneck or multi_scale and 'model.binary' is true"
    assert DEPTH.condition == ""
