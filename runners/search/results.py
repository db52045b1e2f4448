"""What a search has found so far, as its storage holds it: every point, the best, the front."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Literal

from runners.job import Places
from runners.search import storage as kept
from runners.search.front import undominated
from runners.search.opening import storage_url, without_password
from runners.settling import ended_launches
from search_space import ExpandedSearch, InputError, Objective, Point
from search_space.metrics import METRICS

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

SearchState = Literal["complete", "pruned", "failed", "running", "interrupted", "infeasible", "waiting"]


@dataclass(frozen=True)
class SearchedTrial:
    """A point of the space that a search has proposed.

    Attributes:
        number: its number in the search, from 0.
        state: `infeasible` broke a constraint, or cannot be built; `pruned` was stopped early by the scheduler;
            `waiting` is a first point whose turn has not come.
        point: the values of its dimensions.
        values: figures by metric, the last ones known: objectives, counts.
        epochs: how many it has trained.
        fingerprint: of its trial; None for one that was never planned.
        run_id: its run in the record, if it has one.
        reused: the record held it complete, so it was told and not trained.
        duplicate_of: the number of the same trial earlier in this search, if it is a repetition.
        violations: by how much it breaks constraints, relative to their bounds.
        error: why it failed, or cannot be built.
    """

    number: int
    state: SearchState
    point: Point
    values: Mapping[str, float]
    epochs: int = 0
    fingerprint: str | None = None
    run_id: str | None = None
    reused: bool = False
    duplicate_of: int | None = None
    violations: Mapping[str, float] | None = None
    error: str | None = None

    @property
    def name(self) -> str:
        """What its trial is called, `p12`."""
        return point_name(self.number)


@dataclass(frozen=True)
class SearchResult:
    """A search so far.

    `seconds` is what its launches have taken together; `storage` and `optuna_study` say where Optuna keeps it.
    """

    search: ExpandedSearch
    trials: tuple[SearchedTrial, ...]
    storage: str
    optuna_study: str
    seconds: float = 0.0

    @property
    def complete(self) -> tuple[SearchedTrial, ...]:
        """Trials that were trained to their end, here or before, each once."""
        return tuple(trial for trial in self.trials if trial.state == "complete" and trial.duplicate_of is None)

    @property
    def counted(self) -> int:
        """How many trials count towards those that the search was asked for."""
        return sum(counts(trial) for trial in self.trials)

    @property
    def best(self) -> SearchedTrial | None:
        """The best complete trial of a search with one objective; None of several, or before there is one."""
        front = self.front
        return front[0] if front and len(self.search.objectives) == 1 else None

    @property
    def front(self) -> tuple[SearchedTrial, ...]:
        """The complete trials that no other beats: of one objective the best, of several the Pareto front."""
        return pareto(self.complete, self.search.objectives)

    @property
    def ranked(self) -> tuple[SearchedTrial, ...]:
        """The complete trials, the best by the first objective first."""
        return tuple(sorted(self.complete, key=lambda trial: gains(trial, self.search.objectives), reverse=True))


def read_search(search: ExpandedSearch, places: Places, storage: str | None = None) -> SearchResult:
    """A search as it stands.

    Raises:
        InputError: if it has not begun in this storage, or the storage does not answer.
    """
    url = storage_url(places, storage)
    study = kept.open_study(search, url)
    if study is None:
        what = f"the search has not begun at scale {search.scale}: it is not in {without_password(url)}"
        hint = f"hglab search {search.study.path}, or name its --scale, --data, --set or --storage as it was begun"
        raise InputError.at(str(search.study.path), what, hint)
    return result_of(search, study, url, gone=ended_launches(places))


def result_of(
    search: ExpandedSearch,
    study: Study,
    url: str,
    known: dict[int, SearchedTrial] | None = None,
    gone: Container[str] = (),
) -> SearchResult:
    """What an open Optuna study holds.

    Args:
        search: the search.
        study: Optuna's.
        url: of its storage.
        known: trials that have ended, by number, as an earlier call has left them here: they do not change any more.
        gone: launches that have ended, by id: what they had under way was interrupted.
    """
    known = {} if known is None else known
    kept_trials = study.get_trials(deepcopy=False)
    again = {trial.user_attrs[kept.RETRIES]: trial.number for trial in kept_trials if kept.RETRIES in trial.user_attrs}
    found = []
    for trial in kept_trials:
        searched = known.get(trial.number) or to_searched(trial, gone)
        if trial.state.is_finished():
            known[trial.number] = searched
        # One that failed and is tried again gives way to that one: it counts no more.
        retry = again.get(trial.number)
        found.append(searched if retry is None else replace(searched, duplicate_of=retry))
    trials = tuple(found)
    return SearchResult(search, trials, url, study.study_name, sum(kept.seconds_of_launches(study).values()))


def to_searched(trial: FrozenTrial, gone: Container[str] = ()) -> SearchedTrial:
    """A trial as Optuna keeps it, as hglab speaks of it; `gone` are the ids of launches that have ended."""
    noted = trial.user_attrs
    waiting = trial.system_attrs.get("fixed_params", {})
    return SearchedTrial(
        number=trial.number,
        state=_state(trial, gone),
        point=dict(noted.get(kept.POINT) or waiting),
        values=dict(noted.get(kept.FIGURES, {})),
        epochs=int(noted.get(kept.EPOCHS, 0)),
        fingerprint=noted.get(kept.FINGERPRINT),
        run_id=noted.get(kept.RUN),
        reused=noted.get(kept.STATUS) == kept.RECORDED,
        duplicate_of=noted.get(kept.DUPLICATE_OF),
        violations=noted.get(kept.VIOLATIONS),
        error=noted.get(kept.ERROR),
    )


def point_name(number: int) -> str:
    """What the point of an Optuna trial is called, as an ablation's variant is."""
    return f"p{number}"


def _state(trial: FrozenTrial, gone: Container[str]) -> SearchState:
    status, launch = trial.user_attrs.get(kept.STATUS), trial.user_attrs.get(kept.LAUNCH)
    if trial.state.name == "PRUNED" and status in (kept.INFEASIBLE, kept.FAILED):  # as samplers are to see it
        return "infeasible" if status == kept.INFEASIBLE else "failed"
    states: Mapping[str, SearchState] = {
        "COMPLETE": "complete",
        "PRUNED": "pruned",
        "FAIL": "failed",
        "WAITING": "waiting",
        "RUNNING": "running" if launch and launch not in gone else "interrupted",
    }
    return states[trial.state.name]


def counts(trial: SearchedTrial) -> bool:
    """Whether a trial counts: trained, or told from the record; not what is rejected, repeated or yet to begin."""
    return trial.state not in ("infeasible", "waiting") and trial.duplicate_of is None


def gains(trial: SearchedTrial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """A trial's objectives, each so that more is better."""
    return tuple(
        trial.values[objective.metric] * (1 if objective.direction == "max" else -1) for objective in objectives
    )


def pareto(trials: Sequence[SearchedTrial], objectives: Sequence[Objective]) -> tuple[SearchedTrial, ...]:
    """The trials that no other beats: none is at least as good at every objective and better at one.

    The best by the first objective first; of equals at everything the earliest alone.
    """
    trials = sorted(trials, key=lambda trial: trial.number)
    gained = [gains(trial, objectives) for trial in trials]
    earliest: dict[tuple[float, ...], SearchedTrial] = {}
    for place in undominated(gained):
        earliest.setdefault(gained[place], trials[place])
    return tuple(earliest.values())


def named_figures(figures: Mapping[str, float]) -> dict[str, float]:
    """The figures that have a name in `search_space.metrics`, where they are numbers: what is kept of a trial."""
    return {key: float(value) for key, value in figures.items() if key in METRICS and isfinite(value)}
