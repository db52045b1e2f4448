"""Which dimensions of a search matter: the share of each in how its objectives vary among the best points."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING

from runners.search.results import SearchResult
from runners.search.storage import open_study

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

_LEAST = 4


def importances(result: SearchResult) -> dict[str, dict[str, float]]:
    """The share of each dimension for every objective, the largest first; {} for one of too few different results.

    Optuna's PED-ANOVA (Watanabe et al., IJCAI 2023): how the distribution of a dimension's values among the better
    complete trials differs from that among all. Shares add up to 1.
    """
    study = open_study(result.search, result.storage)
    objectives = result.search.objectives
    if study is None or len(result.complete) < _LEAST:
        return {objective.metric: {} for objective in objectives}
    from optuna.importance import get_param_importances

    found: dict[str, dict[str, float]] = {}
    for place, objective in enumerate(objectives):
        if len({trial.values.get(objective.metric) for trial in result.complete}) < 2:
            found[objective.metric] = {}
            continue
        with warnings.catch_warnings():  # of dimensions that are not active everywhere, which is what it is for
            warnings.simplefilter("ignore")
            shares = get_param_importances(study, target=functools.partial(_loss, place, objective.direction))
        found[objective.metric] = {key: float(share) for key, share in shares.items()}
    return found


def _loss(place: int, direction: str, trial: FrozenTrial) -> float:
    """An objective so that less is better, as PED-ANOVA takes whatever it is given."""
    return float(trial.values[place]) * (-1 if direction == "max" else 1)
