"""What a comparison of variants came to, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analysis.bootstrap import Resampled
from analysis.effect_size import EffectSize
from analysis.interval import Interval
from analysis.intervals import SeedDifference
from analysis.statistics import Summary
from search_space.metrics import Better, CountFormat


@dataclass(frozen=True, slots=True)
class Measured:
    """A variant's figure over its seeds.

    Attributes:
        variant: its id.
        label: what people call it.
        planned: how many seeds the study plans.
        values: the figure by seed, of complete trials.
        summary: mean, sample deviation and range of the values.
        interval: Student's t interval for the mean; None with fewer than two seeds.
        lack: which seeds have no value and why, in words; None if all have one.
        image_seeds: the seeds whose figure is known image by image, on the images of the comparison.
        image_mean: the mean figure of those seeds; None if there are none.
        image_lack: which of the complete seeds are not among them and why, in words.
        runs: ids of the runs behind the values.
    """

    variant: str
    label: str
    planned: int
    values: Mapping[int, float]
    summary: Summary
    interval: Interval | None
    lack: str | None
    image_seeds: tuple[int, ...]
    image_mean: float | None
    image_lack: str | None
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A variant against the one that all are compared with. What cannot be told is None, and a `_reason` says why.

    Attributes:
        measured: the variant.
        value: the difference of the means over seeds.
        over_seeds: its t test: training variance.
        p_seeds: p of that test after Holm's correction over the table.
        detectable: the smallest true difference that these seeds would find with a power of 80%, at their deviation
            and at the level that Holm's correction leaves the smallest p value of the table.
        effect: Cohen's d, Hedges' g, d_z.
        over_images: the paired bootstrap over validation images: image sampling, not training variance.
        p_images: p of that bootstrap after Holm's correction over the table.
        over_both: the hierarchical bootstrap over seeds and images.
    """

    measured: Measured
    value: float | None
    over_seeds: SeedDifference | None
    seeds_reason: str | None
    p_seeds: float | None
    detectable: float | None
    effect: EffectSize
    over_images: Resampled | None
    images_reason: str | None
    p_images: float | None
    over_both: Resampled | None
    both_reason: str | None


@dataclass(frozen=True, slots=True)
class Significance:
    """Every variant of a study against one of them, by one metric.

    Attributes:
        study: its name.
        title: its title.
        scale: the scale of its trials.
        data: versions of its data sets.
        metric: the metric's name.
        header: what stands above its column.
        description: what it measures.
        format: how its numbers are printed.
        better: which direction is better.
        against: the variant that the others are compared with.
        compared: the others, in the study's order.
        images: how many validation images the bootstrap draws from; None if no figure is known image by image.
        level: of all intervals, in percent.
        resamples: of the bootstrap: those asked for, or more where the number of comparisons needs more.
        seed: of its random numbers.
        asked: the resamples that were asked for.
    """

    study: str
    title: str
    scale: str
    data: tuple[str, ...]
    metric: str
    header: str
    description: str
    format: CountFormat
    better: Better
    against: Measured
    compared: tuple[Compared, ...]
    images: int | None
    level: float
    resamples: int
    seed: int
    asked: int

    @property
    def tests_over_seeds(self) -> int:
        """How many comparisons Holm's correction over seeds is made for."""
        return sum(each.p_seeds is not None for each in self.compared)

    @property
    def tests_over_images(self) -> int:
        """How many comparisons Holm's correction over images is made for."""
        return sum(each.p_images is not None for each in self.compared)


def as_plain(significance: Significance) -> dict[str, Any]:
    """The comparison as mappings, lists and numbers, ready for JSON; what is not there is None, never nan."""
    plain: dict[str, Any] = _without_nan(asdict(significance))
    return plain


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
