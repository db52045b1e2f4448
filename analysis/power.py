"""What a number of seeds could have shown at all."""

from __future__ import annotations

import functools

from scipy import optimize, stats


def detectable(std_error: float, df: float, power: float = 0.8, level: float = 95.0) -> float:
    """The smallest true difference that a two-sided t test would find with this power.

    The test statistic then follows the noncentral t distribution; the chance of finding the difference with the wrong
    sign, below 10⁻⁵ at any power above 50%, is left out. With n seeds in pairs whose differences deviate by s:
    3.26 s for n = 3, 1.68 s for n = 5, 0.94 s for n = 11.

    Args:
        std_error: of the difference, in its unit.
        df: degrees of freedom of the test, at least 1.
        power: the chance of finding it, above a half.
        level: 100 less the test's level of significance, in percent. For one of m comparisons, each shown only after
            Holm's correction, see `level_after_holm`.

    Source: J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. (1988), 2.4.
    """
    return _noncentrality(df, power, level) * std_error


def level_after_holm(level: float, comparisons: int) -> float:
    """The level at which a single one of several comparisons is tested where only it has a difference to find.

    The smallest of m p values is multiplied by m: it must lie below 1/m of the table's level of significance. Where
    others differ, too, Holm asks a little less of it.

    >>> level_after_holm(95.0, 10)
    99.5

    Args:
        level: of the table, in percent.
        comparisons: m, at least 1.
    """
    return 100.0 - (100.0 - level) / comparisons


@functools.lru_cache(maxsize=256)  # a table with the same seeds in every row asks for the same one
def _noncentrality(df: float, power: float, level: float) -> float:
    """How many standard errors the true difference must measure."""
    critical = float(stats.t.isf((1 - level / 100) / 2, df))
    return float(optimize.brentq(lambda centre: stats.nct.sf(critical, df, centre) - power, 0.0, 2 * critical + 3))
