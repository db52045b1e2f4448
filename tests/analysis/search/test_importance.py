"""Which dimensions of a search matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runners.job import Places
from runners.search.importance import LEAST, best_among, importances, why_none
from runners.search.results import SearchResult, read_search
from tests.analysis.search.made_up import made_up, store, write_search

pytestmark = pytest.mark.slow


def _kept(made: SearchResult, folder: Path) -> SearchResult:
    store(made, Places.below(folder))
    return read_search(made.search, Places.below(folder))


def test_shares_are_of_every_dimension_and_add_up(tmp_path: Path) -> None:
    result = _kept(made_up(write_search(tmp_path), 60), tmp_path / "runs")
    found = importances(result)
    assert set(found) == {"pckh", "params"}
    for shares in found.values():
        assert set(shares) == set(result.search.space.by_key)
        assert sum(shares.values()) == pytest.approx(1.0)


def test_repetitions_change_nothing(tmp_path: Path) -> None:
    """A point that was proposed again is not more of a proof."""
    made = made_up(write_search(tmp_path, "[pckh]"), 60, states=("complete",))
    result = _kept(made, tmp_path / "once")
    worst = result.ranked[-1]
    copies = tuple(replace(worst, number=len(made.trials) + place) for place in range(40))
    again = _kept(replace(made, trials=(*made.trials, *copies)), tmp_path / "again")
    distinct = [
        trial if trial.number < len(made.trials) else replace(trial, duplicate_of=worst.number)
        for trial in again.trials
    ]
    assert importances(replace(again, trials=tuple(distinct))) == importances(result)


def test_fewer_than_twenty_tell_nothing_and_say_why(tmp_path: Path) -> None:
    made = made_up(write_search(tmp_path, "[pckh]"), 60, states=("complete",))
    complete = made.complete
    few, enough = (_kept(replace(made, trials=complete[:count]), tmp_path / str(count)) for count in (LEAST - 1, LEAST))
    assert importances(few) == {"pckh": {}}
    assert why_none(few) == (
        "What matters cannot be told of 19 complete trials: it takes 20 (`hglab search` with a higher `--trials N`)."
    )
    assert why_none(enough) is None
    assert importances(enough)["pckh"]


def test_where_all_are_alike_nothing_matters(tmp_path: Path) -> None:
    made = made_up(write_search(tmp_path), 60, states=("complete",))
    alike = tuple(replace(trial, values={**trial.values, "params": 9.0}) for trial in made.trials)
    found = importances(_kept(replace(made, trials=alike), tmp_path / "runs"))
    assert found["params"] == {}
    assert found["pckh"]


@pytest.mark.parametrize(("trials", "best"), [(20, 5), (50, 5), (51, 6), (60, 6), (200, 20)])
def test_the_best_are_five_at_least(trials: int, best: int) -> None:
    assert best_among(trials) == best
