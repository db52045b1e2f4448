"""Whether variants differ by more than chance: over seeds, over validation images, and over both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.bootstrap import (
    Floats,
    Resampled,
    enough_resamples,
    most_resamples,
    over_images,
    over_seeds_and_images,
    resample_images,
)
from analysis.compared import Compared, Measured, Significance
from analysis.effect_size import effect_size
from analysis.frame import trial_frame
from analysis.image_errors import PER_IMAGE
from analysis.intervals import mean_interval, seed_difference
from analysis.kept_scores import KeptScores, kept_scores, reference_images
from analysis.multiple import holm
from analysis.power import detectable, level_after_holm
from analysis.results import VariantResults, variant_results
from analysis.significance_table import to_table
from analysis.statistics import summarise
from search_space import InputError, Variant
from search_space.metrics import METRICS, Metric
from search_space.problems import did_you_mean

if TYPE_CHECKING:
    from runners.job import Places
    from runners.planning import Plan
    from runners.record.recorded import RecordedTrial

__all__ = ["COMPARABLE", "Compared", "Measured", "Significance", "compare_variants", "to_table"]

LEVEL = 95.0

COMPARABLE: Mapping[str, Metric] = {
    **{name: metric for name, metric in METRICS.items() if not metric.counted},
    **PER_IMAGE,
}
"""The metrics by which variants can be compared: what varies from seed to seed."""

ONE_SEED = "one seed shows no variance of training"


def compare_variants(
    plan: Plan,
    recorded: Sequence[RecordedTrial],
    places: Places,
    *,
    metric: str = "pckh",
    against: str | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Significance:
    """Every variant of a study against its baseline, or against another of its variants.

    Complete trials only; what a variant lacks is told in it. The same record, resamples and seed give the same numbers.

    Args:
        plan: what `runners.planning.plan_study` returned.
        recorded: the record's runs.
        places: where the record and the files of its runs lie.
        metric: one of `COMPARABLE`.
        against: id of the variant that the others are compared with; the study's baseline if None.
        resamples: of the bootstrap, from 100 to 1,000,000. More are drawn where Holm's correction over this many
            variants needs them (`analysis.bootstrap.enough_resamples`) and memory allows it.
        seed: of its random numbers.

    Raises:
        InputError: for a metric or variant that is not there, for a study without a baseline if none is named, for
            resamples that are too few or too many for memory, and for a record that cannot be read.
    """
    measure = _known_metric(metric)
    if resamples < 100:
        raise InputError.at(f"--resamples {resamples}", "too few for an interval", "take 1000 or more")
    _not_too_many(resamples, most_resamples(1))
    other = _known_variant(plan, against)
    results = variant_results(plan, trial_frame(plan, recorded))
    variants = [other, *(variant for variant in plan.expanded.variants if variant.id != other.id)]
    kept = _on_the_same_images(variants, results, measure.name, places)
    sides = [_measured(variant, results[variant.id], measure, kept.get(variant.id)) for variant in variants]
    drawn = _resamples(kept, other.id, resamples)
    figures, images = _resampled_figures(kept, drawn, seed)
    compared = [_compared(side, sides[0], measure, figures, seed) for side in sides[1:]]
    study = plan.expanded.study
    return Significance(
        study=study.name,
        title=study.spec.title or study.name,
        scale=plan.expanded.scale,
        data=tuple(dict.fromkeys(plan.data_versions.values())),
        metric=measure.name,
        header=measure.header,
        description=measure.description,
        format=measure.format,
        better=measure.better,
        against=sides[0],
        compared=tuple(_corrected(compared)),
        images=images,
        level=LEVEL,
        resamples=drawn,
        seed=seed,
        asked=resamples,
    )


def _not_too_many(resamples: int, most: int) -> None:
    if resamples > most:
        raise InputError.at(f"--resamples {resamples}", "too many to be held in memory", f"take {most} or fewer")


def _resamples(kept: Mapping[str, KeptScores], against: str, asked: int) -> int:
    """How many resamples are drawn: those asked for, or as many as Holm's correction needs.

    With fewer no p value of a large table could fall below 0.05, whatever the images show.
    """
    most = most_resamples(sum(len(each.scores) for each in kept.values()))
    _not_too_many(asked, most)
    sides = sum(bool(each.scores) for each in kept.values())
    if against not in kept or not kept[against].scores:
        return asked
    return max(asked, min(enough_resamples(sides - 1, LEVEL), most))


def _known_metric(name: str) -> Metric:
    if name in COMPARABLE:
        return COMPARABLE[name]
    if name in METRICS:
        what = f"'{name}' follows from the network alone and is the same for every seed"
        raise InputError.at(f"--metric {name}", what, "`hglab table` shows it")
    raise InputError.at(f"--metric {name}", f"unknown metric '{name}'", did_you_mean(name, COMPARABLE))


def _known_variant(plan: Plan, name: str | None) -> Variant:
    variants = {variant.id: variant for variant in plan.expanded.variants}
    if name is None:
        if plan.expanded.baseline is None:
            raise InputError.at(
                "--against",
                f"the study '{plan.expanded.study.name}' has no baseline",
                "name the variant to compare with",
            )
        return plan.expanded.baseline
    if name not in variants:
        raise InputError.at(f"--against {name}", f"the study has no variant '{name}'", did_you_mean(name, variants))
    return variants[name]


def _on_the_same_images(
    variants: Sequence[Variant], results: Mapping[str, VariantResults], metric: str, places: Places
) -> dict[str, KeptScores]:
    """The scores of all variants on one set of images; none for a metric that single images do not have."""
    if metric not in PER_IMAGE:
        return {}
    kept = {variant.id: kept_scores(results[variant.id], metric, places) for variant in variants}
    images = reference_images(list(kept.values()))
    return kept if images is None else {variant: each.on(images) for variant, each in kept.items()}


def _measured(variant: Variant, result: VariantResults, metric: Metric, kept: KeptScores | None) -> Measured:
    if metric.name in METRICS:
        values, lack = result.values(metric.name), result.shortfall(metric.name)
    else:  # not reported by trials: computed from what they keep
        values, lack = _computed(result, kept)
    return Measured(
        variant=variant.id,
        label=variant.label,
        planned=result.planned,
        values=values,
        summary=summarise(values.values()),
        interval=mean_interval(list(values.values()), LEVEL),
        lack=lack,
        image_seeds=tuple(sorted(kept.scores)) if kept else (),
        image_mean=summarise(scores.value for scores in kept.scores.values()).mean if kept and kept.scores else None,
        image_lack=kept.lack if kept else None,
        runs=tuple(trial.run_id for trial in result.complete if trial.seed in values and trial.run_id is not None),
    )


def _computed(result: VariantResults, kept: KeptScores | None) -> tuple[dict[int, float], str | None]:
    """The figures of a variant that follow from its predictions, and what is missing."""
    values = {seed: scores.value for seed, scores in kept.scores.items()} if kept else {}
    short = [text for text in (result.shortfall(None), kept.lack if kept else None) if text]
    return values, "; ".join(short) or None


def _resampled_figures(
    kept: Mapping[str, KeptScores], resamples: int, seed: int
) -> tuple[dict[tuple[str, int], Floats], int | None]:
    """Each trial's figure on each sample of images, by variant and seed; and how many images there are."""
    trials = [(variant, each, scores) for variant, own in kept.items() for each, scores in own.scores.items()]
    if not trials:
        return {}, None
    counts = trials[0][2].counts
    drawn = resample_images(np.stack([scores.hits for _, _, scores in trials]), counts, resamples, seed)
    return {(variant, each): drawn[:, place] for place, (variant, each, _) in enumerate(trials)}, len(counts)


def _compared(
    side: Measured, against: Measured, metric: Metric, figures: Mapping[tuple[str, int], Floats], seed: int
) -> Compared:
    over_seeds = seed_difference(side.values, against.values, LEVEL)
    images, images_reason = _over_images(side, against, metric, figures)
    both, both_reason = _over_both(side, against, figures, seed) if images else (None, images_reason)
    return Compared(
        measured=side,
        value=side.summary.mean - against.summary.mean if side.values and against.values else None,
        over_seeds=over_seeds,
        seeds_reason=None if over_seeds else _no_test(side, against),
        p_seeds=over_seeds.p if over_seeds else None,
        detectable=None,  # depends on how many there are to compare: see `_corrected`
        effect=effect_size(side.values, against.values),
        over_images=images,
        images_reason=images_reason,
        p_images=images.p if images else None,
        over_both=both,
        both_reason=both_reason,
    )


def _no_test(side: Measured, against: Measured) -> str:
    """Why there is no test over seeds."""
    for each in (side, against):
        if not each.values:
            return f"no value of ‘{each.label}’"
    if min(len(side.values), len(against.values)) < 2:
        return ONE_SEED
    return "the seeds do not differ: there is no deviation to judge by"


def _over_images(
    side: Measured, against: Measured, metric: Metric, figures: Mapping[tuple[str, int], Floats]
) -> tuple[Resampled | None, str | None]:
    if metric.name not in PER_IMAGE:
        return None, f"{metric.header} is not computed image by image"
    for each in (side, against):
        if each.image_mean is None:
            return None, f"no single images of ‘{each.label}’: {each.image_lack or each.lack}"
    own, other = _columns(side, figures), _columns(against, figures)
    return over_images(own, other, _image_difference(side, against), LEVEL), None


def _over_both(
    side: Measured, against: Measured, figures: Mapping[tuple[str, int], Floats], seed: int
) -> tuple[Resampled | None, str | None]:
    if min(len(side.image_seeds), len(against.image_seeds)) < 2:
        return None, ONE_SEED
    own, other = _columns(side, figures), _columns(against, figures)
    paired = side.image_seeds == against.image_seeds
    value = _image_difference(side, against)
    return over_seeds_and_images(own, other, value, paired=paired, seed=seed, level=LEVEL), None


def _image_difference(side: Measured, against: Measured) -> float:
    return (side.image_mean or 0.0) - (against.image_mean or 0.0)


def _columns(side: Measured, figures: Mapping[tuple[str, int], Floats]) -> Floats:
    return np.stack([figures[side.variant, seed] for seed in side.image_seeds], axis=1)


def _corrected(compared: Sequence[Compared]) -> list[Compared]:
    """The same with p values, and what the seeds can detect, corrected for how many comparisons the table makes."""
    seeds = holm([each.p_seeds for each in compared])
    images = holm([each.p_images for each in compared])
    tests = [each.over_seeds for each in compared]
    level = level_after_holm(LEVEL, max(1, sum(test is not None for test in tests)))
    found = [detectable(test.std_error, test.df, level=level) if test else None for test in tests]
    return [
        replace(each, p_seeds=own, p_images=other, detectable=least)
        for each, own, other, least in zip(compared, seeds, images, found, strict=True)
    ]
