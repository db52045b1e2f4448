"""Comparisons of a hand-made record: over seeds, over images and over both, of complete trials."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.compared import as_plain
from analysis.intervals import seed_difference
from analysis.multiple import holm
from analysis.power import detectable
from analysis.sentences import sentences
from analysis.significance import COMPARABLE, compare_variants
from search_space import InputError
from tests.analysis.significance.conftest import IMAGES, Kept, predictions, told


def test_over_seeds_over_images_and_over_both(complete, kept: Kept) -> None:
    plan, trials = complete()
    found = compare_variants(plan, trials, kept.places)
    assert [each.measured.variant for each in found.compared] == ["better", "like", "other"]
    assert (found.against.variant, found.metric, found.images, found.resamples) == ("base", "pckh", IMAGES, 10_000)
    better = told(found, "better")
    values = {variant: {trial.seed: trial.metrics["pckh"] for trial in trials if trial.variant == variant}
              for variant in ("base", "better")}  # fmt: skip
    assert better.measured.values == values["better"]
    assert better.over_seeds == seed_difference(values["better"], values["base"])
    # Where every seed keeps its predictions the images give the very difference of the record.
    assert better.over_images.value == pytest.approx(better.value, abs=1e-9)
    assert better.value in better.over_images.interval
    assert better.p_images < 0.01
    assert 0 in told(found, "like").over_images.interval
    assert told(found, "other").value < 0
    for each in found.compared:
        assert each.over_both.interval.low < each.over_images.interval.high
        assert (each.seeds_reason, each.images_reason, each.both_reason) == (None, None, None)


def test_p_values_are_holms(complete, kept: Kept) -> None:
    plan, trials = complete()
    found = compare_variants(plan, trials, kept.places, resamples=500)
    assert [each.p_seeds for each in found.compared] == holm([each.over_seeds.p for each in found.compared])
    assert [each.p_images for each in found.compared] == holm([each.over_images.p for each in found.compared])


def test_as_many_resamples_as_holm_needs(complete, kept: Kept) -> None:
    """Three comparisons need 240: of 120 the smallest p would be 3 · 2 / 121, just below 0.05; of 100 above it."""
    plan, trials = complete()
    found = compare_variants(plan, trials, kept.places, resamples=100)
    assert (found.resamples, found.asked, found.tests_over_images) == (240, 100, 3)
    assert told(found, "better").over_images.samples == 240
    assert told(found, "better").p_images == pytest.approx(3 * 2 / 241)
    assert "keeps its sign" in " ".join(sentences(found))
    fewer = compare_variants(plan, [each for each in trials if each.variant != "like"], kept.places, resamples=100)
    assert (fewer.resamples, fewer.tests_over_images) == (160, 2)
    asked = compare_variants(plan, trials, kept.places, resamples=300)
    assert (asked.resamples, asked.asked) == (300, 300)
    over_seeds = compare_variants(plan, trials, kept.places, metric="seconds", resamples=100)
    assert over_seeds.resamples == 100  # nothing is drawn


def test_where_memory_holds_fewer_no_change_of_sign_is_claimed(
    complete, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, trials = complete()
    monkeypatch.setattr("analysis.bootstrap._FIGURES_AT_MOST", 110 * len(trials))
    found = compare_variants(plan, trials, kept.places, resamples=100)
    assert found.resamples == 110
    assert told(found, "better").p_images == pytest.approx(3 * 2 / 111)
    assert told(found, "better").over_images.turned == 0
    assert (
        "‘Better’ to ‘Base’ kept its sign in all 110 samples; too few samples for p below 0.05 after Holm"
        in " ".join(sentences(found))
    )
    with pytest.raises(InputError, match="--resamples 111: too many to be held in memory; take 110 or fewer"):
        compare_variants(plan, trials, kept.places, resamples=111)


def test_what_seeds_detect_is_after_holm(complete, kept: Kept) -> None:
    plan, trials = complete()
    for variants, level in ((3, 100 - 5 / 3), (1, 95.0)):
        some = trials if variants == 3 else [each for each in trials if each.variant in ("base", "better")]
        found = compare_variants(plan, some, kept.places, resamples=100)
        assert found.tests_over_seeds == variants
        test = told(found, "better").over_seeds
        assert told(found, "better").detectable == detectable(test.std_error, test.df, level=level)


def test_the_same_numbers_again_and_whatever_the_order(complete, kept: Kept) -> None:
    plan, trials = complete()
    one = compare_variants(plan, trials, kept.places, resamples=300, seed=4)
    assert one == compare_variants(plan, trials[::-1], kept.places, resamples=300, seed=4)
    other = compare_variants(plan, trials, kept.places, resamples=300, seed=5)
    assert told(one, "like").over_images != told(other, "like").over_images
    assert told(one, "like").over_seeds == told(other, "like").over_seeds


def test_against_another_variant(complete, kept: Kept) -> None:
    plan, trials = complete()
    base = compare_variants(plan, trials, kept.places, resamples=300)
    other = compare_variants(plan, trials, kept.places, resamples=300, against="better")
    assert [each.measured.variant for each in other.compared] == ["base", "like", "other"]
    assert told(other, "base").value == pytest.approx(-told(base, "better").value)
    there, back = told(other, "base").over_images.interval, told(base, "better").over_images.interval
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_a_metric_of_whole_trials_only(complete, kept: Kept) -> None:
    plan, trials = complete()
    found = compare_variants(plan, trials, kept.places, metric="seconds")
    assert found.images is None
    assert all(each.over_images is None and each.over_seeds is not None for each in found.compared)
    assert sentences(found)[-1] == "time is not computed image by image: nothing is known about other images."


def test_nme_comes_from_predictions_alone(complete, kept: Kept) -> None:
    plan, trials = complete(instead={"better/1": None})
    found = compare_variants(plan, trials, kept.places, metric="nme", resamples=300)
    errors = predictions("base", 0).errors()[:, [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]]
    assert found.against.values[0] == pytest.approx(100 * np.nanmean(errors))
    assert sorted(told(found, "better").measured.values) == [0, 2]
    assert told(found, "better").value < 0
    assert found.better == "min"
    assert any(
        text.startswith("‘Better’ is not complete: seed 1 recorded without predictions") for text in sentences(found)
    )


def test_every_comparable_metric_varies() -> None:
    assert "nme" in COMPARABLE
    assert not any(metric.counted for metric in COMPARABLE.values())


def test_plain_data_is_json(complete, kept: Kept) -> None:
    plan, trials = complete("7")
    found = compare_variants(plan, trials, kept.places, resamples=300)
    read = json.loads(json.dumps(as_plain(found), allow_nan=False))
    assert read["compared"][0]["over_images"]["interval"]["level"] == 95
    assert read["against"]["summary"]["std"] is None
    assert read["against"]["values"] == {"7": pytest.approx(found.against.values[7])}
