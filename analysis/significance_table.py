"""A comparison of variants as a table that every renderer prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from analysis.cells import BuiltColumn
from analysis.compared import Compared, Measured, Significance
from analysis.interval import Interval, brackets, with_interval
from analysis.multiple import p_text
from analysis.notes import NoteList
from analysis.numbers import NONE, NumberFormat, choose_format
from analysis.table_model import Cell, Head, Note, Row, Table

_SEEDS, _IMAGES, _BOTH = "over seeds", "over images", "over both"


def to_table(significance: Significance, *, detail: bool = False) -> Table:
    """The comparison as a table: the variant that all are compared with first, then the others.

    Columns: mean ± deviation over seeds, smallest, largest, n; over seeds the difference with its interval, p after
    Holm, Hedges' g; over images the interval of the difference and p after Holm; over both the interval.

    Args:
        significance: what `analysis.significance.compare_variants` returned.
        detail: also the interval of the mean, p values before the correction, Cohen's d, d_z, and the smallest
            difference that the seeds would detect.
    """
    notes = NoteList()
    printed = number_format(significance)
    columns = [
        *_alone(significance, printed, notes, detail),
        *_over_seeds(significance, printed, notes, detail),
        *_over_images(significance, printed, notes, detail),
        *_over_both(significance, printed),
    ]
    rows = tuple(
        Row(side.variant, side.label, tuple(cells[place] for _, cells in columns), baseline=place == 0)
        for place, side in enumerate(_sides(significance))
    )
    return Table(
        study=significance.study,
        title=significance.title,
        scale=significance.scale,
        caption=f"{significance.header}: differences to ‘{significance.against.label}’",
        label=f"tab:{significance.study}_{significance.metric}_compared",
        row_header="Variant",
        columns=tuple(head for head, _ in columns),
        rows=rows,
        notes=(*(Note(text) for text in _general_notes(significance, detail)), *notes),
    )


def number_format(significance: Significance) -> NumberFormat:
    """How numbers of the comparison are printed: as those of the metric's own column."""
    means = [side.summary.mean for side in _sides(significance) if side.values]
    return choose_format(significance.format, means)


def _sides(significance: Significance) -> tuple[Measured, ...]:
    return (significance.against, *(each.measured for each in significance.compared))


def _alone(significance: Significance, printed: NumberFormat, notes: NoteList, detail: bool) -> Iterator[BuiltColumn]:
    """What stands of each variant alone."""
    own = Head(
        significance.metric, significance.header, "metric", metric=significance.metric, aggregate="mean_std",
        format=significance.format, unit=printed.unit, better=significance.better,
    )  # fmt: skip
    sides = _sides(significance)
    yield own, [_mean(side, printed, notes) for side in sides]
    other = replace(own, kind="statistic", aggregate=None)
    if detail:
        level = significance.level
        yield (
            replace(other, key="mean_interval", header=f"mean [{level:g}%]", interval=level, unit=""),
            [_bounded(side.summary.mean, side.interval, printed) for side in sides],
        )
    for key, header in (("minimum", "min"), ("maximum", "max")):
        values = [getattr(side.summary, key) if side.values else None for side in sides]
        yield replace(other, key=key, header=header), [_number(value, printed) for value in values]
    yield Head("n", "n", "n"), [_count(side) for side in sides]


def _over_seeds(
    significance: Significance, printed: NumberFormat, notes: NoteList, detail: bool
) -> Iterator[BuiltColumn]:
    """What the seeds say of each difference."""
    signed = replace(printed, signed=True)

    def difference(each: Compared) -> Cell:
        if each.value is None:
            return Cell(None, NONE)
        marks = (notes.mark(each.seeds_reason),) if each.seeds_reason else ()
        interval = each.over_seeds.interval if each.over_seeds else None
        runs = (*each.measured.runs, *significance.against.runs)
        return _with_bounds(
            Cell(each.value, with_interval(signed, each.value, interval), marks=marks, runs=runs), interval
        )

    head = Head(
        "difference", f"Δ [{significance.level:g}%]", "statistic", metric=significance.metric,
        format=significance.format, unit=printed.unit, better=significance.better, group=_SEEDS,
        interval=significance.level,
    )  # fmt: skip
    yield _column(significance, head, difference)
    yield _column(significance, _head("p_seeds", "p", _SEEDS), lambda each: _p(each.p_seeds))
    yield _column(significance, _head("hedges_g", "g", _SEEDS), lambda each: _number(each.effect.g, _SIZE))
    if detail:
        alone = _head("p_seeds_alone", "p alone", _SEEDS)
        yield _column(significance, alone, lambda each: _p(each.over_seeds.p if each.over_seeds else None))
        yield _column(significance, _head("cohens_d", "d", _SEEDS), lambda each: _number(each.effect.d, _SIZE))
        yield _column(significance, _head("dz", "d_z", _SEEDS), lambda each: _number(each.effect.dz, _SIZE))
        head = replace(_head("detectable", "detectable", _SEEDS), unit=printed.unit)
        yield _column(significance, head, lambda each: _number(each.detectable, printed))


def _over_images(
    significance: Significance, printed: NumberFormat, notes: NoteList, detail: bool
) -> Iterator[BuiltColumn]:
    """What the validation images say of each difference."""

    def interval(each: Compared) -> Cell:
        said = [text for text in (each.images_reason, _partly(each.measured)) if text and each.measured.values]
        marks = tuple(notes.mark(text) for text in said)
        if each.over_images is None:
            return Cell(None, NONE, marks=marks)
        return replace(_bounded(each.over_images.value, each.over_images.interval, printed), marks=marks)

    head = replace(_head("images", f"Δ [{significance.level:g}%]", _IMAGES), interval=significance.level)
    yield _column(significance, head, interval)
    yield _column(significance, _head("p_images", "p", _IMAGES), lambda each: _p(each.p_images))
    if detail:
        alone = _head("p_images_alone", "p alone", _IMAGES)
        yield _column(significance, alone, lambda each: _p(each.over_images.p if each.over_images else None))


def _over_both(significance: Significance, printed: NumberFormat) -> Iterator[BuiltColumn]:
    """What seeds and images together say of each difference."""

    def interval(each: Compared) -> Cell:
        both = each.over_both
        return _bounded(both.value, both.interval, printed) if both else Cell(None, NONE)

    head = replace(_head("both", f"Δ [{significance.level:g}%]", _BOTH), interval=significance.level)
    yield _column(significance, head, interval)


def _column(significance: Significance, head: Head, make: Callable[[Compared], Cell]) -> BuiltColumn:
    """A column of which the variant that all are compared with has nothing."""
    return head, [Cell(None, NONE), *(make(each) for each in significance.compared)]


def _head(key: str, header: str, group: str) -> Head:
    return Head(key, header, "statistic", group=group)


_SIZE = NumberFormat("", 1.0, 2)


def _mean(side: Measured, printed: NumberFormat, notes: NoteList) -> Cell:
    n, summary = len(side.values), side.summary
    cell = Cell(None, NONE, n=n, n_planned=side.planned, marks=(notes.mark(side.lack),) if side.lack else ())
    if not n:
        return cell
    std = summary.std if n > 1 else None
    return replace(cell, value=summary.mean, text=printed.text(summary.mean, std), std=std, runs=side.runs)


def _count(side: Measured) -> Cell:
    n = len(side.values)
    return Cell(n, str(n) if n == side.planned else f"{n}/{side.planned}", n=n, n_planned=side.planned)


def _number(value: float | None, printed: NumberFormat) -> Cell:
    return Cell(None, NONE) if value is None else Cell(value, printed.text(value))


def _p(value: float | None) -> Cell:
    return Cell(None, NONE) if value is None else Cell(value, p_text(value))


def _bounded(value: float, interval: Interval | None, printed: NumberFormat) -> Cell:
    """A cell that prints the interval alone: its value stands in another column."""
    if interval is None:
        return Cell(None, NONE)
    return _with_bounds(Cell(value, brackets(printed, interval)), interval)


def _with_bounds(cell: Cell, interval: Interval | None) -> Cell:
    return replace(cell, low=interval.low, high=interval.high) if interval else cell


def _partly(side: Measured) -> str | None:
    """What is said where some but not all seeds of a variant are known image by image."""
    if side.image_mean is None or not side.image_lack:
        return None
    return f"over images {len(side.image_seeds)} of {len(side.values)} seeds: {side.image_lack}"


def _general_notes(significance: Significance, detail: bool) -> Iterator[str]:
    """What holds for the whole table."""
    compared = significance.compared
    yield f"{significance.header}: {significance.description}."
    yield f"Scale {significance.scale}; data {', '.join(significance.data)}."
    if any(len(side.values) > 1 for side in _sides(significance)):
        yield "Mean ± standard deviation over seeds."
    paired = {each.over_seeds.paired for each in compared if each.over_seeds}
    if paired:
        test = "paired t test where both have the same seeds, else Welch's" if len(paired) > 1 else (
            "paired t test" if paired == {True} else "Welch's t test"
        )  # fmt: skip
        yield f"Over seeds: training variance ({test})."
    if significance.images is not None and any(each.over_images for each in compared):
        yield (
            f"Over images: image sampling, not training variance (paired bootstrap of {significance.images:,} "
            f"validation images, {significance.resamples:,} resamples{_why_so_many(significance)})."
        )
    if any(each.over_both for each in compared):
        yield "Over both: hierarchical bootstrap of seeds and images."
    seeds, images = significance.tests_over_seeds, significance.tests_over_images
    if max(seeds, images) > 1:
        both = f"{seeds} comparisons over seeds and {images} over images"
        where = both if seeds and images and seeds != images else f"{max(seeds, images)} comparisons"
        yield f"p: two-sided, after Holm over {where}."
    elif max(seeds, images):
        yield "p: two-sided."
    if any(each.effect.g is not None for each in compared):
        yield "g: Hedges' g, the difference in deviations over seeds."
    if detail:
        yield "d: Cohen's d; d_z: mean over deviation of the differences by seed; p alone: before Holm."
        yield (
            "Detectable: the smallest true difference that these seeds would find with a power of "
            f"80%{after_holm(seeds)}."
        )


def after_holm(comparisons: int) -> str:
    """What is added to a number that Holm's correction changes; nothing for a single comparison."""
    return f" after Holm over {comparisons} comparisons" if comparisons > 1 else ""


def _why_so_many(significance: Significance) -> str:
    """Why there are not as many resamples as asked for."""
    if significance.resamples == significance.asked:
        return ""
    return f", not {significance.asked:,}: p{after_holm(significance.tests_over_images)} needs more"
