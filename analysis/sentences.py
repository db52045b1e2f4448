"""A comparison of variants in plain sentences, which claim no more than the numbers hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analysis.bootstrap import Resampled
from analysis.compared import Compared, Measured, Significance
from analysis.image_errors import PER_IMAGE
from analysis.interval import Interval
from analysis.multiple import p_text
from analysis.numbers import NumberFormat
from analysis.significance_table import after_holm, number_format

SHOWN = 0.05
"""Below this p value, after Holm, a difference counts as shown."""

_FEW_SEEDS = 5


def sentences(significance: Significance) -> list[str]:
    """What the comparison says, one plain sentence each: variant by variant, and then what it cannot say at all.

    Where seeds do not show a difference, the sentence says from which on they could have.

    Args:
        significance: what `analysis.significance.compare_variants` returned.
    """
    printed = number_format(significance)
    said: list[str] = []
    if not significance.compared:
        said.append(f"The study has no other variant to compare with ‘{significance.against.label}’.")
    said += _incomplete(significance)
    for each in significance.compared:
        if each.value is not None:
            said.append(_over_seeds(each, each.value, significance, printed))
            said += _over_images(each, significance, printed)
    return list(dict.fromkeys([*said, *_warnings(significance, printed)]))


def _incomplete(significance: Significance) -> Iterator[str]:
    """Which variants have no figure, or not of all seeds; those that lack the same together."""
    by_lack: dict[tuple[bool, str], list[str]] = {}
    for side in (significance.against, *(each.measured for each in significance.compared)):
        if side.lack:
            by_lack.setdefault((bool(side.values), side.lack), []).append(f"‘{side.label}’")
    for (partly, lack), labels in by_lack.items():
        many = len(labels) > 1
        if partly:
            verb = "are not complete" if many else "is not complete"
        else:
            verb = f"{'have' if many else 'has'} no {significance.header}"
        names = f"{', '.join(labels[:-1])} and {labels[-1]}" if many else labels[0]
        yield f"{names} {verb}: {lack}."


def _over_seeds(each: Compared, value: float, significance: Significance, printed: NumberFormat) -> str:
    """What the seeds show of a difference, or that they cannot show it."""
    own, other, header = each.measured, significance.against, significance.header
    seeds = _seeds(own, other)
    size, side = printed.text(abs(value)), "above" if value > 0 else "below"
    means = f"{_mean(own, printed)} against {_mean(other, printed)}"
    difference = f"‘{own.label}’ is {size} {side} ‘{other.label}’ in {header} ({means})"
    if printed.rounded(value) == 0:
        difference = f"‘{own.label}’ and ‘{other.label}’ are {size} apart in {header} ({means})"
    if each.over_seeds is None or each.p_seeds is None:
        return f"{difference}; {each.seeds_reason}."
    test = "paired t test" if each.over_seeds.paired else "Welch's t test"
    holm = after_holm(significance.tests_over_seeds)
    p = _p(each.p_seeds, holm)
    numbers = f"{_range(each.over_seeds.interval, printed)}; {test}, {p}"
    if each.p_seeds < SHOWN:
        return f"{difference}, more than the variance of training over {seeds} explains ({numbers})."
    signed = replace(printed, signed=True).text(value)
    claim = f"‘{own.label}’ differs from ‘{other.label}’ in {header}"
    said = f"{seeds} cannot show that {claim}: {signed} ({means}; {numbers})"
    if each.detectable is None:
        return f"{said}."
    least = printed.text(each.detectable)
    return f"{said}; they would show a difference from {least} on with a power of 80%{holm}."


def _over_images(each: Compared, significance: Significance, printed: NumberFormat) -> Iterator[str]:
    """What another sample of images would change."""
    if each.over_images is None or each.p_images is None:
        return
    own, other = each.measured, significance.against
    interval = each.over_images.interval
    if each.over_images.vanished == each.over_images.samples:
        yield f"No sample of the validation images tells ‘{own.label}’ from ‘{other.label}’ in {significance.header}."
        return
    holm = after_holm(significance.tests_over_images)
    p = _p(each.p_images, holm)
    both = ""
    if each.over_both is not None:
        both = f"; with seeds drawn as well: {_range(each.over_both.interval, printed)}"
    yield (
        f"On other samples of the {significance.images:,} validation images the difference of ‘{own.label}’ "
        f"to ‘{other.label}’ {_sign(each.over_images, each.p_images, holm)} ({_range(interval, printed)}; paired "
        f"bootstrap, {p}): this is image sampling, not training variance{both}."
    )


def _sign(images: Resampled, p: float, holm: str) -> str:
    """Whether the difference keeps its sign: no change is claimed that no resample showed."""
    if p < SHOWN:
        return "keeps its sign"
    if images.turned:
        return "may change its sign"
    if images.vanished:
        return f"may vanish, but changed its sign in none of {images.samples:,} samples"
    few = f"too few samples for p below {SHOWN:g}{' after Holm' if holm else ''}"
    return f"kept its sign in all {images.samples:,} samples; {few}"


def _warnings(significance: Significance, printed: NumberFormat) -> Iterator[str]:
    """What these trials cannot tell, whatever their numbers are."""
    told = [each for each in significance.compared if each.value is not None]
    few = [each for each in told if each.over_seeds and _fewest(each.measured, significance.against) < _FEW_SEEDS]
    if few:
        fewest = min(_fewest(each.measured, significance.against) for each in few)
        found = [each.detectable for each in few if each.detectable is not None]
        least, most = printed.text(min(found)), printed.text(max(found))
        here = f"from {least} on" if least == most else f"from {least} to {most} on, depending on the variant"
        holm = after_holm(significance.tests_over_seeds)
        yield (
            f"{fewest} seeds show only differences that are large beside the variance of training: in "
            f"{significance.header} those {here}, with a power of 80%{holm}."
        )
    if any(min(len(each.measured.values), len(significance.against.values)) == 1 for each in told):
        yield "Of one seed the variance of training is not known: more seeds tell whether a difference is chance."
    if significance.metric not in PER_IMAGE:
        yield f"{significance.header} is not computed image by image: nothing is known about other images."
        return
    for reason in dict.fromkeys(each.images_reason for each in told if each.images_reason):
        yield f"Nothing is known about other images: {reason}."
    for side in (significance.against, *(each.measured for each in told)):
        if side.image_mean is not None and side.image_lack:
            yield f"Image by image ‘{side.label}’ is known only in part: {side.image_lack}."


def _fewest(own: Measured, other: Measured) -> int:
    return min(len(own.values), len(other.values))


def _mean(side: Measured, printed: NumberFormat) -> str:
    return printed.text(side.summary.mean, side.summary.std if len(side.values) > 1 else None)


def _seeds(own: Measured, other: Measured) -> str:
    n, m = len(own.values), len(other.values)
    if n == m:
        return f"{n} seed{'s' if n > 1 else ''}"
    return f"{n} and {m} seeds"


def _range(interval: Interval, printed: NumberFormat) -> str:
    return f"{interval.level:g}% interval {printed.text(interval.low)} to {printed.text(interval.high)}"


def _p(p: float, holm: str) -> str:
    text = p_text(p)
    return f"p {text[0]} {text[1:]}{holm}" if text.startswith("<") else f"p = {text}{holm}"
