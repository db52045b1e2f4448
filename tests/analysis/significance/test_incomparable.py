"""What cannot be compared, or in part only: runs that are old, failed, damaged or of other data, and seeds too few."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.sentences import sentences
from analysis.significance import compare_variants, to_table
from search_space import InputError
from tests.analysis.significance.conftest import IMAGES, Kept, predictions, told


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


def test_predictions_that_lie_nowhere_are_not_called_untrained(kept, complete) -> None:
    plan, trials = complete()
    shutil.rmtree(kept.folder / "run-base_1")
    lack = compare_variants(plan, trials, kept.places, resamples=300).against.image_lack
    assert lack.startswith("seed 1 without predictions: its files are not in ")
    assert lack.endswith("was the record moved?")
