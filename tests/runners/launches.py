"""Launches in this process, and a monitor of them that remembers."""

from __future__ import annotations

from runners.executors import run_inline
from runners.job import Resources
from runners.launch import launch, remaining
from runners.record.reading import read_trials


class Silent:
    """A monitor that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def started(self, job) -> None:
        self.told.append(("started", job.name))

    def progressed(self, job, progress) -> None:
        self.told.append((f"epoch {progress.epoch}", job.name))

    def finished(self, job) -> None:
        self.told.append(("finished", job.name))

    def failed(self, job, error: str) -> None:
        self.told.append((f"failed {error}", job.name))

    def held(self, job, holder) -> None:
        self.told.append(("held", job.name))

    def taken(self, job) -> None:
        self.told.append(("taken", job.name))


def _launch(plan, places, executor=run_inline, monitor=None, **options):
    """Launch what the record lacks of a plan."""
    rest = remaining(plan, read_trials(places.uri), places, **options)
    return launch(plan, rest, places, Resources(), executor, monitor or Silent(), prepare=lambda: None)
