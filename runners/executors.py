"""Executors run jobs; monitors watch them. Both are protocols: a function and an object with a few methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runners.interruption import Interrupted, StopRequest
from runners.job import Job, Progress
from runners.lease import HeldElsewhere, Holder
from runners.worker import run_job


class Monitor(Protocol):
    """Is told how jobs go."""

    def started(self, job: Job) -> None:
        """A job has begun."""

    def progressed(self, job: Job, progress: Progress) -> None:
        """A job has finished an epoch."""

    def finished(self, job: Job) -> None:
        """A job is complete."""

    def failed(self, job: Job, error: str) -> None:
        """A job has ended with an error."""

    def held(self, job: Job, holder: Holder | None) -> None:
        """A job was not run, because another process trains its trial; None: it is not known which, or has ended."""

    def taken(self, job: Job) -> None:
        """A job need not be run any more: another launch has completed its trial."""


class Executor(Protocol):
    """Runs jobs to their ends; a failed one does not stop the others."""

    def __call__(self, jobs: Sequence[Job], monitor: Monitor) -> None:
        """Run the jobs.

        Raises:
            KeyboardInterrupt: if the user interrupts; what runs then can be continued.
        """


def run_inline(jobs: Sequence[Job], monitor: Monitor) -> None:
    """The executor without Ray: one job after the other in this process, for debugging."""
    for job in jobs:
        if StopRequest.of(job).made():
            raise KeyboardInterrupt
        monitor.started(job)
        try:
            run_job(job, lambda progress, job=job: monitor.progressed(job, progress))  # type: ignore[misc]
        except Interrupted:
            raise KeyboardInterrupt from None
        except HeldElsewhere as held:
            monitor.held(job, held.holder)
        except Exception as error:
            monitor.failed(job, f"{type(error).__name__}: {error}")
        else:
            monitor.finished(job)
