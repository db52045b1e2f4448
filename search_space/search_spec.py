"""What a study's `search:` may say: how its space is searched, for what, and for how long.

The space itself, the constraints and the first points are read by `search_space.dimensions`, `search_space.constraints`
and `search_space.first_points`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from search_space.config import Section
from search_space.metrics import HEADLINE
from search_space.problems import did_you_mean

SAMPLERS = ("tpe", "nsga2", "random", "grid", "gp")
SCHEDULERS = ("none", "asha", "hyperband")
DIRECTIONS = {"maximise": "max", "minimise": "min"}


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


def _no_text(given: Any) -> Any:
    if isinstance(given, str | dict):
        raise ValueError("write a list, as in [...]")
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

    trials: Annotated[int, Field(ge=1, le=100_000)]
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
