"""Tables of several studies in one: rows, columns, units, marks and notes, on studies made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analysis.frame import trial_frame
from analysis.joined import Part, join_tables
from analysis.provenance import provenance
from analysis.render import FORMATS, render
from analysis.table import build_table
from analysis.table_model import Cell, Table
from blocks.count import Counts

FIRST = """
study: first
title: The first
seeds: [0, 1]
variants:
  - {id: base, label: Base, baseline: true}
  - {id: wider, label: Wider, set: {block.width: 1.0}, paper: wider}
table:
  caption: First
  columns:
    - {metric: params, best: min}
    - {metric: pckh, best: max}
    - {delta: pckh}
    - {metric: seconds, aggregate: mean}
    - {n: true}
    - {paper: table2, column: PCKh}
"""
SECOND = """
study: second
title: The second
seeds: [0, 1]
base: {training.epochs: 9}
variants:
  - {id: base, label: Second base, baseline: true}
  - {id: real, label: Real, set: {model.binary: false}, paper: final}
table:
  caption: Second
  row_header: Network
  columns:
    - {config: training.epochs, header: epochs}
    - {metric: params}
    - {metric: pckh}
    - {delta: pckh}
    - {metric: pckh_wrist}
    - {metric: pckh, aggregate: max}
    - {metric: seconds, aggregate: mean}
    - {n: true}
    - {paper: table4, column: PCKh}
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def make_part(make_plan, record) -> Callable[..., Part]:
    """Makes a study's part from its text, the values of its trials by name, and the sizes of its networks."""

    def make(text: str, values: dict[str, dict[str, float]], params: dict[str, int] | None = None, **changes) -> Part:
        plan = make_plan(text, {name: Counts(size) for name, size in params.items()} if params else None)
        # Trials of two studies made by hand must not share fingerprints, nor runs.
        study = plan.expanded.study.name
        trials = tuple(replace(trial, fingerprint=f"{study}-{trial.name}") for trial in plan.trials)
        plan = replace(plan, trials=trials, **changes)
        runs = [record(plan, name, run_id=f"{study}-{name}", metrics=metrics) for name, metrics in values.items()]
        table = build_table(plan, trial_frame(plan, runs))
        return Part(plan, replace(table, provenance=provenance(plan, table, now=NOON)))

    return make


@pytest.fixture
def parts(make_part) -> list[Part]:
    first = make_part(
        FIRST,
        {
            "base/0": {"pckh": 50.0, "seconds": 40.0},
            "base/1": {"pckh": 50.2, "seconds": 50.0},
            "wider/0": {"pckh": 60.0, "seconds": 90.0},
            "wider/1": {"pckh": 60.2, "seconds": 90.0},
        },
        {"base": 3_500_000, "wider": 11_300_000},
    )
    second = make_part(
        SECOND,
        {
            "base/0": {"pckh": 40.0, "pckh_wrist": 33.0, "seconds": 4000.0},
            "real/0": {"pckh": 80.0, "pckh_wrist": 44.0, "seconds": 5000.0},
            "real/1": {"pckh": 80.2, "pckh_wrist": 44.4, "seconds": 5400.0},
        },
        {"base": 53_000, "real": 54_000},
    )
    return [first, second]


@pytest.fixture
def joined(parts) -> Table:
    return join_tables(parts)


def cell(table: Table, row: str, key: str) -> Cell:
    place = [head.key for head in table.columns].index(key)
    return next(each for each in table.rows if each.id == row).cells[place]


def said(table: Table) -> str:
    return " ".join(note.text for note in table.notes if note.mark is None)


def test_rows_of_all_in_groups(joined) -> None:
    assert [(row.id, row.label, row.group, row.baseline) for row in joined.rows] == [
        ("first/base", "Base", "first", True),
        ("first/wider", "Wider", "first", False),
        ("second/base", "Second base", "second", True),
        ("second/real", "Real", "second", False),
    ]
    assert (joined.study, joined.title, joined.caption) == ("first+second", "The first; The second", "First; Second")
    assert (joined.label, joined.row_header, joined.scale) == ("tab:first-second", "Variant", "tiny")


def test_groups_of_rows_stay_apart(make_part) -> None:
    grouped = FIRST.replace("label: Wider", "label: Wider, group: Blocks")
    table = join_tables([make_part(grouped, {}), make_part(SECOND, {})])
    assert [row.group for row in table.rows] == ["first", "first: Blocks", "second", "second"]


def test_columns_are_the_union_in_order(joined) -> None:
    assert [(head.key, head.header) for head in joined.columns] == [
        ("config.training.epochs", "epochs"),
        ("params", "# params"),
        ("pckh", "PCKh"),
        ("delta_pckh", "Δ PCKh"),
        ("pckh_wrist", "Wrist"),
        ("pckh_max", "PCKh (max)"),  # over seeds in another way: another number
        ("seconds", "time"),
        ("n", "n"),
        ("paper_pckh", "PCKh (paper)"),  # of Table 2 and of Table 4
    ]
    assert all(len(row.cells) == len(joined.columns) for row in joined.rows)


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        ("params pckh n", "params seconds pckh", "params seconds pckh n"),
        ("params pckh n", "seconds pckh", "params seconds pckh n"),  # what leads the first study still leads
        ("params pckh n", "pckh seconds", "params pckh n seconds"),
        ("params pckh n", "pckh params", "params pckh n"),
        ("pckh", "seconds", "pckh seconds"),
    ],
)
def test_the_order_of_columns(make_part, first: str, second: str, order: str) -> None:
    def study(name: str, columns: str) -> str:
        listed = ", ".join("{n: true}" if each == "n" else f"{{metric: {each}}}" for each in columns.split())
        return f"study: {name}\nseeds: [0]\nvariants: [{{id: base, baseline: true}}]\ntable: {{columns: [{listed}]}}\n"

    table = join_tables([make_part(study("one", first), {}), make_part(study("two", second), {})])
    assert [head.key for head in table.columns] == order.split()


@pytest.mark.parametrize(
    ("row", "key", "text"),
    [
        ("first/base", "pckh", "50.1 ± 0.1"),
        ("second/real", "pckh", "80.1 ± 0.1"),
        ("second/base", "pckh", "40.0"),
        ("first/wider", "delta_pckh", "+10.0"),  # to first/base
        ("second/real", "delta_pckh", "+40.1"),  # to second/base, not to 50.1
        ("second/base", "delta_pckh", "—"),
        ("first/base", "config.training.epochs", "—"),  # the study lacks the column
        ("second/base", "config.training.epochs", "9"),
        ("first/base", "pckh_wrist", "—"),
        ("first/wider", "pckh_max", "—"),
        ("second/real", "pckh_max", "80.2"),
        # 0.053 M has three digits, so all do
        ("first/base", "params", "3.500 M"),
        ("second/base", "params", "0.053 M"),
        # seconds in the one, hours in the other
        ("first/base", "seconds", "1.2 min"),
        ("second/real", "seconds", "86.7 min"),
        ("first/wider", "n", "2"),
        ("second/base", "n", "1/2"),
        ("first/wider", "paper_pckh", "70.7"),
        ("second/real", "paper_pckh", "76.0"),
        ("second/base", "paper_pckh", "—"),
    ],
)
def test_texts(make_part, parts, row: str, key: str, text: str) -> None:
    values = {"base/0": {"pckh": 50.0, "seconds": 70.0}, "base/1": {"pckh": 50.2, "seconds": 74.0},
              "wider/0": {"pckh": 60.0}, "wider/1": {"pckh": 60.2}}  # fmt: skip
    first = make_part(FIRST, values, {"base": 3_500_000, "wider": 11_300_000})
    assert cell(join_tables([first, parts[1]]), row, key).text == text


def test_raw_numbers_stay_those_of_the_studies(parts, joined) -> None:
    for part in parts:
        for head in part.table.columns:
            key = {"pckh_2": "pckh_max"}.get(head.key, "paper_pckh" if head.kind == "paper" else head.key)
            for row in part.table.rows:
                own, there = cell(part.table, row.id, head.key), cell(joined, f"{part.name}/{row.id}", key)
                assert (there.value, there.std, there.n, there.runs) == (own.value, own.std, own.n, own.runs)


def test_units_are_told_once(joined) -> None:
    units = {head.key: head.unit for head in joined.columns}
    assert (units["params"], units["seconds"], units["pckh"]) == ("M", "min", "")
    texts = [cell(joined, row.id, "seconds").text for row in joined.rows]
    assert texts == ["0.75 min", "1.50 min", "66.67 min", "86.67 min"]


def test_the_best_is_that_of_the_whole_column(parts, joined) -> None:
    best = {(row.id, head.key) for row in joined.rows
            for head, each in zip(joined.columns, row.cells, strict=True) if each.best}  # fmt: skip
    # The second study asks for no mark; where the first asks for one, the rows of both are judged.
    assert best == {("second/base", "params"), ("second/real", "pckh")}
    assert cell(parts[0].table, "wider", "pckh").best
    assert "Bold: ahead of the next by more than both their deviations." in said(joined)


def test_rows_that_are_the_same_trials_do_not_compete(make_part) -> None:
    values = {"base/0": {"pckh": 50.0}, "base/1": {"pckh": 50.2}, "wider/0": {"pckh": 60.0}, "wider/1": {"pckh": 60.2}}
    first = make_part(FIRST, values)
    copy = make_part(FIRST.replace("study: first", "study: copy"), values)
    trials = tuple(
        replace(trial, fingerprint=f"first-{trial.name}" if trial.variant.id == "wider" else trial.fingerprint)
        for trial in copy.plan.trials
    )
    table = join_tables([first, Part(replace(copy.plan, trials=trials), copy.table)])
    assert [cell(table, f"{study}/wider", "pckh").best for study in ("first", "copy")] == [True, True]
    assert "The same trials, trained once: ‘Wider’ of copy and ‘Wider’ of first." in said(table)
    apart = join_tables([first, copy])  # other trials with the same numbers: neither leads the other
    assert not any(each.best for row in apart.rows for each in row.cells)


def test_what_is_said(joined) -> None:
    text = said(joined)
    assert "Differences and ratios are taken within each study, to its own baseline." in text
    assert "first: Δ: difference to ‘Base’." in text
    assert "second: PCKh: largest over seeds. Δ: difference to ‘Second base’." in text
    assert "Mean ± standard deviation over 2 seeds (0 and 1)." in text
    assert text.count("Scale tiny; data set synthetic (64 px).") == 1
    assert "Table 2 of Bulat" in text
    assert "Table 4 of Bulat" in text
    assert "do not compare" not in text
    mark = cell(joined, "second/base", "pckh").marks
    assert [note.text for note in joined.notes if note.mark in mark] == ["1 of 2 seeds: seed 1 not trained yet"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda plan: replace(plan, expanded=replace(plan.expanded, scale="laptop")),
            "The studies are of different scales, which do not compare: tiny (first); laptop (second).",
        ),
        (
            lambda plan: replace(
                plan, trials=tuple(replace(trial, data_version="synthetic-2") for trial in plan.trials)
            ),
            "The studies are of different versions of the data set synthetic: 1 (first); 2 (second).",
        ),
    ],
)
def test_what_must_not_be_compared_is_said(parts, change, words: str) -> None:
    second = Part(change(parts[1].plan), parts[1].table)
    assert words in said(join_tables([parts[0], second]))


def test_different_data_sets_are_said(parts, make_part) -> None:
    other = make_part(SECOND.replace("training.epochs: 9", "data.name: lsp, training.epochs: 9"), {})
    text = said(join_tables([parts[0], other]))
    assert "The studies are of different data, which do not compare: synthetic (first); lsp (second)." in text
    assert "second: Scale tiny; data set lsp (64 px)." in text


def test_provenance_is_that_of_all(parts, joined) -> None:
    told = joined.provenance
    assert told is not None
    assert [name for name, _ in told.studies] == ["first", "second"]
    assert told.studies[0] == parts[0].table.provenance.studies[0]
    assert set(told.runs) == {run for part in parts for run in part.table.provenance.runs}
    assert told.made == "2026-03-02T12:00:00+00:00"


def test_a_study_stands_once(parts) -> None:
    with pytest.raises(ValueError, match="stands twice"):
        join_tables([parts[0], parts[0]])


def test_three_studies_and_every_format(parts, make_part) -> None:
    third = make_part(SECOND.replace("study: second", "study: third"), {})
    table = join_tables([*parts, third])
    assert [row.id for row in table.rows][-2:] == ["third/base", "third/real"]
    assert "second and third: " in said(table)
    for format in FORMATS:
        text = render(table, format)
        assert all(row.label in text for row in table.rows)


def test_intervals_are_printed_alike(make_part) -> None:
    values = {"base/0": {"seconds": 10.0}, "base/1": {"seconds": 12.0}, "wider/0": {"seconds": 40.0},
              "wider/1": {"seconds": 43.0}}  # fmt: skip
    first = FIRST.replace("{delta: pckh}", "{delta: seconds, interval: 95}")
    slow = {name: {"seconds": 100 * each["seconds"]} for name, each in values.items()}
    second = first.replace("study: first", "study: slow")
    parts = [
        make_part(first, values),
        make_part(second, slow),
        make_part(FIRST.replace("study: first", "study: x"), {}),
    ]
    assert cell(parts[0].table, "wider", "delta_seconds").text.endswith(" s")
    table = join_tables(parts)
    assert cell(table, "slow/wider", "delta_seconds").text == "+50.83 [40.24, 61.42] min"
    assert cell(table, "first/wider", "delta_seconds").text == "+0.51 [0.40, 0.61] min"
    assert cell(table, "x/wider", "delta_seconds").text == "—"
    assert [head.unit for head in table.columns if head.key == "delta_seconds"] == ["min"]


def test_with_and_without_interval_are_two_columns(make_part) -> None:
    bounded = SECOND.replace("{delta: pckh}", "{delta: pckh, interval: 90}")
    table = join_tables([make_part(FIRST, {}), make_part(bounded, {})])
    assert [(head.key, head.header) for head in table.columns if head.kind == "delta"] == [
        ("delta_pckh", "Δ PCKh"),
        ("delta_pckh_2", "Δ PCKh [90%]"),
    ]


def test_a_setting_in_words_is_not_numeric(make_part) -> None:
    without = FIRST.replace("{n: true}", "{config: training.stacking}")  # means nothing with one stack: no values
    words = SECOND.replace("training.epochs: 9", "model.stacks: 2").replace("training.epochs,", "training.stacking,")
    table = join_tables([make_part(without, {}), make_part(words, {})])
    head = next(head for head in table.columns if head.key == "config.training.stacking")
    assert not head.numeric
    assert cell(table, "second/real", head.key).text == "joint"
