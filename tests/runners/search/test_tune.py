"""What Ray Tune's searcher hands out when processes are lost; Ray itself does not run here."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from ray.tune.search import Searcher

from runners.search.tune import _Asking
from runners.sweep import LOST, RESTARTS


@pytest.fixture
def asking(make_launch):
    """A searcher, the launch that it asks, and what the relay would have heard."""
    launch = make_launch()
    relay, losses = SimpleNamespace(lost=[]), Counter()
    return _Asking(launch.next(), launch.asker, {}, relay, losses), launch, relay, losses


def _lose(relay, losses, given) -> None:
    losses[given["name"]] += 1
    relay.lost.append(given["name"])


def test_a_job_that_was_lost_while_it_began_is_begun_again(asking) -> None:
    searcher, launch, relay, losses = asking
    first, second = searcher.suggest("1"), searcher.suggest("2")
    assert (first["name"], second["name"]) == ("p0", "p1")
    _lose(relay, losses, first)
    again = searcher.suggest("3")
    assert (again["name"], again["job"]) == ("p0-2", first["job"])
    assert launch.result.trials[0].state == "running"
    assert searcher.suggest("4")["name"] == "p2"


def test_one_that_is_lost_too_often_has_failed(asking) -> None:
    searcher, launch, relay, losses = asking
    given = searcher.suggest("1")
    for _ in range(RESTARTS):
        _lose(relay, losses, given)
        given = searcher.suggest("1")
        assert given["job"].variant == "p0"
    _lose(relay, losses, given)
    assert searcher.suggest("2")["name"] == "p1"
    assert (launch.result.trials[0].state, launch.result.trials[0].error) == ("failed", LOST)


def test_what_is_lost_after_the_last_was_asked_for_is_left_to_the_next_sweep(asking) -> None:
    searcher, launch, relay, losses = asking
    given = searcher.suggest("1")
    launch.asker.stopped = lambda: True
    assert searcher.suggest("2") == Searcher.FINISHED
    _lose(relay, losses, given)
    assert list(searcher.lost()) == [given["job"]]
    assert relay.lost == []
