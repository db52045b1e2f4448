"""Which dimensions of a search matter: the share of each in how its objectives vary among the best points."""

from __future__ import annotations

import functools
import math
import warnings
from typing import TYPE_CHECKING

from runners.search.results import SearchResult, gains
from runners.search.storage import open_study

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

LEAST = 20
"""Of fewer trials nothing is told: the best would be a quarter of them and more, and shares would be chance."""
_BEST = 5  # as many as Optuna asks for, so that the distribution of the best is not that of one trial
_BEST_SHARE = 0.1  # of many trials, as Optuna has it


def importances(result: SearchResult) -> dict[str, dict[str, float]]:
    """The share of each dimension for every objective, the largest first.

    {} for all where too few trials are complete (`why_none`), and for an objective in which too many are alike.

    Optuna's PED-ANOVA (Watanabe et al., IJCAI 2023): how the distribution of a dimension's values among the best
    complete trials differs from that among all. Shares add up to 1. Each trial counts once, however often it was
    proposed.
    """
    objectives = result.search.objectives
    found: dict[str, dict[str, float]] = {objective.metric: {} for objective in objectives}
    study = None if why_none(result) else _distinct(result)
    if study is None:
        return found
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    trials = len(result.complete)
    best = best_among(trials)
    evaluator = PedAnovaImportanceEvaluator(target_quantile=(best - 0.5) / trials)  # rounded up to `best` trials
    for place, objective in enumerate(objectives):
        worth = sorted((gains(trial, objectives)[place] for trial in result.complete), reverse=True)
        if worth[best - 1] == worth[-1]:  # the best are as good as all: nothing sets them apart
            continue
        with warnings.catch_warnings():  # of dimensions that are not active everywhere, which is what it is for
            warnings.simplefilter("ignore")
            target = functools.partial(_loss, place, objective.direction)
            shares = get_param_importances(study, evaluator=evaluator, target=target)
        found[objective.metric] = {key: float(share) for key, share in shares.items()}
    return found


def why_none(result: SearchResult) -> str | None:
    """Why nothing can be told of what matters, in a sentence; None where it can."""
    complete = len(result.complete)
    if complete >= LEAST:
        return None
    trials = "1 complete trial" if complete == 1 else f"{complete} complete trials"
    return f"What matters cannot be told of {trials}: it takes {LEAST} (`hglab search` with a higher `--trials N`)."


def best_among(trials: int) -> int:
    """How many of so many complete trials are the best, which are held against all: a tenth, but five at least.

    >>> best_among(20), best_among(60), best_among(200)
    (5, 6, 20)
    """
    return max(_BEST, math.ceil(_BEST_SHARE * trials))


def _distinct(result: SearchResult) -> Study | None:
    """The complete trials of a search, each once, as a study in memory; None where the storage has lost the search."""
    study = open_study(result.search, result.storage)
    if study is None:
        return None
    import optuna

    kept = {trial.number: trial for trial in study.get_trials(deepcopy=False)}
    copy = optuna.create_study(directions=study.directions)
    copy.add_trials([kept[trial.number] for trial in result.complete])
    return copy


def _loss(place: int, direction: str, trial: FrozenTrial) -> float:
    """An objective so that less is better, as PED-ANOVA takes whatever it is given."""
    return float(trial.values[place]) * (-1 if direction == "max" else 1)
