"""Comparisons of a hand-made record: some runs keep predictions, others are old, failed, damaged or of other data."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.compared import Significance, as_plain
from analysis.intervals import seed_difference
from analysis.multiple import holm
from analysis.power import detectable
from analysis.sentences import sentences
from analysis.significance import COMPARABLE, compare_variants, to_table
from runners.job import Places
from runners.planning import Plan
from runners.predictions import PREDICTIONS, Predictions
from runners.record.recorded import RecordedTrial
from search_space import InputError
from tasks.metrics import pckh

STUDY = """
study: few
title: Few
seeds: [{seeds}]
variants:
  - {{id: base, label: Base, baseline: true}}
  - {{id: better, label: Better, set: {{block.width: 1.0}}}}
  - {{id: like, label: Like, set: {{block.width: 0.25}}}}
  - {{id: other, label: Other, set: {{block.type: hierarchical}}}}
"""
SPREAD = {"base": 0.60, "better": 0.40, "like": 0.60, "other": 0.9}
IMAGES = 120

Compare = Callable[..., Significance]


def predictions(variant: str, seed: int, images: int = IMAGES, data: str = "synthetic-1") -> Predictions:
    """What a trial of this variant predicts: the same images for all, errors of its own."""
    truth = np.random.default_rng(0)
    target = truth.uniform(0, 200, (images, 16, 2)).astype(np.float32)
    visible = truth.random((images, 16)) < 0.9
    reference = truth.uniform(20, 40, images)
    own = np.random.default_rng([seed, *variant.encode()])
    noise = own.normal(0, SPREAD[variant] + 0.01 * own.normal(), target.shape) * reference[:, None, None]
    return Predictions((target + noise).astype(np.float32), target, visible, reference, data)


def figures(kept: Predictions) -> dict[str, float]:
    args = kept.predicted, kept.target, kept.reference, kept.visible
    report = pckh(*args)
    return {"pckh": report["total"], "pckh_mean14": report["mean14"], "seconds": 50.0 + report["total"] / 10}


class Kept:
    """A record of which only the place of each run's files is read: MLflow's table of runs."""

    def __init__(self, folder: Path) -> None:
        self.places = Places.below(folder)
        self.folder = folder / "files"
        folder.mkdir(exist_ok=True)
        with closing(sqlite3.connect(folder / "mlflow.db")) as connection, connection:
            connection.execute("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)")

    def keep(self, run: str, kept: Predictions | bytes | None) -> None:
        folder = self.folder / run.replace("/", "_")
        folder.mkdir(parents=True)
        with closing(sqlite3.connect(self.places.uri.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("INSERT INTO runs VALUES (?, ?)", [run, folder.as_uri()])
        if isinstance(kept, bytes):
            (folder / PREDICTIONS).write_bytes(kept)
        elif kept is not None:
            names = ("predicted", "target", "visible", "reference")
            arrays = {name: getattr(kept, name) for name in names}
            np.savez_compressed(folder / PREDICTIONS, **arrays, data_version=np.array(kept.data_version))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "runs")


@pytest.fixture
def complete(kept: Kept, make_plan: Any, record: Any) -> Callable[..., tuple[Plan, list[RecordedTrial]]]:
    """Makes a plan and a record in which every trial is complete and keeps its predictions, but for `instead`."""

    def make(
        seeds: str = "0, 1, 2", instead: Mapping[str, Predictions | bytes | None] | None = None
    ) -> tuple[Plan, list[RecordedTrial]]:
        plan = make_plan(STUDY.format(seeds=seeds))
        trials = []
        for trial in plan.trials:
            own = predictions(trial.variant.id, trial.seed)
            trials.append(record(plan, trial.name, metrics=figures(own)))
            kept.keep(f"run-{trial.name}", (instead or {}).get(trial.name, own))
        return plan, trials

    return make


def told(significance: Significance, variant: str) -> Any:
    return next(each for each in significance.compared if each.measured.variant == variant)


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


def test_trials_without_usable_predictions_are_named(complete, kept: Kept) -> None:
    strange = replace(predictions("like", 0), data_version="synthetic-2")
    plan, trials = complete(
        instead={
            "base/1": None,
            "better/0": b"no archive",
            "better/1": predictions("other", 1),
            "like/0": strange,
            "like/1": predictions("like", 1, images=50),
            "like/2": replace(predictions("like", 2), visible=np.zeros((IMAGES, 16), dtype=bool)),
        }
    )
    found = compare_variants(plan, trials, kept.places, resamples=300)
    assert found.against.image_lack == "seed 1 recorded without predictions; --fresh trains again"
    assert found.against.image_seeds == (0, 2)
    better = told(found, "better")
    assert better.measured.image_seeds == (2,)
    assert "seed 0 has predictions that cannot be used: " in better.measured.image_lack
    assert "seed 1 has predictions that give" in better.measured.image_lack
    assert better.over_images is not None
    assert better.over_both is None
    assert better.both_reason == "one seed shows no variance of training"
    assert better.over_seeds is not None  # the seeds of the record are all there
    like = told(found, "like")
    assert like.measured.image_lack == ("seeds 0 and 1 measured on other images; seed 2 has no annotated joint")
    assert like.over_images is None
    assert like.images_reason.startswith("no single images of ‘Like’: ")
    said = " ".join(sentences(found))
    assert "Nothing is known about other images: no single images of ‘Like’" in said
    assert "Image by image ‘Base’ is known only in part: seed 1 recorded without predictions" in said
    marks = {note.mark: note.text for note in to_table(found).notes if note.mark}
    assert any(text.startswith("over images 1 of 3 seeds: seed 0 has") for text in marks.values())


def test_unpaired_seeds(complete, kept: Kept) -> None:
    plan, trials = complete()
    fewer = [trial for trial in trials if (trial.variant, trial.seed) != ("better", 1)]
    found = compare_variants(plan, fewer, kept.places, resamples=300)
    better = told(found, "better")
    assert not better.over_seeds.paired
    assert better.measured.image_seeds == (0, 2)
    assert better.over_both is not None
    assert better.measured.lack == "2 of 3 seeds: seed 1 not trained yet"
    notes = " ".join(note.text for note in to_table(found).notes)
    assert "paired t test where both have the same seeds, else Welch's" in notes
    assert any(text.startswith("‘Better’ is not complete: 2 of 3 seeds") for text in sentences(found))


def test_one_seed(complete, kept: Kept) -> None:
    plan, trials = complete("7")
    found = compare_variants(plan, trials, kept.places, resamples=300)
    for each in found.compared:
        assert (each.over_seeds, each.p_seeds, each.detectable, each.over_both) == (None, None, None, None)
        assert (each.effect.d, each.effect.g, each.effect.dz) == (None, None, None)
        assert each.seeds_reason == "one seed shows no variance of training"
        assert each.over_images is not None
    said = sentences(found)
    assert (
        said[-1] == "Of one seed the variance of training is not known: more seeds tell whether a difference is chance."
    )
    assert said[0].endswith("; one seed shows no variance of training.")
    assert "±" not in " ".join(said)
    table = to_table(found)
    assert [cell.low for row in table.rows for head, cell in zip(table.columns, row.cells, strict=True)
            if head.key == "difference"] == [None] * 4  # fmt: skip


def test_failed_and_missing_trials_are_shown(complete, kept: Kept, record: Any) -> None:
    plan, trials = complete()
    some = [trial for trial in trials if trial.variant not in ("like", "other")]
    some.append(record(plan, "other/0", "failed", error="RuntimeError: out of memory"))
    found = compare_variants(plan, some, kept.places, resamples=300)
    assert (told(found, "like").value, told(found, "other").value) == (None, None)
    table = to_table(found)
    assert [row.id for row in table.rows] == ["base", "better", "like", "other"]
    texts = [note.text for note in table.notes if note.mark]
    assert "0 of 3 seeds: seeds 0, 1 and 2 not trained yet" in texts
    assert any("seed 0 failed: RuntimeError: out of memory" in text for text in texts)
    said = sentences(found)
    assert "‘Like’ has no PCKh: 0 of 3 seeds: seeds 0, 1 and 2 not trained yet." in said
    assert any(text.startswith("‘Other’ has no PCKh: 0 of 3 seeds: seed 0 failed") for text in said)
    assert told(found, "better").p_seeds == told(found, "better").over_seeds.p  # of one comparison nothing to correct
    assert "after Holm" not in " ".join(said)


def test_a_baseline_that_is_not_there_yet(complete, kept: Kept) -> None:
    plan, trials = complete()
    found = compare_variants(plan, [trial for trial in trials if trial.variant != "base"], kept.places, resamples=300)
    assert all(each.value is None and each.over_images is None for each in found.compared)
    assert sentences(found)[0] == "‘Base’ has no PCKh: 0 of 3 seeds: seeds 0, 1 and 2 not trained yet."
    nothing = compare_variants(plan, [], kept.places)
    assert nothing.images is None
    assert all(row.cells[0].text == "—" for row in to_table(nothing).rows)


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


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"metric": "pck"}, ("--metric pck", "unknown metric 'pck'", "did you mean 'pckh'?")),
        ({"metric": "params"}, ("--metric params", "the same for every seed", "hglab table")),
        ({"against": "bettr"}, ("--against bettr", "no variant 'bettr'", "did you mean 'better'?")),
        ({"resamples": 10}, ("--resamples 10", "too few")),
        ({"resamples": 1_000_001}, ("--resamples 1000001", "too many", "take 1000000 or fewer")),
        ({"resamples": 2_000_000_000}, ("--resamples 2000000000", "take 1000000 or fewer")),
    ],
)
def test_what_cannot_be_compared(options: dict[str, Any], parts: tuple[str, ...], complete, kept: Kept) -> None:
    plan, trials = complete("0")
    with pytest.raises(InputError) as error:
        compare_variants(plan, trials, kept.places, **options)
    for part in parts:
        assert part in str(error.value)


def test_a_study_without_a_baseline(make_plan: Any, kept: Kept) -> None:
    plan = make_plan("study: x\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]\ntable: {columns: [{n: true}]}\n")
    with pytest.raises(InputError, match="--against: the study 'x' has no baseline; name the variant to compare with"):
        compare_variants(plan, [], kept.places)
    assert compare_variants(plan, [], kept.places, against="b").against.variant == "b"


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


def test_predictions_that_lie_nowhere_are_not_called_untrained(kept, complete) -> None:
    plan, trials = complete()
    shutil.rmtree(kept.folder / "run-base_1")
    lack = compare_variants(plan, trials, kept.places, resamples=300).against.image_lack
    assert lack.startswith("seed 1 without predictions: its files are not in ")
    assert lack.endswith("was the record moved?")
