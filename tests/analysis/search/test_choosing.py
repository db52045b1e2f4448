"""Which trials stand for a search."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.search.choosing import crowding_distances, shown_trials, spread
from runners.search.results import SearchedTrial, gains, pareto
from search_space import Objective
from tests.analysis.search.made_up import made_up, write_search

BOTH = (Objective("pckh", "max"), Objective("params", "min"))
PAIRS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=40)


def _trials(pairs: list[tuple[int, int]]) -> list[SearchedTrial]:
    return [
        SearchedTrial(number, "complete", {}, {"pckh": float(gain), "params": float(cost)})
        for number, (gain, cost) in enumerate(pairs)
    ]


def test_crowding_distances_known_values() -> None:
    assert crowding_distances([(0, 10), (1, 9), (5, 5), (10, 0)]) == [math.inf, 1.0, 1.8, math.inf]
    assert crowding_distances([(3, 3)]) == [math.inf]
    assert crowding_distances([]) == []


@given(PAIRS, st.integers(1, 12))
def test_what_is_spread_is_of_the_front_and_holds_its_ends(pairs: list[tuple[int, int]], count: int) -> None:
    front = pareto(_trials(pairs), BOTH)
    chosen = spread(front, BOTH, count)
    assert len(chosen) == min(count, len(front))
    assert [trial for trial in front if trial in chosen] == chosen  # in their order
    assert front[0] in chosen  # the best by the first objective
    if count >= 2:
        assert front[-1] in chosen


@given(PAIRS)
def test_nothing_beats_the_front(pairs: list[tuple[int, int]]) -> None:
    trials = _trials(pairs)
    front = pareto(trials, BOTH)
    for trial in trials:
        own = gains(trial, BOTH)
        beaten = any(all(other >= mine for other, mine in zip(gains(ahead, BOTH), own, strict=True)) for ahead in front)
        assert beaten


@pytest.mark.parametrize(
    ("objectives", "top", "count"), [("[pckh]", None, 10), ("[pckh]", 4, 4), ("[pckh, params]", 2, 2)]
)
def test_so_many_are_shown(tmp_path: Path, objectives: str, top: int | None, count: int) -> None:
    result = made_up(write_search(tmp_path, objectives))
    shown, available = shown_trials(result, top)
    assert len(shown) == count
    assert available >= count
    assert [trial.values["pckh"] for trial in shown] == sorted((t.values["pckh"] for t in shown), reverse=True)
