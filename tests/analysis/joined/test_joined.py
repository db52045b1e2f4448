"""Tables of several studies in one: rows, columns, marks and provenance, on studies made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.joined import join_tables
from analysis.joined_part import Part
from analysis.render import FORMATS, render
from tests.analysis.joined.conftest import FIRST, SECOND, said
from tests.analysis.pair import cell


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
