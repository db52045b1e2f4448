"""What a few seeds allow to say: intervals of a mean and of the difference of two, with the p value that belongs to it.

All of them take the values of single seeds for independent draws from a normal distribution: the noise of training. The
methods are scipy's.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.interval import Interval
from analysis.statistics import differ, difference, summarise


@dataclass(frozen=True, slots=True)
class SeedDifference:
    """The difference of two means over seeds, tested against none.

    Attributes:
        value: the first mean less the second.
        std_error: the standard error of that difference.
        df: degrees of freedom of Student's t (a fraction for Welch's test).
        interval: where the difference of the means of all trainings may lie.
        p: how often seeds alone would bring forth a difference at least as large if there were none (two-sided).
        paired: whether seed was compared with seed (paired t test); else Welch's test.
    """

    value: float
    std_error: float
    df: float
    interval: Interval
    p: float
    paired: bool


def mean_interval(values: Sequence[float], level: float = 95.0) -> Interval | None:
    """Student's t interval for the mean; None where the values have no spread to judge by: fewer than two, or all same.

    Args:
        values: one for each seed.
        level: in percent.
    """
    if not differ(values):
        return None
    low, high = stats.ttest_1samp(np.asarray(values, dtype=np.float64), 0.0).confidence_interval(level / 100)
    return Interval(float(low), float(high), level)


def seed_difference(
    variant: Mapping[int, float], baseline: Mapping[int, float], level: float = 95.0
) -> SeedDifference | None:
    """The difference of the mean of a variant to that of a baseline, with its interval and p value.

    Where both have the same two or more seeds it is the paired t test, as `analysis.statistics.difference` pairs them:
    a seed fixes the order of the images and their augmentation for both. Else it is Welch's test, which does not take
    the two deviations for equal.

    None where no test is possible: a single seed on either side, or no spread at all.

    Args:
        variant: value by seed.
        baseline: value by seed.
        level: of the interval, in percent.
    """
    n, m = len(variant), len(baseline)
    if min(n, m) < 2:
        return None
    paired = variant.keys() == baseline.keys()
    if paired:
        own, other = [variant[seed] for seed in sorted(variant)], [baseline[seed] for seed in sorted(variant)]
        if not differ([one - two for one, two in zip(own, other, strict=True)], (*own, *other)):
            return None
        test = stats.ttest_rel(own, other)
    else:
        own, other = list(variant.values()), list(baseline.values())
        if not differ(own) and not differ(other):
            return None
        with warnings.catch_warnings():
            # scipy warns of one side whose values are all the same; the other's spread is what then counts.
            warnings.simplefilter("ignore", RuntimeWarning)
            test = stats.ttest_ind(own, other, equal_var=False)
    low, high = test.confidence_interval(level / 100)
    told = difference(variant, baseline)
    own_error, other_error = (summarise(values).std / math.sqrt(len(values)) for values in (own, other))
    return SeedDifference(
        value=told.value,
        std_error=told.std / math.sqrt(n) if paired else math.hypot(own_error, other_error),
        df=float(test.df),
        interval=Interval(float(low), float(high), level),
        p=float(test.pvalue),
        paired=paired,
    )
