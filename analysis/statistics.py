"""What several seeds say together: mean, deviation, difference to a baseline, whether a lead is more than noise.

Deviations are sample standard deviations over seeds (n - 1 in the denominator): the spread of trainings, neither a
standard error nor an interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np


@dataclass(frozen=True, slots=True)
class Summary:
    """Some values in short. All are nan for no values, and `std` for a single one."""

    n: int
    mean: float
    std: float
    median: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A variant's mean against the baseline's, with the deviation of that comparison (nan where it cannot be told).

    `paired` tells how the deviation came about, see `difference` and `ratio`.
    """

    value: float
    std: float
    paired: bool


@dataclass(frozen=True, slots=True)
class Printed:
    """A value and its deviation as a table prints them, rounded. No deviation: None; an exact value: zero."""

    value: Decimal
    std: Decimal | None


def summarise(values: Iterable[float]) -> Summary:
    """Mean, sample standard deviation, median and range of finite values.

    >>> summarise([1.0, 2.0, 4.0]).median
    2.0

    Raises:
        ValueError: for a value that is nan or infinite, of which no mean can be taken.
    """
    array = np.asarray(list(values), dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"only finite values have a mean and a deviation, not {array.tolist()}")
    if not len(array):
        return Summary(0, math.nan, math.nan, math.nan, math.nan, math.nan)
    std = float(array.std(ddof=1)) if len(array) > 1 else math.nan
    mean, median = float(array.mean()), float(np.median(array))
    return Summary(len(array), mean, std, median, float(array.min()), float(array.max()))


def difference(variant: Mapping[int, float], baseline: Mapping[int, float]) -> Comparison:
    """The difference of the two means, each over all of its own seeds.

    Its deviation: where both have the same two or more seeds, that of the differences seed by seed (`paired`), since a
    seed fixes the order of the images and their augmentation for both; else the root of the sum of the two variances,
    as for independent trainings; nan where either has a single seed.

    Args:
        variant: value by seed.
        baseline: value by seed.
    """
    own, other = summarise(variant.values()), summarise(baseline.values())
    value = own.mean - other.mean
    if variant.keys() == baseline.keys() and own.n > 1:
        return Comparison(value, summarise(variant[seed] - baseline[seed] for seed in variant).std, True)
    return Comparison(value, math.hypot(own.std, other.std), False)


def ratio(variant: Mapping[int, float], baseline: Mapping[int, float]) -> Comparison:
    """The variant's mean as a multiple of the baseline's, and the deviation of the ratios seed by seed.

    The deviation is nan where the two do not have the same two or more seeds; the value is nan where the baseline's
    mean is zero.

    Args:
        variant: value by seed.
        baseline: value by seed.
    """
    own, other = summarise(variant.values()), summarise(baseline.values())
    value = own.mean / other.mean if other.mean else math.nan
    if variant.keys() == baseline.keys() and own.n > 1 and all(baseline.values()):
        return Comparison(value, summarise(variant[seed] / baseline[seed] for seed in variant).std, True)
    return Comparison(value, math.nan, False)


def differ(values: Sequence[float], scale: Iterable[float] | None = None) -> bool:
    """Whether values differ by more than the rounding of numbers as large as those of `scale` (their own, if None).

    A deviation that is rounding alone would make any difference look certain. Fewer than two values do not differ.
    """
    if len(values) < 2:
        return False
    largest = max(map(abs, values if scale is None else scale))
    return max(values) - min(values) > 1e-9 * largest


def leads_beyond_noise(best: Printed, following: Printed) -> bool:
    """Whether the best is ahead of the next by more than each of their deviations.

    Judged on the rounded values, so that whoever reads the table can check it, and in decimals: 76.0 is not ahead of
    75.6 by more than 0.4. Never with a single seed on either side, where there is no deviation.
    """
    if best.std is None or following.std is None:
        return False
    return abs(best.value - following.value) > max(best.std, following.std)
