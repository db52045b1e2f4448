"""Executors of a search: they ask for a job, run it, and tell how it went, until there is none any more."""

from __future__ import annotations

import time
from typing import Protocol

from runners.interruption import Interrupted
from runners.job import Job, Progress
from runners.lease import HeldElsewhere
from runners.search.asker import Asker
from runners.search.halving import Halving
from runners.worker import run_job

_PAUSE_S = 0.5


class SearchExecutor(Protocol):
    """Runs the jobs that an asker gives."""

    def __call__(self, asker: Asker, halving: Halving | None) -> None:
        """Run jobs until the asker has none any more.

        Args:
            asker: gives jobs, and is told how they go.
            halving: says which are to stop early; None: none.

        Raises:
            KeyboardInterrupt: if the user interrupts; what runs then can be continued.
        """


def search_inline(asker: Asker, halving: Halving | None) -> None:
    """The executor without Ray's workers: one job after the other in this process."""
    while (job := asker.next()) != "done":
        if job == "wait":
            time.sleep(_PAUSE_S)
        else:
            _run(job, asker, halving)
    if asker.stopped():
        raise KeyboardInterrupt


def _run(job: Job, asker: Asker, halving: Halving | None) -> None:
    stopped: list[int] = []
    trouble: list[Exception] = []

    def report(progress: Progress) -> None:
        try:
            asker.progressed(job, progress)
        except Exception as error:  # of the storage: the trial is interrupted, it has not failed
            trouble.append(error)
            raise Interrupted from error
        if halving is not None and halving.stops(job.variant, progress.epoch, progress.epochs, progress.metrics):
            stopped.append(progress.epoch)
            raise Interrupted

    asker.monitor.started(job)
    try:
        run_job(job, report)
    except Interrupted:
        if trouble:
            raise trouble[0] from None
        if not stopped:
            raise KeyboardInterrupt from None
        asker.pruned(job, stopped[-1])
    except HeldElsewhere as held:
        asker.held(job, held.holder)
    except Exception as error:
        asker.failed(job, f"{type(error).__name__}: {error}")
    else:
        asker.finished(job)
