"""What a table of several studies prints and says: numbers in one unit, notes, and what must not be compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.joined import join_tables
from analysis.joined_part import Part
from tests.analysis.joined.conftest import FIRST, SECOND, said
from tests.analysis.pair import cell


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
