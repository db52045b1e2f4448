"""A study that trains in a second or two, and its plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runners.job import Places
from runners.planning import Plan, plan_study
from search_space import expand, read_overrides, read_study
from tests.runners.launches import _launch
from tests.runners.stores import Store
from tests.small import SMALL

MakePlan = Callable[..., Plan]


@pytest.fixture
def make_plan(small_study: Path) -> MakePlan:
    """A function that gives the plan of the small study, with more settings on top."""

    def make(*settings: str) -> Plan:
        small = [f"{key}={value}" for key, value in SMALL.items()]
        chosen = {text.split("=")[0]: text for text in (*small, *settings)}
        return plan_study(expand(read_study(small_study), "tiny", read_overrides(None, tuple(chosen.values()))))

    return make


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of crops for all tests of a session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A record of its own."""
    return Places.below(tmp_path / "runs")


@pytest.fixture
def finished(make_plan: MakePlan, places: Places) -> Plan:
    """A small study that has been run inline."""
    plan = make_plan()
    assert _launch(plan, places).trained == [trial.name for trial in plan.trials]
    return plan


@pytest.fixture
def store():
    """A URL of a store that is empty and answers."""
    Store.store.clear()
    Store.pseudo_dirs[:] = [""]
    Store.error, Store.takes = None, None
    yield "store://bucket/checkpoints"
    Store.error, Store.takes = None, None
