"""Who watches a search: a monitor of jobs that also hears of points, and of how the search stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runners.executors import Monitor
from runners.job import Job
from runners.search.results import SearchedTrial, SearchResult, counts


@dataclass(frozen=True)
class SearchStanding:
    """How a search stands.

    Attributes:
        counted: trials that count (`runners.search.results.counts`), of the `trials` asked for.
        trials: how many were asked for.
        infeasible: points that broke a constraint or cannot be built.
        repeated: points that were proposed before.
        pruned: trials that the scheduler stopped early.
        failed: trials that failed.
        best: the best so far, of a search with one objective.
        front: what nothing beats so far.
        epochs_trained: epochs trained by all trials together.
        seconds: what all launches have taken.
        hours: the budget, if there is one.
        running: how many of `counted` have begun, or are about to, and have not ended.
    """

    counted: int
    trials: int
    infeasible: int
    repeated: int
    pruned: int
    failed: int
    best: SearchedTrial | None
    front: tuple[SearchedTrial, ...]
    epochs_trained: int
    seconds: float
    hours: float | None
    running: int = 0


def standing_of(result: SearchResult, seconds: float) -> SearchStanding:
    """How a search stands after so many seconds of all its launches."""
    own = [trial for trial in result.trials if trial.duplicate_of is None]
    front = result.front
    return SearchStanding(
        counted=result.counted,
        trials=result.search.trials,
        infeasible=sum(trial.state == "infeasible" for trial in own),
        repeated=len(result.trials) - len(own),
        pruned=sum(trial.state == "pruned" for trial in own),
        failed=sum(trial.state == "failed" for trial in own),
        best=front[0] if front and len(result.search.objectives) == 1 else None,
        front=front,
        epochs_trained=sum(trial.epochs for trial in own if counts(trial) and not trial.reused),
        seconds=seconds,
        hours=result.search.hours,
        running=sum(trial.state in ("running", "interrupted") for trial in own),
    )


class SearchMonitor(Monitor, Protocol):
    """Is told how a search goes."""

    def stands(self, standing: SearchStanding) -> None:
        """The search stands otherwise than before."""

    def told(self, trial: SearchedTrial) -> None:
        """A point needed no training: it was recorded before, repeated, or is infeasible."""

    def pruned(self, job: Job, epoch: int) -> None:
        """A job was stopped early by the scheduler, after an epoch."""
