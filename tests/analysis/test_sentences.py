"""What is said of a comparison, word by word, and how its table prints in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from analysis.bootstrap import Resampled
from analysis.compared import Compared, Measured, Significance
from analysis.effect_size import effect_size
from analysis.interval import Interval
from analysis.intervals import mean_interval, seed_difference
from analysis.power import detectable, level_after_holm
from analysis.render import FORMATS, render
from analysis.sentences import sentences
from analysis.significance_table import to_table
from analysis.statistics import summarise
from analysis.table_model import Table


def measured(variant: str, values: tuple[float, ...], planned: int = 3, lack: str | None = None) -> Measured:
    by_seed = dict(enumerate(values))
    return Measured(
        variant=variant,
        label=variant.capitalize(),
        planned=planned,
        values=by_seed,
        summary=summarise(values),
        interval=mean_interval(values),
        lack=lack,
        image_seeds=tuple(by_seed),
        image_mean=summarise(values).mean if values else None,
        image_lack=None,
        runs=tuple(f"{variant}-{seed}" for seed in by_seed),
    )


def resampled(value: float, low: float, high: float, p: float, samples: int = 10_000) -> Resampled:
    """As many of the resamples have the rarer sign as give this p before Holm; none is zero."""
    turned = max(0, round(p * (samples + 1) / 2) - 1)
    return Resampled(value, Interval(low, high, 95), p, samples, turned, 0)


def compared(
    side: Measured, against: Measured, images: tuple[float, float, float], p_seeds: float, comparisons: int = 1
) -> Compared:
    test = seed_difference(side.values, against.values)
    low, high, p = images
    value = side.summary.mean - against.summary.mean
    return Compared(
        measured=side,
        value=value,
        over_seeds=test,
        seeds_reason=None if test else "one seed shows no variance of training",
        p_seeds=p_seeds if test else None,
        detectable=detectable(test.std_error, test.df, level=level_after_holm(95, comparisons)) if test else None,
        effect=effect_size(side.values, against.values),
        over_images=resampled(value, low, high, p),
        images_reason=None,
        p_images=p,
        over_both=resampled(value, low - 0.5, high + 0.5, p) if test else None,
        both_reason=None,
    )


@pytest.fixture
def significance() -> Significance:
    """Three variants: clearly better, about the same, and never trained to the end."""
    base = measured("base", (67.0, 67.4, 67.5))
    better = compared(measured("better", (75.7, 76.3, 76.6)), base, (7.95, 9.83, 0.0002), 0.0004, 2)
    like = compared(measured("like", (67.9, 67.2, 68.1)), base, (-0.61, 1.49, 0.41), 0.3824, 2)
    lost = measured("lost", (), lack="0 of 3 seeds: seeds 0, 1 and 2 failed: out of memory")
    none = replace(
        like, measured=replace(lost, image_mean=None), value=None, over_seeds=None, seeds_reason="no value of ‘Lost’",
        p_seeds=None, detectable=None, effect=effect_size({}, base.values), over_images=None,
        images_reason="no single images of ‘Lost’: failed", p_images=None, over_both=None, both_reason="none",
    )  # fmt: skip
    return Significance(
        "few", "Few", "tiny", ("synthetic-1",), "pckh", "PCKh", "PCKh@0.5", "percent", "max", base,
        (better, like, none), 2958, 95.0, 10_000, 0, 10_000,
    )  # fmt: skip


def test_word_by_word(significance: Significance) -> None:
    assert sentences(significance) == [
        "‘Lost’ has no PCKh: 0 of 3 seeds: seeds 0, 1 and 2 failed: out of memory.",
        "‘Better’ is 8.9 above ‘Base’ in PCKh (76.2 ± 0.5 against 67.3 ± 0.3), more than the variance of training over "
        "3 seeds explains (95% interval 8.4 to 9.4; paired t test, p < 0.001 after Holm over 2 comparisons).",
        "On other samples of the 2,958 validation images the difference of ‘Better’ to ‘Base’ keeps its sign (95% "
        "interval 8.0 to 9.8; paired bootstrap, p < 0.001 after Holm over 2 comparisons): this is image sampling, not "
        "training variance; with seeds drawn as well: 95% interval 7.5 to 10.3.",
        "3 seeds cannot show that ‘Like’ differs from ‘Base’ in PCKh: +0.4 (67.7 ± 0.5 against 67.3 ± 0.3; 95% "
        "interval −1.0 to 1.8; paired t test, p = 0.382 after Holm over 2 comparisons); they would show a difference "
        "from 2.6 on with a power of 80% after Holm over 2 comparisons.",
        "On other samples of the 2,958 validation images the difference of ‘Like’ to ‘Base’ may change its sign (95% "
        "interval −0.6 to 1.5; paired bootstrap, p = 0.410 after Holm over 2 comparisons): this is image sampling, not "
        "training variance; with seeds drawn as well: 95% interval −1.1 to 2.0.",
        "3 seeds show only differences that are large beside the variance of training: in PCKh those from 0.9 to 2.6 "
        "on, depending on the variant, with a power of 80% after Holm over 2 comparisons.",
    ]  # fmt: skip


def test_one_seed_claims_nothing(significance: Significance) -> None:
    base = measured("base", (67.0,), planned=1)
    better = compared(measured("better", (75.7,), planned=1), base, (7.95, 9.83, 0.0002), 1.0)
    said = sentences(replace(significance, against=base, compared=(better,)))
    assert said == [
        "‘Better’ is 8.7 above ‘Base’ in PCKh (75.7 against 67.0); one seed shows no variance of training.",
        "On other samples of the 2,958 validation images the difference of ‘Better’ to ‘Base’ keeps its sign (95% "
        "interval 8.0 to 9.8; paired bootstrap, p < 0.001): this is image sampling, not training variance.",
        "Of one seed the variance of training is not known: more seeds tell whether a difference is chance.",
    ]


def test_many_seeds_need_no_warning(significance: Significance) -> None:
    base = measured("base", (67.0, 67.4, 67.5, 67.1, 67.3), planned=5)
    better = compared(measured("better", (75.7, 76.3, 76.6, 76.0, 76.2), planned=5), base, (8, 9, 0.01), 0.001)
    said = sentences(replace(significance, against=base, compared=(better,)))
    assert len(said) == 2
    assert "large beside" not in " ".join(said)


@pytest.mark.parametrize(
    ("p", "turned", "vanished", "said"),
    [
        # Of 1,000 resamples none has another sign: p is 2 / 1001, and Holm over 67 comparisons makes it 0.134.
        (67 * 2 / 1001, 0, 0, "kept its sign in all 1,000 samples; too few samples for p below 0.05 after Holm (95%"),
        (24 * 2 / 1001, 0, 0, "keeps its sign (95%"),
        (67 * 4 / 1001, 1, 0, "may change its sign (95%"),
        (67 * 4 / 1001, 0, 1, "may vanish, but changed its sign in none of 1,000 samples (95%"),
        (67 * 4 / 1001, 1, 1, "may change its sign (95%"),
    ],
)
def test_no_change_of_sign_that_no_resample_showed(
    p: float, turned: int, vanished: int, said: str, significance: Significance
) -> None:
    better, like, _ = significance.compared
    images = Resampled(8.9, Interval(7.95, 9.83, 95), 2 * (1 + turned + vanished) / 1001, 1000, turned, vanished)
    found = replace(significance, compared=(replace(better, over_images=images, p_images=p), like), resamples=1000)
    sentence = next(each for each in sentences(found) if each.startswith("On other samples"))
    assert f"the difference of ‘Better’ to ‘Base’ {said}" in sentence


@pytest.mark.parametrize(("turned", "said"), [(0, "No sample of the"), (5, "On other samples of the")])
def test_no_sample_tells_them_apart_only_where_none_does(turned: int, said: str, significance: Significance) -> None:
    like = significance.compared[1]
    images = Resampled(0.0, Interval(0, 0, 95), 1.0, 1000, turned, 1000 - 2 * turned)
    alone = replace(significance, compared=(replace(like, over_images=images, p_images=1.0),))
    assert [each.startswith(said) for each in sentences(alone) if "validation images" in each] == [True]


def test_nothing_to_compare(significance: Significance) -> None:
    assert sentences(replace(significance, compared=())) == ["The study has no other variant to compare with ‘Base’."]


def texts(table: Table, row: str) -> dict[str, str]:
    cells = next(each.cells for each in table.rows if each.id == row)
    return {head.key: cell.text for head, cell in zip(table.columns, cells, strict=True)}


def test_the_table(significance: Significance) -> None:
    table = to_table(significance)
    assert texts(table, "better") == {
        "pckh": "76.2 ± 0.5", "minimum": "75.7", "maximum": "76.6", "n": "3", "difference": "+8.9 [8.4, 9.4]",
        "p_seeds": "<0.001", "hedges_g": "18.98", "images": "[8.0, 9.8]", "p_images": "<0.001", "both": "[7.5, 10.3]",
    }  # fmt: skip
    assert texts(table, "lost") == {**dict.fromkeys(texts(table, "better"), "—"), "n": "0/3"}
    assert [row.baseline for row in table.rows] == [True, False, False, False]
    groups = {head.key: head.group for head in table.columns}
    assert groups["difference"] == groups["p_seeds"] == groups["hedges_g"] == "over seeds"
    assert (groups["images"], groups["both"], groups["n"]) == ("over images", "over both", None)
    general = " ".join(note.text for note in table.notes if note.mark is None)
    assert "Over seeds: training variance (paired t test)." in general
    assert (
        "Over images: image sampling, not training variance (paired bootstrap of 2,958 validation images, 10,000 "
        "resamples)." in general
    )
    assert "p: two-sided, after Holm over 2 comparisons." in general


def test_the_table_in_detail(significance: Significance) -> None:
    shown = texts(to_table(significance, detail=True), "like")
    assert shown["mean_interval"] == "[66.6, 68.9]"
    assert (shown["p_seeds"], shown["p_seeds_alone"]) == ("0.382", "0.318")
    assert (shown["cohens_d"], shown["dz"], shown["detectable"]) == ("1.13", "0.76", "2.6")
    notes = [note.text for note in to_table(significance, detail=True).notes]
    assert (
        "Detectable: the smallest true difference that these seeds would find with a power of 80% after Holm over 2 "
        "comparisons."
    ) in notes
    alone = to_table(replace(significance, compared=significance.compared[:1]), detail=True)
    assert any(note.text.endswith("would find with a power of 80%.") for note in alone.notes)


def test_a_table_that_needed_more_resamples_says_so(significance: Significance) -> None:
    drawn = to_table(replace(significance, resamples=5360, asked=1000))
    said = "2,958 validation images, 5,360 resamples, not 1,000: p after Holm over 2 comparisons needs more)."
    assert any(note.text.endswith(said) for note in drawn.notes)


@pytest.mark.parametrize("detail", [False, True])
@pytest.mark.parametrize("format", [each for each in FORMATS if each not in ("csv", "json")])
def test_every_format_prints_it(format: str, detail: bool, significance: Significance) -> None:
    table = to_table(significance, detail=detail)
    text = render(table, format, width=250) if format == "terminal" else render(table, format)
    assert re.search(r"\+8\.9.{0,30}\[8\.4, 9\.4", text)
    assert re.search(r"\[8\.0, 9\.8", text)
    assert "Lost" in text
    assert ("detectable" in text) == detail


def test_machines_get_raw_bounds(significance: Significance) -> None:
    table = to_table(significance)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(render(table, "csv")))}
    interval = significance.compared[0].over_seeds.interval
    assert float(rows["better"]["difference_low"]) == interval.low
    assert float(rows["better"]["difference_high"]) == interval.high
    assert float(rows["better"]["p_images"]) == 0.0002
    assert rows["lost"]["difference"] == rows["base"]["difference_low"] == ""
    cells = json.loads(render(table, "json"))["rows"][1]["cells"]
    assert (cells["images"]["low"], cells["images"]["high"]) == (7.95, 9.83)
