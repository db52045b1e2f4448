"""A study that trains in a second or two, and its plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runners.job import Places
from runners.planning import Plan, plan_study
from search_space import expand, read_overrides, read_study

STUDY = """\
study: small
title: A study for tests
seeds: [0, 1]
variants:
  - {id: bottleneck, baseline: true}
  - {id: hierarchical, label: "Hierarchical, binary", set: {block.type: hierarchical}}
"""
SMALL = (
    "data.resolution=32",
    "data.train_images=8",
    "data.validation_images=4",
    "model.features=8",
    "model.stem_features=4",
    "model.order=2",
    "training.epochs=2",
    "training.batch_size=4",
)

MakePlan = Callable[..., Plan]


@pytest.fixture
def small_study(tmp_path: Path) -> Path:
    """A study file of two variants and two seeds."""
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def make_plan(small_study: Path) -> MakePlan:
    """A function that gives the plan of the small study, with more settings on top."""

    def make(*settings: str) -> Plan:
        chosen = {text.split("=")[0]: text for text in (*SMALL, *settings)}
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
