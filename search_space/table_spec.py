"""What a study's `table:` may say: the columns of its comparison table.

A column is told by its first key: `metric`, `delta`, `ratio`, `paper`, `config` or `n`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from search_space.config import Section
from search_space.keys import check_key
from search_space.metrics import METRICS, CountFormat
from search_space.problems import did_you_mean

Aggregate = Literal["mean_std", "mean", "median", "min", "max"]
Best = Literal["max", "min", "auto", "none"]


def _known_metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"unknown metric '{name}'; {did_you_mean(name, METRICS)}")
    return name


def _known_key(name: str) -> str:
    if wrong := check_key(name):
        raise ValueError("; ".join(wrong))
    return name


MetricName = Annotated[str, AfterValidator(_known_metric)]
KeyName = Annotated[str, AfterValidator(_known_key)]
GroupName = Annotated[str, Field(min_length=1, max_length=200)]
"""What stands above neighbouring columns, or before neighbouring rows."""


def _needs_best(second: bool, info: ValidationInfo) -> bool:
    if second and info.data.get("best") == "none":
        raise ValueError("no second best without a best; write `best: max` or `best: min`, too")
    return second


class MetricColumn(Section):
    """A metric, over the seeds of a variant."""

    metric: MetricName
    header: str | None = None
    group: GroupName | None = None
    format: CountFormat | None = None
    digits: Annotated[int, Field(ge=0, le=6)] | None = None
    aggregate: Aggregate = "mean_std"
    best: Best = Field("none", description="mark the best row: max, min, or auto for the metric's own direction")
    mark: Literal["beyond_noise", "always"] = Field(
        "beyond_noise",
        description="beyond_noise: mark the best only if it leads the next by more than both their deviations",
    )
    second: Annotated[bool, AfterValidator(_needs_best)] = Field(
        False, description="mark the second best, too, by the same rule"
    )


class DeltaColumn(Section):
    """The difference of a metric's mean to the baseline's."""

    delta: MetricName
    header: str | None = None
    group: GroupName | None = None
    digits: Annotated[int, Field(ge=0, le=6)] | None = None
    interval: Annotated[float, Field(gt=0, lt=100)] | None = Field(
        None, description="add the interval of the difference over seeds, to this level in percent: 95"
    )

    @field_validator("interval")
    @classmethod
    def _only_of_what_varies(cls, interval: float | None, info: ValidationInfo) -> float | None:
        metric = METRICS.get(info.data.get("delta", ""))
        if interval is not None and metric is not None and metric.counted:
            raise ValueError(f"'{metric.name}' is exact and has no interval; remove 'interval'")
        return interval


class RatioColumn(Section):
    """A metric's mean as a multiple of the baseline's."""

    ratio: MetricName
    header: str | None = None
    group: GroupName | None = None
    digits: Annotated[int, Field(ge=0, le=6)] | None = None


class PaperColumn(Section):
    """The number that the paper printed for this row (`paper:` of a variant names its row)."""

    paper: str
    column: str
    header: str | None = None
    group: GroupName | None = None
    digits: Annotated[int, Field(ge=0, le=6)] | None = None


class ConfigColumn(Section):
    """The value of a configuration key."""

    config: KeyName
    header: str | None = None
    group: GroupName | None = None


class CountColumn(Section):
    """How many seeds are in a row, of how many planned."""

    n: Literal[True]
    header: str | None = None
    group: GroupName | None = None


_KINDS = ("metric", "delta", "ratio", "paper", "config", "n")


def _kind(value: Any) -> str | None:
    if isinstance(value, Section):
        return next(kind for kind in _KINDS if kind in type(value).model_fields)
    return next((kind for kind in _KINDS if isinstance(value, dict) and kind in value), None)


Column = Annotated[
    Annotated[MetricColumn, Tag("metric")]
    | Annotated[DeltaColumn, Tag("delta")]
    | Annotated[RatioColumn, Tag("ratio")]
    | Annotated[PaperColumn, Tag("paper")]
    | Annotated[ConfigColumn, Tag("config")]
    | Annotated[CountColumn, Tag("n")],
    Discriminator(
        _kind,
        custom_error_type="column_kind",
        custom_error_message=f"a column starts with one of {', '.join(_KINDS)}, as in {{metric: pckh}}",
    ),
]


def column_model(value: dict[str, Any]) -> type[Section]:
    """The model of a column, from the key that tells its kind."""
    models: dict[str | None, type[Section]] = {
        "metric": MetricColumn,
        "delta": DeltaColumn,
        "ratio": RatioColumn,
        "paper": PaperColumn,
        "config": ConfigColumn,
        "n": CountColumn,
    }
    return models[_kind(value)]


_DEFAULT_COLUMNS: tuple[Any, ...] = (
    MetricColumn(metric="params", aggregate="mean"),
    MetricColumn(metric="pckh", best="max"),
    DeltaColumn(delta="pckh"),
)


class TableSpec(Section):
    """The comparison table of a study."""

    caption: str | None = None
    label: str | None = None
    row_header: str = "Variant"
    siunitx: bool = Field(False, description="LaTeX: align numbers with the package siunitx")
    columns: Annotated[tuple[Column, ...], Field(strict=False, min_length=1)] = _DEFAULT_COLUMNS


def scattered(groups: Sequence[str | None]) -> list[int]:
    """The places at which a group comes back after it had ended: neighbours only make a group.

    >>> scattered(["joints", "joints", None, "joints", "size"])
    [3]
    """
    seen: set[str] = set()
    back = []
    for place, group in enumerate(groups):
        if group is not None and group in seen and groups[place - 1] != group:
            back.append(place)
        if group is not None:
            seen.add(group)
    return back
