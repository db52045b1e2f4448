"""What another sample of validation images, or of seeds, might have given: the bootstrap.

Images are drawn with replacement, as many as there are, and every trial is measured on the same draw: trials stay
paired image by image, and what makes an image hard for all of them falls out of their difference.

The draws are kept as counts of each image, so that a resample of all trials together is one product of matrices.
`scipy.stats.bootstrap` would draw anew for every pair of variants; the tests compare the two.

Sources: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), chapters 8, 13 and 16; A. C. Davison and
D. V. Hinkley, Bootstrap Methods and their Application (1997), 3.8 (data of two levels) and 4.4 (p values).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.interval import Interval

Floats = npt.NDArray[np.float64]

MOST_RESAMPLES = 1_000_000
"""More draws tell nothing more: at p = 0.05 they leave an error of 0.0002."""

_FIGURES_AT_MOST = 250_000_000  # of all trials on all resamples: 2 GB
_DRAWS_AT_ONCE = 1_500_000  # drawn images held in memory: some 40 MB
_EXACT_IN_SINGLE = 2**24  # whole numbers up to this one are exact in single precision
_IMAGES, _SEEDS, _SEEDS_OF_THE_OTHER = range(3)  # independent streams of random numbers of one seed


@dataclass(frozen=True, slots=True)
class Resampled:
    """A difference with what its resamples say.

    Attributes:
        value: the difference as it was measured.
        interval: percentiles of its resamples.
        p: twice the share of resamples on the rarer side of zero, zero itself on both: the level at which the interval
            would just reach zero. At least 2 / (samples + 1).
        samples: the resamples that have a number.
        turned: how many of them have the rarer of the two signs.
        vanished: how many are zero.
    """

    value: float
    interval: Interval
    p: float
    samples: int
    turned: int
    vanished: int


def enough_resamples(comparisons: int, level: float = 95.0) -> int:
    """How many resamples let a p value fall below a level after Holm's correction over so many comparisons.

    The smallest p of R resamples is 2 / (R + 1), and Holm multiplies it by the number of comparisons. With twice as
    many as that takes, a difference of which no resample changes the sign ends at half the level.

    >>> enough_resamples(67)
    5360

    Args:
        comparisons: of one table.
        level: 100 less the level of significance, in percent.
    """
    return math.ceil(round(400 * comparisons / (100 - level), 6))


def most_resamples(trials: int) -> int:
    """How many resamples of so many trials fit into memory, `MOST_RESAMPLES` at most."""
    return min(MOST_RESAMPLES, _FIGURES_AT_MOST // max(1, trials))


def resample_images(hits: Floats, counts: Floats, resamples: int, seed: int) -> Floats:
    """The figure of each of T trials on each of R samples of the N images.

    A figure is 100 times the mean over G groups of joints of (sum of hits over images) / (sum of counts over images),
    see `analysis.image_errors`; a group without a count in a sample is left out of the mean, and nan where no group has
    one.

    Args:
        hits: T x N x G.
        counts: N x G, the same for all trials.
        resamples: R.
        seed: of the random numbers; the same draws for the same N and R, whatever T and G.

    Returns:
        R x T.
    """
    trials, images, groups = hits.shape
    summands = np.concatenate([hits.transpose(1, 0, 2).reshape(images, trials * groups), counts], axis=1)
    # Joints are counted: their sums are exact in single precision, which multiplies twice as fast.
    whole = bool((summands == np.rint(summands)).all()) and images * np.abs(summands).max() <= _EXACT_IN_SINGLE
    precision = np.float32 if whole else np.float64
    summands = summands.astype(precision)
    generator = np.random.default_rng([seed, _IMAGES])
    figures = np.empty((resamples, trials))
    at_once = max(1, min(resamples, _DRAWS_AT_ONCE // images))
    starts = np.arange(at_once)[:, None] * images
    for first in range(0, resamples, at_once):
        rows = min(at_once, resamples - first)
        drawn = generator.integers(0, images, (rows, images), dtype=np.int32) + starts[:rows]
        weights = np.bincount(drawn.ravel(), minlength=rows * images).reshape(rows, images).astype(precision)
        sums = (weights @ summands).astype(np.float64)
        figures[first : first + rows] = ratio_of_sums(
            sums[:, : trials * groups].reshape(rows, trials, groups), sums[:, None, trials * groups :]
        )
    return figures


def ratio_of_sums(hits: Floats, counts: Floats) -> Floats:
    """100 times the mean over the last axis of hits / counts, without places of zero count; nan where all are."""
    known = np.broadcast_to(counts > 0, hits.shape)
    shares = np.divide(hits, counts, out=np.zeros_like(hits), where=known)
    groups = known.sum(axis=-1)
    total = np.asarray(100.0 * shares.sum(axis=-1))
    return np.asarray(np.divide(total, groups, out=np.full(total.shape, np.nan), where=groups > 0))


def over_images(variant: Floats, baseline: Floats, value: float, level: float = 95.0) -> Resampled:
    """The difference of two means over seeds under another sample of images; the seeds stay as they are.

    Image sampling, not training variance: what it says holds for these trained networks.

    Args:
        variant: R x S, what `resample_images` gave for its seeds.
        baseline: R x S', from the same draws.
        value: the difference as measured.
        level: of the interval, in percent.
    """
    return _resampled(variant.mean(axis=1) - baseline.mean(axis=1), value, level)


def over_seeds_and_images(
    variant: Floats, baseline: Floats, value: float, *, paired: bool, seed: int, level: float = 95.0
) -> Resampled:
    """The same with the seeds drawn, too, with replacement: the hierarchical bootstrap.

    Paired seeds (the columns of both sides in the same order) are drawn together, others each for themselves. Few seeds
    make it too narrow: drawing from n gives (n - 1) / n of their variance, and three values have only ten samples.

    Args:
        variant: R x S, what `resample_images` gave for its seeds.
        baseline: R x S', from the same draws.
        value: the difference as measured.
        paired: whether column and column have the same seed.
        seed: of the random numbers.
        level: of the interval, in percent.
    """
    own = _seed_weights(len(variant), variant.shape[1], seed, _SEEDS)
    other = own if paired else _seed_weights(len(baseline), baseline.shape[1], seed, _SEEDS_OF_THE_OTHER)
    return _resampled((variant * own).sum(axis=1) - (baseline * other).sum(axis=1), value, level)


def _seed_weights(resamples: int, seeds: int, seed: int, stream: int) -> Floats:
    """The share of each seed in each resample, R x S, drawn with replacement."""
    generator = np.random.default_rng([seed, stream, seeds])
    return generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds


def _resampled(differences: Floats, value: float, level: float) -> Resampled:
    """Percentiles and p value of the resampled differences; those without a number (no joint drawn) are left out."""
    known = differences[np.isfinite(differences)]
    tail = (1 - level / 100) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    below, above = int((known < 0).sum()), int((known > 0).sum())
    p = min(1.0, 2 * (1 + len(known) - max(below, above)) / (len(known) + 1))
    return Resampled(
        value=value,
        interval=Interval(float(low), float(high), level),
        p=p,
        samples=len(known),
        turned=min(below, above),
        vanished=len(known) - below - above,
    )
