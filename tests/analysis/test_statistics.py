from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics import Printed, differ, difference, leads_beyond_noise, summarise

FINITE = st.floats(-1e6, 1e6)


def test_summary_of_known_values() -> None:
    # The textbook set: mean 5, sum of squares 32, so the sample variance is 32 / 7.
    summary = summarise([2, 4, 4, 4, 5, 5, 7, 9])
    assert (summary.n, summary.mean, summary.median, summary.minimum, summary.maximum) == (8, 5.0, 4.5, 2.0, 9.0)
    assert summary.std == pytest.approx(math.sqrt(32 / 7))


def test_one_value_has_no_deviation_and_none_has_no_mean() -> None:
    one = summarise([3.5])
    assert one.mean == 3.5
    assert math.isnan(one.std)
    none = summarise([])
    assert none.n == 0
    assert all(math.isnan(value) for value in (none.mean, none.std, none.median, none.minimum, none.maximum))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        summarise([1.0, bad])


@given(st.lists(FINITE, min_size=2, max_size=8), FINITE)
def test_deviation_does_not_move_with_the_mean(values: list[float], shift: float) -> None:
    first, second = summarise(values), summarise([value + shift for value in values])
    assert second.mean == pytest.approx(first.mean + shift, abs=1e-6)
    assert second.std == pytest.approx(first.std, abs=1e-6)


def test_paired_difference() -> None:
    told = difference({0: 75.7, 1: 76.3, 2: 76.6}, {0: 67.0, 1: 67.4, 2: 67.5})
    assert told.paired
    assert told.value == pytest.approx(8.9)
    assert told.std == pytest.approx(np.std([8.7, 8.9, 9.1], ddof=1))


def test_unpaired_difference_adds_variances() -> None:
    told = difference({0: 10.0, 1: 14.0}, {0: 1.0, 1: 3.0, 2: 5.0})
    assert not told.paired
    assert told.value == pytest.approx(9.0)
    assert told.std == pytest.approx(math.sqrt(8.0 + 4.0))


def test_difference_with_one_seed_has_no_deviation() -> None:
    assert math.isnan(difference({0: 2.0}, {0: 1.0}).std)
    assert math.isnan(difference({0: 2.0}, {0: 1.0, 1: 2.0}).std)


@given(st.dictionaries(st.integers(0, 5), FINITE, min_size=1), st.dictionaries(st.integers(0, 5), FINITE, min_size=1))
def test_difference_turns_its_sign_with_its_sides(one: dict[int, float], other: dict[int, float]) -> None:
    there, back = difference(one, other), difference(other, one)
    assert there.value == -back.value
    assert there.std == pytest.approx(back.std, nan_ok=True)


@pytest.mark.parametrize(
    ("best", "best_std", "following", "following_std", "leads"),
    [
        ("76.0", "0.4", "75.5", "0.4", True),
        ("76.0", "0.4", "75.6", "0.4", False),  # exactly the deviation; 76.0 - 75.6 > 0.4 in binary floating point
        ("76.0", "0.1", "75.5", "0.6", False),  # beyond its own deviation, within the other's
        ("76.0", "0.6", "75.5", "0.1", False),
        ("76.0", "0.0", "76.0", "0.0", False),
        ("3.5", "0.0", "6.2", "0.0", True),  # the smallest is the best
        ("76.0", None, "50.0", "0.1", False),
        ("76.0", "0.1", "50.0", None, False),
    ],
)
def test_lead(best: str, best_std: str | None, following: str, following_std: str | None, leads: bool) -> None:
    def printed(value: str, std: str | None) -> Printed:
        return Printed(Decimal(value), None if std is None else Decimal(std))

    assert leads_beyond_noise(printed(best, best_std), printed(following, following_std)) is leads


@pytest.mark.parametrize(
    ("values", "scale", "told"),
    [
        ([], None, False),
        ([3.0], None, False),
        ([3.0, 3.0], None, False),
        ([3.0, 3.1], None, True),
        ([0.0, 0.0], None, False),
        ([0.0, 1e-300], None, True),
        ([0.1 + 0.2, 0.3], None, False),  # the same but for rounding
        ([42.9 - 34.0, 43.1 - 34.2], (42.9, 34.0), False),
        ([1e-6, 2e-6], (1e-6, 2e-6), True),
        ([1e-6, 2e-6], (1e6, 2e6), False),  # beside numbers of this size it is rounding
    ],
)
def test_rounding_is_no_difference(values: list[float], scale: tuple[float, ...] | None, told: bool) -> None:
    assert differ(values, scale) is told
