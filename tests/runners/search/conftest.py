"""A search that needs no training: a launch of it whose trials end as a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runners.job import Job, Places, Progress, Resources
from runners.lease import Claim
from runners.outcome import Outcome
from runners.record.recorded import RecordedTrial
from runners.search.asker import Asker
from runners.search.feasibility import judge, resolved
from runners.search.ledger import Ledger
from runners.search.opening import storage_url
from runners.search.planner import Planner
from runners.search.storage import create_study
from runners.sharing import Watch
from search_space import ExpandedSearch, expand_search, read_overrides, read_study
from tests.small import SMALL

SEARCH = """\
study: found
title: A search for tests
search:
  trials: 8
  space:
    block.type: [bottleneck, hierarchical]
    block.depth: {int: [2, 4]}
    training.learning_rate: {log: [1e-4, 1e-1]}
"""
DISCRETE = SEARCH.replace("    training.learning_rate: {log: [1e-4, 1e-1]}\n", "")
"""The same search with four points."""


@dataclass
class Heard:
    """A search monitor that remembers."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    standing: Any = None

    def started(self, job) -> None:
        self.events.append(("started", job.variant))

    def progressed(self, job, progress) -> None:
        self.events.append(("progressed", job.variant, progress.epoch))

    def finished(self, job) -> None:
        self.events.append(("finished", job.variant))

    def failed(self, job, error) -> None:
        self.events.append(("failed", job.variant, error))

    def held(self, job, holder) -> None:
        self.events.append(("held", job.variant))

    def taken(self, job) -> None:
        self.events.append(("taken", job.variant))

    def pruned(self, job, epoch) -> None:
        self.events.append(("pruned", job.variant, epoch))

    def told(self, trial) -> None:
        self.events.append(("told", trial.name, trial.state))

    def stands(self, standing) -> None:
        self.standing = standing


def quality(job: Job) -> float:
    """A made-up PCKh of a job's configuration: hierarchical, deep and 0.01 are good."""
    from math import log10

    model, training = job.config["model"], job.config["training"]
    rate = -abs(log10(training["learning_rate"]) + 2)
    return 50 + 10 * (model["block"]["type"] == "hierarchical") + model["block"]["depth"] + 5 * rate


def _record(job: Job, state: str = "complete", **metrics: float) -> RecordedTrial:
    """What the record holds of a job that another study has trained."""
    return RecordedTrial(
        "run", "1", "another", "row", 0, "tiny", job.fingerprint, state, {"pckh": 77.0, "epoch": 2.0, **metrics},
        {}, {}, datetime(2026, 1, 1, tzinfo=UTC), error="it broke",
    )  # fmt: skip


@dataclass
class Launch:
    """One launch of a search, driven by hand."""

    asker: Asker
    heard: Heard
    outcome: Outcome
    given: list[Job] = field(default_factory=list)

    def next(self) -> Any:
        job = self.asker.next()
        if isinstance(job, Job):
            self.given.append(job)
        return job

    def finish(self, job: Job, epochs: int = 2, **metrics: float) -> None:
        for epoch in range(1, epochs + 1):
            self.asker.progressed(job, Progress(epoch, epochs, {"pckh": quality(job), **metrics}))
        self.asker.finished(job)

    def to_the_end(self, most: int = 1000) -> None:
        while most and isinstance(job := self.next(), Job):
            self.finish(job)
            most -= 1

    @property
    def result(self):
        return self.asker.ledger.result()


MakeLaunch = Callable[..., Launch]


@pytest.fixture
def make_search(tmp_path: Path) -> Callable[..., ExpandedSearch]:
    """A function that reads a search, with `trials: 8` and so on replaced."""

    def make(text: str = SEARCH, **changes: object) -> ExpandedSearch:
        for old, new in changes.pop("replaced", {}).items():  # type: ignore[attr-defined]
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "found.yaml"
        path.write_text(text)
        settings = tuple(f"{key}={value}" for key, value in {**SMALL, **changes}.items())
        return expand_search(read_study(path), "tiny", read_overrides(None, settings))

    return make


@pytest.fixture
def make_launch(tmp_path: Path, make_search) -> MakeLaunch:
    """A function that begins a launch of a search; launches of one test share the storage."""

    def make(
        search: ExpandedSearch | None = None,
        launch: str = "one",
        *,
        folder: Path = tmp_path,
        ended: Callable[[str], bool] = lambda launch: False,
        stopped: Callable[[], bool] = lambda: False,
        retry_failed: bool = False,
    ) -> Launch:
        search = search or make_search()
        places = Places.below(folder / "runs")
        url = storage_url(places)
        study = create_study(search, url)
        run: Any = SimpleNamespace(id=launch, experiment="1")
        planner = Planner(search, places, Resources(), run, Claim(), {}, study.study_name)
        constraints = resolved(search)
        heard, outcome = Heard(), Outcome(reused=0)
        asker = Asker(
            ledger=Ledger(search, study, url, launch, ended, retry_failed),
            plan=planner.job,
            judge=lambda config: judge(config, constraints),
            constraints=constraints,
            stopped=stopped,
            prune=lambda job, epoch: None,
            monitor=heard,
            watch=Watch(heard, outcome),
        )
        asker.begin()
        return Launch(asker, heard, outcome)

    return make
