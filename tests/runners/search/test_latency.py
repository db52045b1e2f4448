"""The latency of a network: measured once in a search, whichever launch asks."""

from __future__ import annotations

import pytest

from runners.job import Places
from runners.search import latency as latency_module
from runners.search.feasibility import resolved
from runners.search.latency import latency_of, measure_latency_ms
from runners.search.opening import storage_url
from runners.search.storage import create_study
from tests.runners.search.conftest import SEARCH
from tests.small import small_config

ASKED = SEARCH.replace("  space:", "  objectives: [pckh, latency_ms]\n  space:")


@pytest.fixture
def measured(monkeypatch) -> list:
    """The configurations whose networks are measured: each takes a millisecond longer than the one before."""
    asked: list = []

    def measure(config) -> float:
        asked.append(config)
        return float(len(asked))

    monkeypatch.setattr(latency_module, "measure_latency_ms", measure)
    return asked


def test_each_network_is_measured_once_in_a_search(make_search, tmp_path, measured) -> None:
    search, url = make_search(ASKED), storage_url(Places.below(tmp_path / "runs"))
    one = latency_of(search, create_study(search, url))
    two = latency_of(search, create_study(search, url))  # another launch
    first, same = small_config(), small_config(training__learning_rate=0.5, seed=3)
    wider, larger = small_config(block__width=0.75), small_config(data__resolution=128)
    assert [one(first), two(same), two(wider), one(larger), one(wider)] == [1.0, 1.0, 2.0, 3.0, 2.0]
    assert len(measured) == 3


def test_a_bound_relative_to_a_variant_is_the_same_in_every_launch(make_search, tmp_path, measured) -> None:
    (tmp_path / "other.yaml").write_text(
        "study: other\nvariants: [{id: deep, set: {block.type: hierarchical, block.depth: 4}}]\n"
    )
    more = "  constraints: ['latency_ms <= 2 x other/deep']\n  space:"
    search, url = make_search(SEARCH.replace("  space:", more)), storage_url(Places.below(tmp_path / "runs"))
    bounds = [resolved(search, latency_of(search, create_study(search, url)))[0] for _ in range(2)]
    assert str(bounds[0]) == str(bounds[1])
    assert len(measured) == 1


def test_who_does_not_ask_for_it_measures_nothing(make_search, tmp_path) -> None:
    search = make_search()
    assert latency_of(search, create_study(search, storage_url(Places.below(tmp_path / "runs")))) is None


def test_it_is_the_fastest_pass(monkeypatch) -> None:
    ticks = iter(range(10_000))
    now = [0.0]

    def clock() -> float:  # every other call ends a pass: of 0.5 s, 0.25 s, 0.125 s ...
        tick = next(ticks)
        now[0] += 0.5 ** (1 + tick // 2) if tick % 2 else 0.0
        return now[0]

    monkeypatch.setattr(latency_module.time, "perf_counter", clock)
    assert measure_latency_ms(small_config()) == pytest.approx(1000 * 0.5**7)
