"""The learning rate by step: known values of each schedule."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.schedule import learning_rate
from search_space.config import TrainingConfig

STEPS = TrainingConfig(schedule="steps", learning_rate=2.5e-4, final_learning_rate=5e-5)


def test_the_papers_schedule_drops_four_times() -> None:
    rates = [learning_rate(STEPS, step, 100) for step in range(100)]
    plateaus = list(dict.fromkeys(rates))
    assert len(plateaus) == 5
    assert plateaus[0] == pytest.approx(2.5e-4)
    assert plateaus[-1] == pytest.approx(5e-5)
    ratios = [later / earlier for earlier, later in itertools.pairwise(plateaus)]
    assert ratios == pytest.approx([0.2**0.25] * 4)
    assert [rates.index(rate) for rate in plateaus] == [0, 20, 40, 60, 80]


@pytest.mark.parametrize(
    ("schedule", "step", "expected"),
    [
        ("constant", 0, 1e-3),
        ("constant", 99, 1e-3),
        ("cosine", 0, 1e-3),
        ("cosine", 99, 1e-4),
        ("one_cycle", 0, 1e-3 / 25),
        ("one_cycle", 99, 1e-3 / 25 / 1e4),
    ],
)
def test_ends_of_each_schedule(schedule: str, step: int, expected: float) -> None:
    training = TrainingConfig(schedule=schedule, learning_rate=1e-3, final_learning_rate=1e-4)
    assert learning_rate(training, step, 100) == pytest.approx(expected)


def test_one_cycle_is_highest_at_three_tenths() -> None:
    training = TrainingConfig(schedule="one_cycle", learning_rate=1e-3)
    rates = [learning_rate(training, step, 101) for step in range(101)]
    assert rates.index(max(rates)) == 30
    assert max(rates) == pytest.approx(1e-3)


@given(
    schedule=st.sampled_from(["constant", "steps", "cosine", "one_cycle"]),
    steps=st.integers(1, 500),
    data=st.data(),
)
def test_a_rate_is_positive_and_never_above_the_largest(schedule: str, steps: int, data) -> None:
    training = TrainingConfig(schedule=schedule, learning_rate=1e-3, final_learning_rate=1e-5)
    step = data.draw(st.integers(0, steps - 1))
    assert 0 < learning_rate(training, step, steps) <= 1e-3 * (1 + 1e-12)
