"""Effect sizes and power against published values, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.effect_size import effect_size, hedges_correction
from analysis.power import detectable, level_after_holm

SEEDS = st.dictionaries(st.integers(0, 4), st.integers(-100, 100).map(float), min_size=2)


def test_one_pooled_deviation_apart() -> None:
    told = effect_size({0: 3.0, 1: 5.0, 2: 7.0}, {0: 2.0, 1: 1.0, 2: 6.0})
    # means 5 and 3; variances 4 and 7, pooled 5.5; differences 1, 4, 1: mean 2, deviation √3
    assert told.d == pytest.approx(2 / 5.5**0.5)
    assert told.g == pytest.approx(2 / 5.5**0.5 * 0.7978846)
    assert told.dz == pytest.approx(2 / 3**0.5)


def test_sleep() -> None:
    # Student's sleep data, -1.58 apart: d = 0.832 and d_z = 1.285 are in every textbook that has them.
    first = dict(enumerate([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]))
    second = dict(enumerate([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]))
    told = effect_size(second, first)
    assert (told.d, told.dz) == pytest.approx((0.832, 1.285), abs=5e-4)


@pytest.mark.parametrize(
    ("df", "factor"),
    [
        (2, 1 / math.pi**0.5),  # Γ(1) / Γ(1/2)
        (3, math.pi**0.5 / 6**0.5),  # Γ(3/2) / (√(3/2) Γ(1))
        (4, (2 / math.pi) ** 0.5),  # Γ(2) / (√2 Γ(3/2))
        (6, 8 / (27 * math.pi) ** 0.5),  # Γ(3) / (√3 Γ(5/2))
    ],
)
def test_hedges_correction(df: int, factor: float) -> None:
    assert hedges_correction(df) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("df", [10, 50, 1000])
def test_hedges_approximation(df: int) -> None:
    """The approximation that Hedges (1981) gives."""
    assert hedges_correction(df) == pytest.approx(1 - 3 / (4 * df - 1), abs=4e-4)


@pytest.mark.parametrize("df", [-1, 0, 1])
def test_no_correction_without_a_mean(df: int) -> None:
    assert hedges_correction(df) is None


def test_without_bias() -> None:
    """With three values on each side d is a quarter too large on average, g is not."""
    generator = np.random.default_rng(0)
    told = [
        effect_size(dict(enumerate(generator.normal(2, 1, 3))), dict(enumerate(generator.normal(0, 1, 3))))
        for _ in range(3000)
    ]
    assert np.mean([each.d for each in told]) == pytest.approx(2 * 1.2533, rel=0.05)
    assert np.mean([each.g for each in told]) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(
    ("variant", "baseline", "known"),
    [
        ({0: 1.0}, {0: 2.0}, (False, False, False)),
        ({0: 1.0, 1: 2.0}, {0: 3.0}, (True, False, False)),
        ({0: 1.0, 1: 2.0}, {2: 3.0, 3: 5.0}, (True, True, False)),
        ({0: 1.0, 1: 2.0}, {0: 3.0, 1: 4.0}, (True, True, False)),  # one difference for both seeds
        ({0: 1.0, 1: 1.0}, {0: 4.0, 1: 4.0}, (False, False, False)),
        ({0: 42.9, 1: 43.1, 2: 42.3}, {0: 34.0, 1: 34.2, 2: 33.4}, (True, True, False)),  # one but for rounding
        ({}, {0: 1.0, 1: 2.0}, (False, False, False)),
        ({}, {}, (False, False, False)),
    ],
)
def test_what_cannot_be_told(variant, baseline, known: tuple[bool, bool, bool]) -> None:
    told = effect_size(variant, baseline)
    assert tuple(value is not None for value in (told.d, told.g, told.dz)) == known


@given(SEEDS, SEEDS, st.integers(-50, 50), st.sampled_from([0.5, 2.0, 8.0]))
def test_free_of_the_unit(one: dict[int, float], other: dict[int, float], shift: int, scale: float) -> None:
    plain = effect_size(one, other)
    changed = effect_size(
        {seed: scale * (value + shift) for seed, value in one.items()},
        {seed: scale * (value + shift) for seed, value in other.items()},
    )
    for before, after in ((plain.d, changed.d), (plain.g, changed.g), (plain.dz, changed.dz)):
        assert (before is None) == (after is None)
        if before is not None:
            assert after == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "sides", "effect"),
    [
        (34, 1, 0.5),  # Cohen's tables: 34 pairs find d_z = 0.5 with a power of 80%,
        (64, 2, 0.5),  # 64 on each side d = 0.5,
        (26, 2, 0.8),  # and 26 d = 0.8
    ],
)
def test_as_many_as_cohen_asks_for(n: int, sides: int, effect: float) -> None:
    enough = detectable((sides / n) ** 0.5, sides * (n - 1))
    too_few = detectable((sides / (n - 1)) ** 0.5, sides * (n - 2))
    assert enough <= effect < too_few


@pytest.mark.parametrize(("n", "deviations"), [(2, 11.55), (3, 3.26), (5, 1.68), (11, 0.94)])
def test_few_pairs(n: int, deviations: float) -> None:
    assert detectable(1 / n**0.5, n - 1) == pytest.approx(deviations, abs=0.005)


@pytest.mark.parametrize("comparisons", [1, 10, 67])
@pytest.mark.parametrize("df", [1.0, 1.3, 2.0, 4.0, 30.0])
def test_power_by_simulation(df: float, comparisons: int) -> None:
    """Found is what lies below 5% after its p value is multiplied by the number of comparisons."""
    from scipy import stats

    generator = np.random.default_rng(1)
    centre = detectable(1.0, df, level=level_after_holm(95.0, comparisons))
    t = (generator.standard_normal(200_000) + centre) / np.sqrt(generator.chisquare(df, 200_000) / df)
    assert np.mean(comparisons * 2 * stats.t.sf(np.abs(t), df) < 0.05) == pytest.approx(0.8, abs=0.005)


def test_in_the_unit_of_the_error() -> None:
    assert detectable(0.4, 2) == pytest.approx(0.4 * detectable(1.0, 2))
    assert detectable(1.0, 2, power=0.9) > detectable(1.0, 2) > detectable(1.0, 2, level=90)


def test_the_documented_table_of_power(request: pytest.FixtureRequest) -> None:
    """docs/statistics.md says from which difference on a number of seeds finds it, in deviations of the differences."""
    lines = (request.config.rootpath / "docs" / "statistics.md").read_text(encoding="utf-8").splitlines()
    rows = {
        comparisons: [cell.strip() for cell in next(line for line in lines if line.startswith(name)).split("|")[2:-1]]
        for comparisons, name in ((0, "| seeds |"), (1, "| one comparison |"), (10, "| 10 comparisons |"))
    }
    seeds = rows.pop(0)
    for comparisons, differences in rows.items():
        assert len(seeds) == len(differences) >= 4
        for n, said in zip(map(int, seeds), differences, strict=True):
            assert said == f"{detectable(1 / n**0.5, n - 1, level=level_after_holm(95.0, comparisons)):.1f} s"
