"""Tests and intervals over seeds against what R prints for Student's sleep data (1908), and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.interval import Interval, brackets, with_interval
from analysis.intervals import mean_interval, seed_difference
from analysis.numbers import NumberFormat

FIRST = dict(enumerate([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]))
SECOND = dict(enumerate([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]))
SEEDS = st.dictionaries(st.integers(0, 4), st.floats(-100, 100).map(lambda value: round(value, 3)), min_size=2)


def test_paired_as_r_has_it() -> None:
    # t.test(extra ~ group, data = sleep, paired = TRUE): t = -4.0621, df = 9, p-value = 0.002833
    told = seed_difference(FIRST, SECOND)
    assert told is not None
    assert told.paired
    assert told.df == 9
    assert told.value == pytest.approx(-1.58)
    assert told.value / told.std_error == pytest.approx(-4.0621, abs=5e-5)
    assert told.p == pytest.approx(0.002833, abs=5e-7)
    assert (told.interval.low, told.interval.high) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)


def test_welch_as_r_has_it() -> None:
    # t.test(extra ~ group, data = sleep): t = -1.8608, df = 17.776, p-value = 0.07939
    told = seed_difference(FIRST, {seed + 10: value for seed, value in SECOND.items()})
    assert told is not None
    assert not told.paired
    assert told.df == pytest.approx(17.776, abs=5e-4)
    assert told.value / told.std_error == pytest.approx(-1.8608, abs=5e-5)
    assert told.p == pytest.approx(0.07939, abs=5e-6)
    assert (told.interval.low, told.interval.high) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)


def test_mean_as_r_has_it() -> None:
    # t.test(sleep$extra[1:10]): 95 percent confidence interval -0.5297804 2.0297804
    found = mean_interval(list(FIRST.values()))
    assert found is not None
    assert (found.low, found.high, found.level) == pytest.approx((-0.5297804, 2.0297804, 95), abs=5e-8)


def test_three_seeds() -> None:
    # 8.7, 8.9, 9.1: mean 8.9, deviation 0.2; the 97.5% point of Student's t with two degrees of freedom is 4.302653.
    told = seed_difference({0: 75.7, 1: 76.3, 2: 76.6}, {2: 67.5, 0: 67.0, 1: 67.4})
    assert told is not None
    half = 4.302653 * 0.2 / 3**0.5
    assert (told.interval.low, told.interval.high) == pytest.approx((8.9 - half, 8.9 + half), abs=1e-5)


@pytest.mark.parametrize(
    ("variant", "baseline"),
    [
        ({0: 1.0}, {0: 2.0}),
        ({0: 1.0}, {0: 2.0, 1: 3.0}),
        ({}, {0: 2.0, 1: 3.0}),
        ({0: 5.0, 1: 6.0}, {0: 4.0, 1: 5.0}),  # the same difference for each seed
        ({0: 42.9, 1: 43.1, 2: 42.3}, {0: 34.0, 1: 34.2, 2: 33.4}),  # the same but for rounding
        ({0: 5.0, 1: 5.0}, {2: 4.0, 3: 4.0}),
    ],
)
def test_nothing_to_judge_by(variant: dict[int, float], baseline: dict[int, float]) -> None:
    assert seed_difference(variant, baseline) is None


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]])
def test_a_mean_without_spread_has_no_interval(values: list[float]) -> None:
    assert mean_interval(values) is None


@given(SEEDS, SEEDS)
def test_sides_change_the_sign_alone(one: dict[int, float], other: dict[int, float]) -> None:
    there, back = seed_difference(one, other), seed_difference(other, one)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there.p == pytest.approx(back.p, abs=1e-9)
        ends = (there.interval.low, there.interval.high)
        assert ends == pytest.approx((-back.interval.high, -back.interval.low), abs=1e-6)
        assert there.value in there.interval
        assert (0 in there.interval) == (there.p >= 0.05) or there.p == pytest.approx(0.05, abs=1e-6)


@given(SEEDS, SEEDS, st.floats(-50, 50))
def test_a_shift_of_both_changes_nothing(one: dict[int, float], other: dict[int, float], shift: float) -> None:
    plain = seed_difference(one, other)
    moved = seed_difference({s: v + shift for s, v in one.items()}, {s: v + shift for s, v in other.items()})
    assert (plain is None) == (moved is None)
    if plain is not None and moved is not None:
        assert moved.interval.low == pytest.approx(plain.interval.low, abs=1e-6)


@given(SEEDS, st.randoms())
def test_the_order_of_seeds_does_not_matter(values: dict[int, float], random) -> None:
    other = {seed: value / 2 + seed for seed, value in values.items()}
    mixed = list(values.items())
    random.shuffle(mixed)
    one, two = seed_difference(dict(mixed), other), seed_difference(values, other)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert (one.p, one.std_error) == pytest.approx((two.p, two.std_error))


@pytest.mark.filterwarnings("error")
def test_one_side_all_the_same() -> None:
    told = seed_difference({0: 5.0, 1: 5.0, 2: 5.0}, {3: 4.0, 4: 4.2})
    assert told is not None
    assert told.df == pytest.approx(1)
    assert told.std_error == pytest.approx(0.1)


def test_wider_at_a_higher_level() -> None:
    narrow, wide = seed_difference(FIRST, SECOND, 90), seed_difference(FIRST, SECOND, 99)
    assert narrow is not None
    assert wide is not None
    assert wide.interval.low < narrow.interval.low < narrow.interval.high < wide.interval.high


@pytest.mark.parametrize("paired", [True, False])
def test_coverage_of_three_seeds(paired: bool) -> None:
    """In 95 of 100 repetitions the interval holds the true difference; Welch's is a little cautious with few seeds."""
    generator = np.random.default_rng(0)
    hits, repetitions = 0, 400
    for _ in range(repetitions):
        noise = generator.normal(0, 0.3, 3)  # what a seed does to both
        one = dict(enumerate(50 + generator.normal(0, 0.4, 3) + noise))
        other = dict(enumerate(48 + generator.normal(0, 0.4, 3) + noise, start=0 if paired else 3))
        told = seed_difference(one, other)
        assert told is not None
        hits += 2.0 in told.interval
    assert 0.92 <= hits / repetitions <= (0.975 if paired else 0.995)


@pytest.mark.parametrize(
    ("printed", "value", "interval", "text"),
    [
        (NumberFormat("", 1, 1, signed=True), 9.0, (8.12, 9.88), "+9.0 [8.1, 9.9]"),
        (NumberFormat("", 1, 1, signed=True), -0.44, (-1.26, 0.38), "−0.4 [−1.3, 0.4]"),
        (NumberFormat("s", 1, 0, signed=True), 12.2, (9.1, 1500), "+12 [9, 1,500] s"),
        (NumberFormat("min", 60, 1), 90, (60, 120), "1.5 [1.0, 2.0] min"),
        (NumberFormat("s", 1, 0, signed=True), 12.2, None, "+12 s"),
    ],
)
def test_text(printed: NumberFormat, value: float, interval: tuple[float, float] | None, text: str) -> None:
    assert with_interval(printed, value, Interval(*interval, 95) if interval else None) == text


def test_brackets_have_no_unit() -> None:
    assert brackets(NumberFormat("s", 1, 1, signed=True), Interval(-1, 2, 95)) == "[−1.0, 2.0]"
