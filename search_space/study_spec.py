"""What a study's file may say, as models: the parts of a study but for its search, its table and its figures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from search_space.config import Section
from search_space.figure_spec import FiguresSpec
from search_space.search_spec import SearchSpec
from search_space.table_spec import GroupName, TableSpec


def _no_experiment_of_mlflow(name: str) -> str:
    if name == "Default":
        raise ValueError("'Default' is MLflow's own experiment; give the study another name")
    return name


StudyName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=80), AfterValidator(_no_experiment_of_mlflow)
]
VariantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.=,+-]*$", max_length=120)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_.=,+-]*$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]

DESIGNS = ("variants", "grid", "one_factor_at_a_time", "leave_one_out", "search")


class VariantSpec(Section):
    """A row of the table, and what it changes in the base."""

    id: VariantId
    label: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    from_: Reference | None = Field(None, alias="from")
    baseline: bool = False
    paper: str | None = None
    group: GroupName | None = None


class LevelSpec(Section):
    """A value of a factor that is called by more than its value."""

    value: Any
    id: VariantId | None = None
    label: str | None = None
    paper: str | None = None
    group: GroupName | None = None


class BaselineSpec(Section):
    """How the baseline row of a design that makes its own is called."""

    id: VariantId = "base"
    label: str | None = None
    paper: str | None = None
    group: GroupName | None = None


class StudySpec(Section):
    """The contents of a study file."""

    study: StudyName
    title: str = ""
    from_: Reference | None = Field(None, alias="from")
    base: dict[str, Any] = Field(default_factory=dict)
    scales: dict[str, dict[str, Any]] = Field(default_factory=dict)
    seeds: Annotated[tuple[Seed, ...], Field(strict=False, min_length=1)] = (0,)
    variants: Annotated[tuple[VariantSpec, ...], Field(strict=False, min_length=1)] | None = None
    grid: Annotated[dict[str, list[Any]], Field(min_length=1)] | None = None
    one_factor_at_a_time: Annotated[dict[str, list[Any]], Field(min_length=1)] | None = None
    leave_one_out: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    search: SearchSpec | None = None
    baseline: VariantId | BaselineSpec | None = None
    table: TableSpec = TableSpec()
    figures: FiguresSpec = FiguresSpec()

    @property
    def design(self) -> str:
        """Which of `DESIGNS` the study uses."""
        return next(design for design in DESIGNS if getattr(self, design) is not None)
