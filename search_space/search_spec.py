"""What a study's `search:` may say: how its space is searched, for what, and for how long.

The space itself, the constraints and the first points are read by `search_space.dimensions`, `search_space.constraints`
and `search_space.first_points`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from search_space.config import Section
from search_space.metrics import HEADLINE
from search_space.problems import did_you_mean

SAMPLERS = ("tpe", "nsga2", "random", "grid", "gp")
SCHEDULERS = ("none", "asha", "hyperband")
DIRECTIONS = {"maximise": "max", "minimise": "min"}

MOST_TRIALS = 100_000
"""So many trials a search may have. A grid has no more points either: it could not be gone through, and all of its
points are listed in memory, to be tried in a random order."""

EXAMPLES: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        ("search",): "search: {trials: 60, space: {block.type: [bottleneck, hierarchical]}}",
        ("search", "trials"): "trials: 60",
        ("search", "hours"): "hours: 12",
        ("search", "seed"): "seed: 1",
        ("search", "sampler"): "sampler: tpe",
        ("search", "sampler", "name"): "sampler: {name: tpe}",
        ("search", "sampler", "population"): "sampler: {name: nsga2, population: 40}",
        ("search", "sampler", "startup"): "sampler: {name: tpe, startup: 10}",
        ("search", "scheduler"): "scheduler: asha",
        ("search", "scheduler", "name"): "scheduler: {name: asha}",
        ("search", "scheduler", "metric"): "scheduler: {name: asha, metric: pckh}",
        ("search", "scheduler", "grace"): "scheduler: {name: asha, grace: 2}",
        ("search", "scheduler", "reduction"): "scheduler: {name: asha, reduction: 3}",
        ("search", "scheduler", "brackets"): "scheduler: {name: hyperband, brackets: 3}",
        ("search", "objectives"): "objectives: [pckh]",
        ("search", "objectives", "metric"): "objectives: [{metric: pckh}]",
        ("search", "objectives", "direction"): "objectives: [{metric: params, direction: minimise}]",
        ("search", "constraints"): "constraints: ['params <= 6.3e6']",
        ("search", "budget"): "budget: {training.epochs: 5}",
        ("search", "space"): "space: {block.type: [bottleneck, hierarchical]}",
        ("search", "first"): "first: [{block.type: hierarchical}]",
    }
)
"""What each part of a search may look like, for hints."""


def _sampler(name: str) -> str:
    return _one_of(name, SAMPLERS, "sampler")


def _scheduler(name: str) -> str:
    return _one_of(name, SCHEDULERS, "scheduler")


def _direction(name: str) -> str:
    return _one_of(name, tuple(DIRECTIONS), "direction")


def _one_of(name: str, known: tuple[str, ...], what: str) -> str:
    if name not in known:
        raise ValueError(f"unknown {what} '{name}'; {did_you_mean(name, known)}")
    return name


def _named(key: str) -> BeforeValidator:
    """`tpe` for `{name: tpe}`."""
    return BeforeValidator(lambda given: {key: given} if isinstance(given, str) else given)


def _no_text(given: Any, info: ValidationInfo) -> Any:
    if isinstance(given, str | dict):
        raise ValueError(f"'{info.field_name}' must be a list")
    return given


class ObjectiveSpec(Section):
    """A figure that is sought; its direction is the metric's own where none is given."""

    metric: str
    direction: Annotated[str, AfterValidator(_direction)] | None = None


class SamplerSpec(Section):
    """What suggests points. `population`: points of a generation of nsga2. `startup`: random points before tpe and gp
    go by what they have seen."""

    name: Annotated[str, AfterValidator(_sampler)] = "tpe"
    population: Annotated[int, Field(ge=2, le=10_000)] | None = None
    startup: Annotated[int, Field(ge=1, le=10_000)] | None = None

    @model_validator(mode="after")
    def _own_options(self) -> SamplerSpec:
        if self.population is not None and self.name != "nsga2":
            raise ValueError(f"the sampler {self.name} has no 'population', nsga2 has; remove 'population'")
        if self.startup is not None and self.name not in ("tpe", "gp"):
            raise ValueError(f"the sampler {self.name} has no 'startup', tpe and gp have; remove 'startup'")
        return self


class SchedulerSpec(Section):
    """What stops trials early. `grace`: epochs that each trial is given. `reduction`: one of so many goes on.
    `metric`: what it goes by, the objective where there is only one. `brackets` of hyperband: halvings side by side,
    each with a later first stop."""

    name: Annotated[str, AfterValidator(_scheduler)] = "none"
    metric: str | None = None
    grace: Annotated[int, Field(ge=1, le=10_000)] = 1
    reduction: Annotated[float, Field(gt=1, le=100)] = 3.0
    brackets: Annotated[int, Field(ge=1, le=10)] = 3

    @model_validator(mode="after")
    def _own_options(self) -> SchedulerSpec:
        given = [name for name in ("metric", "grace", "reduction", "brackets") if name in self.model_fields_set]
        if self.name == "none" and given:
            raise ValueError(f"without a scheduler there is no '{given[0]}'; remove it, or write `name: asha`")
        if self.name == "asha" and "brackets" in given:
            raise ValueError("asha has one bracket; remove 'brackets', or write `name: hyperband`")
        return self


class SearchSpec(Section):
    """The contents of a study's `search:`."""

    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)]
    hours: Annotated[float, Field(gt=0, le=100_000)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    sampler: Annotated[SamplerSpec, _named("name")] = SamplerSpec()
    scheduler: Annotated[SchedulerSpec, _named("name")] = SchedulerSpec()
    objectives: Annotated[
        tuple[Annotated[ObjectiveSpec, _named("metric")], ...],
        BeforeValidator(_no_text),
        Field(strict=False, min_length=1),
    ] = (ObjectiveSpec(metric=HEADLINE),)
    constraints: Annotated[tuple[str, ...], BeforeValidator(_no_text), Field(strict=False)] = ()
    budget: dict[str, Any] = Field(default_factory=dict)
    space: dict[str, Any]
    first: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_no_text), Field(strict=False)] = ()


def search_model(path: tuple[str | int, ...]) -> type[Section]:
    """The model of the part of a study at `path`, which begins with `search`."""
    parts: dict[str | int, type[Section]] = {
        "sampler": SamplerSpec,
        "scheduler": SchedulerSpec,
        "objectives": ObjectiveSpec,
    }
    return parts.get(path[1], SearchSpec) if len(path) > 1 else SearchSpec
