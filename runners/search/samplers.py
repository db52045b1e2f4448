"""The samplers by name, as Optuna has them: each proposes the next point from all results in the storage."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from search_space import Dimension, ExpandedSearch, Point

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

_STARTUP = 10


def make_sampler(search: ExpandedSearch, number: int, key: str = "") -> BaseSampler:
    """The sampler for the point with this number; with `key`, for that dimension where it is drawn by itself.

    Each point has a sampler of its own, seeded by the search's seed and the point's number: a sampler keeps nothing
    that is not in the storage, so a search that was stopped proposes what it would have proposed.

    tpe: tree-structured Parzen estimators (Bergstra et al. 2011; with one objective multivariate, a group for each set
    of dimensions that are active together); nsga2 (Deb et al. 2002); gp: a Gaussian process; random; grid: every point
    of the space in a random order, which `runners.search.ledger` lays in the queue.
    """
    from optuna import samplers

    seed = random.Random("/".join([str(search.seed), str(number), *filter(None, [key])])).getrandbits(31)
    spec = search.sampler
    startup = _STARTUP if spec.startup is None else spec.startup
    if spec.name == "tpe":
        alone = len(search.objectives) == 1
        return samplers.TPESampler(seed=seed, n_startup_trials=startup, multivariate=alone, group=alone)
    if spec.name == "nsga2":
        size = spec.population or max(8, min(50, search.trials // 5))
        return samplers.NSGAIISampler(seed=seed, population_size=size)
    if spec.name == "gp":
        return samplers.GPSampler(seed=seed, n_startup_trials=startup)
    return samplers.RandomSampler(seed=seed)


def suggest(search: ExpandedSearch, trial: Trial) -> Point:
    """The point that Optuna proposes for a trial; what it has proposed before stays.

    Dimensions that the sampler draws one by one have a seed each: where a launch was killed between two of them, the
    next draws those that are missing as that one would have.
    """
    study = trial.study
    study.sampler = make_sampler(search, trial.number)
    if not trial._fixed_params:
        _ = trial.relative_params  # the dimensions that are drawn together: now, with the seed of the point

    def choose(dimension: Dimension) -> object:
        study.sampler = make_sampler(search, trial.number, dimension.key)
        if dimension.kind == "choice":
            return trial.suggest_categorical(dimension.key, dimension.choices)
        low, high, step = dimension.low, dimension.high, dimension.step
        assert low is not None  # every range has both
        assert high is not None
        if dimension.kind == "int":
            return trial.suggest_int(dimension.key, int(low), int(high), step=int(step or 1), log=dimension.log)
        return trial.suggest_float(dimension.key, low, high, step=step, log=dimension.log)

    return search.space.walk(choose)
