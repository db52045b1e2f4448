"""What is wrong with a search before its space is made, and with the space: all that needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from search_space.comparable import loss_problems
from search_space.conditions import unmet
from search_space.dimensions import Dimension
from search_space.expand import Variant
from search_space.keys import assemble
from search_space.metrics import HEADLINE, LATENCY, METRICS
from search_space.problems import InputError, Location, Problem, did_you_mean
from search_space.search_spec import MOST_TRIALS, SearchSpec
from search_space.settings import Setting
from search_space.space import Space
from search_space.study import Study
from search_space.teachers import KEY as TEACHER
from search_space.teachers import find_teachers


def check_search(
    study: Study, dimensions: Sequence[Dimension], budget: Mapping[str, Setting], overrides: Mapping[str, Setting]
) -> list[Problem]:
    """Problems of a search's parts, each by itself and with one another."""
    spec, document = study.spec.search, study.document
    assert spec is not None
    problems = [*_objective_problems(study, spec), *_scheduler_problems(study, spec)]
    problems += loss_problems(study, dimensions)
    if not spec.space:
        where, hint = document.value_location(("search", "space")), "add a dimension, as in block.depth: {int: [2, 6]}"
        problems.append(Problem(where, "the space is empty: nothing varies", hint))
    if len(study.spec.seeds) > 1:
        where = document.value_location(("seeds", 1))
        hint = "keep one; `hglab promote --seeds N` trains the best points with N seeds"
        problems.append(Problem(where, "a search trains each point once, with one seed", hint))
    if study.spec.baseline is not None:
        where = document.key_location(("baseline",))
        problems.append(Problem(where, "a search has no baseline", "remove it; `hglab promote` writes one"))
    for key in sorted(study.spec.table.model_fields_set - {"siunitx"}):
        where, hint = document.key_location(("table", key)), "write it into the study that `hglab promote` makes"
        problems.append(Problem(where, f"'table.{key}' has no meaning in a search, whose points are no rows", hint))
    if len(spec.first) > spec.trials:
        where = document.value_location(("search", "trials"))
        what = f"{spec.trials} trials are fewer than the {len(spec.first)} first points"
        problems.append(Problem(where, what, "raise 'trials', or remove points"))
    keys = {dimension.key for dimension in dimensions}
    problems += [
        Problem(setting.key_location, f"'{key}' is a dimension of the search", "remove it from the budget")
        for key, setting in budget.items()
        if key in keys
    ]
    problems += [
        Problem(
            setting.key_location,
            f"'{key}' is a dimension of the search: it varies from trial to trial",
            f"leave it out, or take '{key}' out of the space",
        )
        for key, setting in overrides.items()
        if key in keys
    ]
    endless = next((dimension for dimension in dimensions if dimension.size is None), None)
    if spec.sampler.name == "grid" and endless is not None:
        what = f"a grid has no end here: '{endless.key}' is {endless.describe()}"
        hint = "give it a step or a list of values, or use another sampler"
        problems.append(Problem(document.value_location(("search", "sampler")), what, hint))
    return problems


def check_space(
    study: Study, space: Space, layers: Mapping[str, Setting], said: Mapping[str, Setting]
) -> list[Problem]:
    """Problems of a space over its settings.

    Args:
        study: the search.
        space: its space.
        layers: the settings under the space, with their places.
        said: those that the study and the command line themselves say: each must mean something at some point.
    """
    document = study.document
    problems = [
        _never(dimension, space)
        for dimension in space.dimensions
        if not space.may_be(partial(space.is_active, dimension))
    ]
    if space.dimensions and all(dimension.size == 1 for dimension in space.dimensions) and not problems:
        where = document.value_location(("search", "space"))
        problems.append(Problem(where, "the space has a single point: nothing varies", "add a value or a dimension"))
    for key, setting in said.items():
        if key not in space.by_key and not space.may_be(partial(_means_something, key)):
            what = f"{unmet(key, space.under)}, which is so at no point"
            problems.append(Problem(setting.key_location, what, "remove it"))
    if space.may_be(_in_sequence):
        key = "training.stacking"
        where = space.by_key[key].location if key in space.by_key else _place(layers, key, document.source)
        what = "a search trains each network at once, not stacks in sequence"
        problems.append(Problem(where, what, "leave out `training.stacking: sequential`"))
    return [*problems, *_grace_problems(study, space), *_grid_problems(study, space)]


def check_teachers(
    study: Study, scale: str, space: Space, layers: Mapping[str, Setting], overrides: Mapping[str, Any]
) -> list[Problem]:
    """Problems of the teachers that points of the space may learn from (`search_space.teachers`)."""
    dimension = space.by_key.get(TEACHER)
    problems: list[Problem] = []
    for reference in (space.under[TEACHER],) if dimension is None else dimension.choices:
        if reference is None:
            continue
        where = dimension.location if dimension is not None else _place(layers, TEACHER, study.document.source)
        config = assemble({**space.under, TEACHER: reference})
        student = Variant(study.name, "", False, None, {}, config, where, origins={TEACHER: where})
        try:
            find_teachers(study, scale, overrides, [student])
        except InputError as error:
            problems += error.problems
    return problems


def _objective_problems(study: Study, spec: SearchSpec) -> Iterable[Problem]:
    seen: set[str] = set()
    for index, objective in enumerate(spec.objectives):
        name = objective.metric
        where = study.document.value_location(("search", "objectives", index, "metric"))
        if name not in METRICS:
            yield Problem(where, f"unknown metric '{name}': no task reports it", did_you_mean(name, METRICS))
        if name in seen:
            yield Problem(where, f"the objective '{name}' stands twice", "remove one")
        seen.add(name)


def _scheduler_problems(study: Study, spec: SearchSpec) -> Iterable[Problem]:
    scheduler = spec.scheduler
    if scheduler.name == "none":
        return
    where = study.document.value_location(("search", "scheduler", "metric"))
    metric = scheduler.metric or spec.objectives[0].metric
    if scheduler.metric is None and len(spec.objectives) > 1:
        hint = f"say which: {{name: {scheduler.name}, metric: {metric}}}"
        what = f"the scheduler {scheduler.name} knows one metric, and there are {len(spec.objectives)} objectives"
        yield Problem(where, what, hint)
    elif scheduler.metric is not None and metric not in METRICS:
        yield Problem(where, f"unknown metric '{metric}': no task reports it", did_you_mean(metric, METRICS))
    elif metric in METRICS and (METRICS[metric].counted or metric == LATENCY):
        what = f"the scheduler {scheduler.name} cannot go by '{metric}', which training does not change"
        yield Problem(where, what, f"use a metric of an epoch, as in {{name: {scheduler.name}, metric: {HEADLINE}}}")


def _grace_problems(study: Study, space: Space) -> list[Problem]:
    spec = study.spec.search
    assert spec is not None
    name, grace = spec.scheduler.name, spec.scheduler.grace
    epochs = space.most_epochs
    if name == "none" or grace < epochs:  # after its last epoch there is nothing of a trial to stop
        return []
    where = study.document.value_location(("search", "scheduler", "grace"))
    who = "the first bracket gives each trial" if name == "hyperband" else "each trial is given"
    what = f"grace must be less than the epochs: {who} {grace}, and it has {epochs}, so that nothing would be stopped"
    hint = (
        f"lower 'grace' to {epochs - 1} or less" if epochs > 1 else "raise 'training.epochs', or leave out 'scheduler'"
    )
    return [Problem(where, what, hint)]


def _grid_problems(study: Study, space: Space) -> list[Problem]:
    spec = study.spec.search
    assert spec is not None
    if spec.sampler.name != "grid" or not _has_more_points(space, MOST_TRIALS):
        return []
    size = "more" if space.size is None else f"{space.size:,}"
    what = f"a grid has at most {MOST_TRIALS:,} points, as many as a search may have trials; this one has {size}"
    hint = "write `sampler: random`, or coarser steps and fewer dimensions"
    return [Problem(study.document.value_location(("search", "sampler")), what, hint)]


def _has_more_points(space: Space, most: int) -> bool:
    """Whether a finite space has more points; those of one that is not counted are gone through so far."""
    size = space.size
    return sum(1 for _ in islice(space.points(), most + 1)) > most if size is None else size > most


def _never(dimension: Dimension, space: Space) -> Problem:
    """Why a dimension varies at no point."""
    for need in dimension.needs:
        if not space.may_be(need.holds):
            what = f"'{dimension.key}' varies only where {need}, which is so at no point"
            return Problem(dimension.location, what, f"change the `if:`, or what '{need.key}' may be")
    if not space.may_be(partial(_means_something, dimension.key)):
        condition = unmet(dimension.key, space.under)
        return Problem(dimension.location, f"{condition}, which is so at no point", "remove it")
    what = f"'{dimension.key}' varies only where {dimension.condition}, and means nothing there"
    return Problem(dimension.location, what, "change the `if:`, or remove the dimension")


def _means_something(key: str, settings: Mapping[str, Any]) -> bool:
    return unmet(key, settings) is None


def _in_sequence(settings: Mapping[str, Any]) -> bool:
    key = "training.stacking"
    return bool(settings[key] == "sequential") and _means_something(key, settings)


def _place(layers: Mapping[str, Setting], key: str, source: str) -> Location:
    return layers[key].value_location if key in layers else Location(source)
