"""From a study with `search:` to what is searched: the space, objectives, constraints, what holds at every point."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from search_space.bounds import read_constraints
from search_space.config import TrialConfig
from search_space.constraints import Constraint
from search_space.dimensions import Dimension
from search_space.domains import read_dimensions
from search_space.expand import own_base, settings_under
from search_space.first_points import first_points, read_first
from search_space.identity import TRAINING_CODE_VERSION, canonical
from search_space.keys import all_keys, assemble, flatten, show_value
from search_space.metrics import METRICS
from search_space.problems import InputError, Problem
from search_space.scales import DEFAULT_SCALE
from search_space.search_checks import check_search, check_space, check_teachers
from search_space.search_spec import DIRECTIONS, SamplerSpec, SchedulerSpec, SearchSpec
from search_space.settings import Settings, read_settings, values
from search_space.space import CircularConditions, Point, Space
from search_space.study import Study


@dataclass(frozen=True)
class Objective:
    """A metric that is sought, and which way."""

    metric: str
    direction: Literal["max", "min"]


@dataclass(frozen=True)
class ExpandedSearch:
    """A search at a scale.

    Attributes:
        study: the study with `search:`.
        scale: one of `search_space.scales.scales()`.
        overrides: settings of the command line, which hold at every point.
        space: the dimensions, over `settings`.
        objectives: one or several.
        constraints: what a network may cost; relative ones not yet resolved (`runners.search.feasibility.resolved`).
        sampler: what suggests points.
        scheduler: what stops trials early; its metric is filled in.
        first: the points that are tried first.
        first_from: for each of these the variant `STUDY/VARIANT` that it comes from, if it does from one.
        trials: how many are trained, or told from the record.
        hours: after which nothing new begins, over all launches; None without such an end.
        seed: of the sampler.
        trial_seed: of every trial.
        settings: flat and complete, what holds where no dimension says otherwise, the search's budget included.
        budget: the settings of the search alone, which a promoted study leaves out.
    """

    study: Study
    scale: str
    overrides: Mapping[str, Any]
    space: Space
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    sampler: SamplerSpec
    scheduler: SchedulerSpec
    first: tuple[Point, ...]
    trials: int
    hours: float | None
    seed: int
    trial_seed: int
    settings: Mapping[str, Any]
    first_from: tuple[str | None, ...] = ()
    budget: Mapping[str, Any] = field(default_factory=dict)

    def config(self, point: Point) -> TrialConfig:
        """The configuration of the trial at a point, with the seed of every trial."""
        return assemble({**self.settings, **point}, self.trial_seed)

    def label(self, point: Point) -> str:
        """A point in a few words, `hierarchical, depth 4`: switches that are off, and null, are left out.

        Of a key that may be null a switch that is off is said.
        """
        names = _short_names(tuple(self.space.by_key))
        parts = [_label(names[key], value, all_keys()[key].optional) for key, value in point.items()]
        return ", ".join(part for part in parts if part) or ", ".join(f"no {names[key]}" for key in point)

    @property
    def identity(self) -> str:
        """64 hexadecimal digits, the same for searches whose trials and suggestions go together.

        How many trials, for how long, which points first, and how the study is called do not enter: a search goes on
        when these change. Choices enter in their order, keys and constraints in none.
        """
        content = {
            "settings": self._settings_that_matter(),
            "space": {dimension.key: _domain(dimension) for dimension in self.space.dimensions},
            "objectives": [[objective.metric, objective.direction] for objective in self.objectives],
            "constraints": sorted(_constraint(constraint) for constraint in self.constraints),
            "sampler": self.sampler.model_dump(exclude_none=True),
            "scheduler": _scheduler(self.scheduler),
            "seed": self.seed,
            "trial_seed": self.trial_seed,
            "training_code_version": TRAINING_CODE_VERSION,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _settings_that_matter(self) -> dict[str, Any]:
        """Those that differ from the defaults, so that a key that hglab learns later changes no search.

        Of a dimension the value under the space is read only where its `if:` does not hold.
        """
        defaults = flatten(TrialConfig())
        always = {dimension.key for dimension in self.space.dimensions if not dimension.needs}
        return {key: value for key, value in self.settings.items() if value != defaults.get(key) and key not in always}


def is_search(study: Study) -> bool:
    """Whether the study is a search, not a comparison of variants."""
    return study.spec.search is not None


def expand_search(study: Study, scale: str = DEFAULT_SCALE, overrides: Settings | None = None) -> ExpandedSearch:
    """The search of a study.

    Whether a network of the space can be built, and satisfies the constraints, is for
    `runners.search.feasibility.check_feasible` to say.

    Args:
        study: what `read_study` returned.
        scale: one of `search_space.scales.scales()`.
        overrides: settings of the command line (`read_overrides`), laid over everything.

    Raises:
        InputError: with every problem found; and for a study that is no search.
    """
    spec = study.spec.search
    if spec is None:
        what = f"'{study.name}' is no search: it compares variants"
        raise InputError.at(str(study.path), what, "add `search:` in place of its design, or use `hglab run`")
    overrides = overrides or {}
    document, problems = study.document, list[Problem]()
    under, at_scale = settings_under(study, scale, problems)
    budget = read_settings(document, ("search", "budget"), problems) if spec.budget else {}
    dimensions = read_dimensions(document, ("search", "space"), problems)
    fixed = {**budget, **overrides}
    constraints = read_constraints(study, scale, fixed, problems)
    read = read_first(study, scale, fixed, problems)
    problems += check_search(study, dimensions, budget, overrides)
    if problems:
        raise InputError(problems)
    layers = {**under, **fixed}
    settings = flatten(assemble(values(layers)))
    try:
        space = Space(tuple(dimensions), settings)
    except CircularConditions as circle:
        where = next(dimension.location for dimension in dimensions if dimension.key == circle.keys[0])
        what = f"the conditions of the space go round in a circle: {circle}"
        raise InputError([Problem(where, what, "remove one `if:`")]) from None
    problems += check_space(study, space, layers, {**at_scale, **own_base(study), **fixed})
    points = first_points(study, read, space, problems)
    problems += check_teachers(study, scale, space, layers, values(overrides))
    if problems:
        raise InputError(problems)
    return ExpandedSearch(
        study=study,
        scale=scale,
        overrides=values(overrides),
        space=space,
        objectives=_objectives(spec),
        constraints=constraints,
        sampler=spec.sampler,
        scheduler=_with_metric(spec),
        first=points,
        trials=spec.trials,
        hours=spec.hours,
        seed=spec.seed,
        trial_seed=study.spec.seeds[0],
        settings=settings,
        first_from=tuple(first.from_ for first in read),
        budget=values(budget),
    )


def _objectives(spec: SearchSpec) -> tuple[Objective, ...]:
    directions = [each.direction and DIRECTIONS[each.direction] for each in spec.objectives]
    return tuple(
        Objective(each.metric, "max" if (direction or METRICS[each.metric].better) == "max" else "min")
        for each, direction in zip(spec.objectives, directions, strict=True)
    )


def _with_metric(spec: SearchSpec) -> SchedulerSpec:
    if spec.scheduler.name == "none" or spec.scheduler.metric is not None:
        return spec.scheduler
    return spec.scheduler.model_copy(update={"metric": spec.objectives[0].metric})


def _short_names(keys: tuple[str, ...]) -> dict[str, str]:
    """The last part of each key in words, none of a `.type`; before it what stands there where two keys end alike, and
    the level of the hourglass in any case.
    """
    leaves = [key.rsplit(".", 1)[-1] for key in keys]
    names = {}
    for key, leaf in zip(keys, leaves, strict=True):
        alone = leaves.count(leaf) == 1 and all_keys()[key].level is None
        before = "" if alone else " ".join(part for part in key.split(".")[:-1] if part != "block")
        last = "" if leaf in ("type", "name") else leaf.replace("_", " ")
        names[key] = f"{before} {last}".strip()
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}  # of a level and of its block
    return {key: key.replace(".", " ").replace("_", " ") if name in twice else name for key, name in names.items()}


def _label(name: str, value: Any, optional: bool) -> str:
    if value is None or (value is False and not optional):
        return ""
    if value is True:
        return name
    shown = f"{value:.3g}" if isinstance(value, float) else show_value(value)
    return f"{name} {shown}".strip()


def _domain(dimension: Dimension) -> dict[str, Any]:
    domain: dict[str, Any] = {"kind": dimension.kind}
    if dimension.kind == "choice":
        domain["choices"] = list(dimension.choices)
    else:
        domain |= {"low": dimension.low, "high": dimension.high, "step": dimension.step, "log": dimension.log}
    if dimension.needs:
        domain["if"] = {need.key: sorted(map(repr, need.values)) for need in dimension.needs}
    return domain


def _constraint(constraint: Constraint) -> str:
    text = f"{constraint.metric} {constraint.operator} {constraint.bound!r}"
    reference = constraint.reference
    if reference is None:
        return text
    return f"{text} x {canonical(reference, '', reference.distillation.teacher)}"


def _scheduler(spec: SchedulerSpec) -> dict[str, Any]:
    left_out = {"none": {"metric", "grace", "reduction", "brackets"}, "asha": {"brackets"}}
    return spec.model_dump(exclude=left_out.get(spec.name, set()))
