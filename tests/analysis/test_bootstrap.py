"""The bootstrap against cases that can be computed, against scipy's, and by what must not change it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from analysis.bootstrap import (
    _SEEDS,
    _SEEDS_OF_THE_OTHER,
    Floats,
    _seed_weights,
    enough_resamples,
    most_resamples,
    over_images,
    over_seeds_and_images,
    ratio_of_sums,
    resample_images,
)

HITS = arrays.arrays(np.float64, (4, 12, 2), elements=st.integers(0, 3).map(float))


def found(probability: float, images: int, trials: int, seed: int = 0) -> Floats:
    """Hits T x N x 1 of one joint in each image."""
    generator = np.random.default_rng(seed)
    return (generator.random((trials, images, 1)) < probability).astype(np.float64)


def ones(images: int) -> Floats:
    return np.ones((images, 1))


def test_ratio_of_sums() -> None:
    hits, counts = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[4.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert ratio_of_sums(hits, counts) == pytest.approx([87.5, np.nan], nan_ok=True)


def test_two_images_in_all_their_samples() -> None:
    """Of two images each is drawn twice in a quarter of the samples, and both in half of them."""
    hits = np.array([[[1.0], [0.0]]])
    counts = np.array([[1.0], [3.0]])
    figures = resample_images(hits, counts, 8000, seed=0)[:, 0]
    values, times = np.unique(figures, return_counts=True)
    assert values == pytest.approx([0.0, 25.0, 100.0])  # 0 of 6, 1 of 4, 2 of 2
    assert times / 8000 == pytest.approx([0.25, 0.5, 0.25], abs=0.02)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_binomial(probability: float) -> None:
    """One joint in each image: the deviation is that of a binomial share, √(p (1 - p) / N)."""
    hits = found(probability, 400, 1)
    figures = resample_images(hits, ones(400), 10_000, seed=1)[:, 0]
    share = hits.mean()
    assert figures.mean() == pytest.approx(100 * share, abs=0.1)
    assert figures.std() == pytest.approx(100 * (share * (1 - share) / 400) ** 0.5, rel=0.03)


def test_paired_binomial() -> None:
    """Two trials that differ in b and c of N images: McNemar's variance, (b + c - (b - c)² / N) / N²."""
    one, other = found(0.6, 500, 1, seed=2)[0], found(0.5, 500, 1, seed=3)[0]
    figures = resample_images(np.stack([one, other]), ones(500), 10_000, seed=4)
    b, c = ((one > other).sum(), (other > one).sum())
    expected = 100 * ((b + c - (b - c) ** 2 / 500) ** 0.5) / 500
    assert (figures[:, 0] - figures[:, 1]).std() == pytest.approx(expected, rel=0.03)


def test_as_scipy_has_it() -> None:
    generator = np.random.default_rng(5)
    counts = generator.integers(1, 15, (300, 1)).astype(np.float64)
    one, other = (generator.binomial(counts.astype(int), share).astype(np.float64) for share in (0.62, 0.58))

    def difference(a: Floats, b: Floats, c: Floats, axis: int) -> Floats:
        return 100 * (a.sum(axis=axis) - b.sum(axis=axis)) / c.sum(axis=axis)

    columns = one[:, 0], other[:, 0], counts[:, 0]
    theirs = stats.bootstrap(
        columns, difference, paired=True, vectorized=True, n_resamples=20_000, method="percentile", batch=2000,
        rng=np.random.default_rng(6),
    )  # fmt: skip
    bca = stats.bootstrap(
        columns, difference, paired=True, vectorized=True, n_resamples=20_000, method="BCa", batch=2000,
        rng=np.random.default_rng(7),
    )  # fmt: skip
    figures = resample_images(np.stack([one, other]), counts, 20_000, seed=8)
    value = float(difference(*columns, axis=0))
    ours = over_images(figures[:, :1], figures[:, 1:], value)
    ends = (ours.interval.low, ours.interval.high)
    tolerance = 0.06 * (ours.interval.high - ours.interval.low)
    assert ends == pytest.approx(tuple(theirs.confidence_interval), abs=tolerance)
    # For such ratios the bias-corrected and accelerated interval is the same but for noise.
    assert ends == pytest.approx(tuple(bca.confidence_interval), abs=tolerance)


def test_p_is_that_of_the_normal_distribution_for_many_images() -> None:
    one, other = found(0.50, 2000, 1, seed=9)[0], found(0.50, 2000, 1, seed=10)[0]
    figures = resample_images(np.stack([one, other]), ones(2000), 10_000, seed=11)
    value = 100 * float(one.mean() - other.mean())
    told = over_images(figures[:, :1], figures[:, 1:], value)
    z = value / (figures[:, 0] - figures[:, 1]).std()
    assert told.p == pytest.approx(2 * stats.norm.sf(abs(z)), abs=0.03)


def test_no_difference() -> None:
    figures = resample_images(found(0.5, 50, 1), ones(50), 200, seed=0)
    told = over_images(figures, figures, 0.0)
    assert (told.interval.low, told.interval.high, told.p) == (0.0, 0.0, 1.0)


def test_the_smallest_p() -> None:
    hits = np.stack([np.ones((20, 1)), np.zeros((20, 1))])
    figures = resample_images(hits, ones(20), 999, seed=0)
    told = over_images(figures[:, :1], figures[:, 1:], 100.0)
    assert told.p == pytest.approx(2 / 1000)
    assert (told.samples, told.turned, told.vanished) == (999, 0, 0)


def test_signs_are_counted() -> None:
    """Of ten resamples one is below zero, two are zero and one has no number: p is 2 (1 + 3) / (9 + 1)."""
    differences = np.array([[-1.0], [0.0], [0.0], [1.0], [1.0], [1.0], [2.0], [2.0], [3.0], [np.nan]])
    for sign in (1, -1):
        told = over_images(sign * differences, np.zeros_like(differences), sign * 1.0)
        assert (told.samples, told.turned, told.vanished, told.p) == (9, 1, 2, pytest.approx(0.8))


@pytest.mark.parametrize(("comparisons", "enough"), [(1, 80), (12, 960), (13, 1040), (67, 5360), (125, 10_000)])
def test_enough_resamples_for_holm(comparisons: int, enough: int) -> None:
    """The smallest p that so many resamples can give, times the comparisons, is half the level."""
    assert enough_resamples(comparisons) == enough
    assert comparisons * 2 / (enough + 1) == pytest.approx(0.025, rel=0.02)
    assert enough_resamples(comparisons, 99.0) == 5 * enough


@pytest.mark.parametrize(("trials", "most"), [(0, 1_000_000), (250, 1_000_000), (1000, 250_000), (25_000, 10_000)])
def test_as_many_resamples_as_memory_holds(trials: int, most: int) -> None:
    assert most_resamples(trials) == most


@pytest.mark.parametrize("level", [80.0, 95.0])
def test_p_and_interval_agree(level: float) -> None:
    """The interval holds zero exactly where p is not below its level, but for the resamples at its very end."""
    for seed in range(12):
        hits = found(0.5, 120, 2, seed)
        figures = resample_images(hits, ones(120), 1000, seed)
        told = over_images(figures[:, :1], figures[:, 1:], 100 * float(hits[0].mean() - hits[1].mean()), level)
        if abs(told.p - (1 - level / 100)) > 0.02:
            assert (0 in told.interval) == (told.p > 1 - level / 100)


def test_coverage() -> None:
    """In about 95 of 100 samples of images the interval holds the difference in all images."""
    hits, repetitions = 0, 250
    generator = np.random.default_rng(12)
    for repetition in range(repetitions):
        hard = generator.uniform(-0.3, 0.3, (150, 1))  # what makes an image hard makes it so for both
        both = np.stack([generator.random((150, 1)) < share + hard for share in (0.6, 0.5)]).astype(np.float64)
        figures = resample_images(both, ones(150), 400, repetition)
        value = 100 * float(both[0].mean() - both[1].mean())
        hits += 10.0 in over_images(figures[:, :1], figures[:, 1:], value).interval
    assert 0.91 <= hits / repetitions <= 0.98


def test_false_alarms() -> None:
    """Of two variants that are equally good one in twenty seems to differ."""
    alarms, repetitions = 0, 250
    for repetition in range(repetitions):
        both = found(0.5, 150, 2, seed=100 + repetition)
        figures = resample_images(both, ones(150), 400, repetition)
        value = 100 * float(both[0].mean() - both[1].mean())
        alarms += over_images(figures[:, :1], figures[:, 1:], value).p < 0.05
    assert 0.015 <= alarms / repetitions <= 0.09


@pytest.mark.parametrize("paired", [True, False])
def test_seeds_alone(paired: bool) -> None:
    """Where images do not vary, drawing n seeds gives (n - 1) / n of the squared standard error of their mean."""
    own, other = np.array([60.0, 62.0, 67.0]), np.array([50.0, 51.0, 58.0])
    figures = np.tile(np.concatenate([own, other]), (20_000, 1))
    told = over_seeds_and_images(figures[:, :3], figures[:, 3:], 10.0, paired=paired, seed=0)
    variance = (own - other).var() / 3 if paired else own.var() / 3 + other.var() / 3
    drawn = own @ _seed_weights(20_000, 3, 0, _SEEDS).T
    second = _SEEDS if paired else _SEEDS_OF_THE_OTHER
    drawn = drawn - other @ _seed_weights(20_000, 3, 0, second).T
    assert drawn.var() == pytest.approx(variance, rel=0.05)
    assert (told.interval.low, told.interval.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_both_levels_are_wider_than_images_alone() -> None:
    generator = np.random.default_rng(13)
    shares = np.array([0.60, 0.66, 0.63, 0.50, 0.54, 0.46])
    hits = (generator.random((6, 400, 1)) < shares[:, None, None]).astype(np.float64)
    figures = resample_images(hits, ones(400), 5000, seed=0)
    value = 100 * float(hits[:3].mean() - hits[3:].mean())
    images = over_images(figures[:, :3], figures[:, 3:], value)
    for paired in (True, False):
        both = over_seeds_and_images(figures[:, :3], figures[:, 3:], value, paired=paired, seed=0)
        assert both.value == images.value
        assert both.interval.low < images.interval.low
        assert both.interval.high > images.interval.high


def test_an_image_without_a_joint_does_not_count() -> None:
    hits = np.array([[[1.0], [0.0]]])
    counts = np.array([[1.0], [0.0]])
    figures = resample_images(hits, counts, 1000, seed=0)
    assert np.isnan(figures).mean() == pytest.approx(0.25, abs=0.05)  # the other image, drawn twice
    told = over_images(figures, np.zeros_like(figures), 100.0)
    assert (told.interval.low, told.interval.high) == (100.0, 100.0)


@settings(max_examples=25)
@given(HITS)
def test_the_order_of_trials_does_not_matter(hits: Floats) -> None:
    counts = np.full((12, 2), 3.0)
    assert np.array_equal(
        resample_images(hits[::-1], counts, 60, seed=3)[:, ::-1], resample_images(hits, counts, 60, seed=3)
    )


@settings(max_examples=25)
@given(HITS)
def test_what_both_gain_does_not_show(hits: Floats) -> None:
    counts = np.full((12, 2), 7.0)
    gained = hits + np.arange(12.0)[:, None] / 3  # more in some images than in others
    before, after = (resample_images(each, counts, 60, seed=3) for each in (hits, gained))
    plain, moved = (over_images(each[:, :2], each[:, 2:], 0.0) for each in (before, after))
    assert (moved.interval.low, moved.interval.high) == pytest.approx((plain.interval.low, plain.interval.high))


def test_the_same_seed_gives_the_same_numbers() -> None:
    hits = found(0.5, 80, 4)
    one, again, other = (resample_images(hits, ones(80), 300, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    told = [over_seeds_and_images(one[:, :2], one[:, 2:], 0.0, paired=True, seed=seed) for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


def test_many_images_in_blocks() -> None:
    """So many images that not all resamples fit at once: nothing is lost at the edges of the blocks."""
    hits = np.linspace(0, 1, 400_000)[None, :, None]
    figures = resample_images(hits, ones(400_000), 10, seed=0)
    assert figures.shape == (10, 1)
    assert figures[:, 0] == pytest.approx(np.full(10, 50.0), abs=0.5)
    assert len(np.unique(figures)) == 10


def test_whole_numbers_are_exact_in_single_precision() -> None:
    """Counted joints are summed in single precision, other numbers in double: both come to the same."""
    hits = np.random.default_rng(3).integers(0, 15, (3, 2958, 1)).astype(np.float64)
    counted = resample_images(hits, np.full((2958, 1), 14.0), 200, seed=0)
    measured = resample_images(hits / 3, np.full((2958, 1), 14.0), 200, seed=0)
    assert 3 * measured == pytest.approx(counted, rel=1e-12)


@pytest.mark.slow
def test_ten_thousand_resamples_of_mpii() -> None:
    """About half a second; the limit leaves room for a machine that does other things."""
    generator = np.random.default_rng(0)
    hits = generator.integers(0, 15, (6, 2958, 1)).astype(np.float64)
    begin = time.perf_counter()
    resample_images(hits, np.full((2958, 1), 14.0), 10_000, seed=0)
    assert time.perf_counter() - begin < 5
