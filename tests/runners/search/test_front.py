"""The Pareto front."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.search.front import undominated

Gains = list[tuple[int, ...]]


@pytest.mark.parametrize(
    ("gains", "front"),
    [
        ([], []),
        ([(3, 3)], [0]),
        ([(1,), (3,), (2,), (3,)], [1, 3]),  # one gain: the best, all of them
        ([(1, 3), (2, 2), (3, 1)], [2, 1, 0]),
        ([(1, 1), (2, 2), (2, 1), (1, 2)], [1]),
        ([(2, 2), (1, 3), (2, 2)], [0, 2, 1]),  # neither twin beats the other
        ([(1, 0), (1, 0), (2, 0)], [2]),
        ([(1, 2, 3), (3, 2, 1), (2, 2, 2), (2, 2, 1), (1, 2, 3)], [1, 2, 0, 4]),
        ([(0.0, 1.0), (-0.0, 1.0)], [0, 1]),
    ],
)
def test_the_front_of_known_points(gains: list[tuple[float, ...]], front: list[int]) -> None:
    assert undominated(gains) == front


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[st.integers(0, 5)] * width), max_size=40)))
def test_the_front_is_what_nothing_beats(gains: Gains) -> None:
    def beaten(own: tuple[int, ...]) -> bool:
        return any(
            all(mine >= theirs for mine, theirs in zip(other, own, strict=True)) for other in gains if other != own
        )

    expected = [place for place, own in enumerate(gains) if not beaten(own)]
    assert undominated(gains) == sorted(expected, key=lambda place: [-gain for gain in gains[place]])
