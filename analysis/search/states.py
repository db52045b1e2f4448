"""What became of the points of a search: their states, and the words for these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runners.search.results import SearchedTrial, SearchResult

REPEATED = "repeated"
ORDER = ("complete", "pruned", "running", "interrupted", "failed", "waiting", "infeasible", REPEATED)
_WORDS = {"pruned": "stopped early", "infeasible": "left out"}


def state_of(trial: SearchedTrial) -> str:
    """The state of a point; `repeated` for one that was proposed before, whatever became of that."""
    return trial.state if trial.duplicate_of is None else REPEATED


def in_words(state: str) -> str:
    """A state as people read it.

    >>> in_words("pruned"), in_words("complete")
    ('stopped early', 'complete')
    """
    return _WORDS.get(state, state)


def states(result: SearchResult) -> Mapping[str, int]:
    """How many points are in each state, without the states that none is in."""
    counted = Counter(state_of(trial) for trial in result.trials)
    return {state: counted[state] for state in ORDER if counted[state]}


def ended(result: SearchResult) -> int:
    """How many trials have come to an end: complete, stopped early or failed; not those that run."""
    return sum(state_of(trial) in ("complete", "pruned", "failed") for trial in result.trials)


def epochs_trained(result: SearchResult) -> int:
    """The epochs that the search has trained itself; those of trials that the record held are not among them."""
    return sum(trial.epochs for trial in result.trials if not trial.reused and trial.duplicate_of is None)
