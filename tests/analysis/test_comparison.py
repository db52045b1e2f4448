"""The interval of a difference in a study's table."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from analysis.frame import trial_frame
from analysis.intervals import seed_difference
from analysis.render import FORMATS, render
from analysis.table import build_table
from analysis.table_model import Cell, Head, Table
from search_space import InputError

STUDY = """
study: intervals
seeds: [{seeds}]
variants:
  - {{id: base, baseline: true}}
  - {{id: better, set: {{block.width: 1.0}}}}
  - {{id: other, set: {{block.width: 0.25}}}}
table:
  columns:
    - {column}
"""
BASE, BETTER = (67.0, 67.4, 67.5), (75.7, 76.3, 76.6)


def table_of(make_plan: Any, record: Any, column: str, values: dict[str, tuple[float, ...]]) -> Table:
    seeds = ", ".join(map(str, range(max(map(len, values.values())))))
    plan = make_plan(STUDY.format(seeds=seeds, column=column))
    metric = plan.expanded.study.spec.table.columns[0].delta
    trials = [
        record(plan, f"{variant}/{seed}", metrics={metric: value})
        for variant, each in values.items()
        for seed, value in enumerate(each)
    ]
    return build_table(plan, trial_frame(plan, trials))


def only(table: Table, row: str) -> tuple[Head, Cell]:
    return table.columns[0], next(each for each in table.rows if each.id == row).cells[0]


def test_with_the_interval(make_plan: Any, record: Any) -> None:
    table = table_of(make_plan, record, "{delta: pckh, interval: 95}", {"base": BASE, "better": BETTER})
    head, cell = only(table, "better")
    told = seed_difference(dict(enumerate(BETTER)), dict(enumerate(BASE)))
    assert told is not None
    assert (head.header, head.interval) == ("Δ PCKh [95%]", 95)
    assert (cell.text, cell.low, cell.high) == ("+8.9 [8.4, 9.4]", told.interval.low, told.interval.high)
    assert cell.std == pytest.approx(0.2)
    assert only(table, "base")[1].text == "—"
    assert (only(table, "base")[1].low, only(table, "other")[1].low) == (None, None)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("{delta: pckh, interval: 90, digits: 2}", "+8.90 [8.56, 9.24]"),
        ("{delta: pckh, interval: 99}", "+8.9 [7.8, 10.0]"),
        ("{delta: seconds, interval: 95}", "+8.9 [8.4, 9.4] s"),
        ("{delta: pckh}", "+8.9"),
    ],
)
def test_level_digits_and_unit(column: str, text: str, make_plan: Any, record: Any) -> None:
    assert only(table_of(make_plan, record, column, {"base": BASE, "better": BETTER}), "better")[1].text == text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"base": (67.0,), "better": (75.7,)}, "no interval: a single seed"),
        ({"base": (67.0, 67.4), "better": (75.7,)}, "no interval: a single seed"),
        ({"base": (67.0, 67.0), "better": (75.0, 75.0)}, "no interval: no deviation between seeds"),
    ],
)
def test_why_there_is_none(values: dict[str, tuple[float, ...]], why: str, make_plan: Any, record: Any) -> None:
    table = table_of(make_plan, record, "{delta: pckh, interval: 95}", values)
    _, cell = only(table, "better")
    assert "[" not in cell.text
    assert (cell.low, cell.high) == (None, None)
    assert why in [note.text for note in table.notes if note.mark in cell.marks]


@pytest.mark.parametrize("format", [each for each in FORMATS if each not in ("csv", "json")])
def test_every_format_for_people(format: str, make_plan: Any, record: Any) -> None:
    table = table_of(make_plan, record, "{delta: pckh, interval: 95}", {"base": BASE, "better": BETTER})
    assert re.search(r"\+8\.9.{0,30}\[8\.4, 9\.4", render(table, format))


def test_formats_for_machines(make_plan: Any, record: Any) -> None:
    table = table_of(make_plan, record, "{delta: pckh, interval: 95}", {"base": BASE, "better": BETTER})
    _, cell = only(table, "better")
    row = list(csv.DictReader(io.StringIO(render(table, "csv"))))[1]
    assert (float(row["delta_pckh_low"]), float(row["delta_pckh_high"])) == (cell.low, cell.high)
    read = json.loads(render(table, "json"))
    assert read["columns"][0]["interval"] == 95
    assert read["rows"][1]["cells"]["delta_pckh"]["low"] == cell.low
    plain = table_of(make_plan, record, "{delta: pckh}", {"base": BASE, "better": BETTER})
    assert "delta_pckh_low" not in render(plain, "csv")


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ("{delta: params, interval: 95}", r"'params' is exact and has no interval; remove 'interval'"),
        ("{delta: pckh, interval: 100}", r"'interval': input should be less than 100, not 100"),
        ("{delta: pckh, interval: 0}", r"'interval': input should be greater than 0, not 0"),
        ("{delta: pckh, interval: true}", r"'interval': input should be a valid number, not True"),
        ("{metric: pckh, interval: 95}", r"unknown key 'interval'"),
    ],
)
def test_an_interval_that_means_nothing(column: str, what: str, make_plan: Any) -> None:
    with pytest.raises(InputError, match=what):
        make_plan(STUDY.format(seeds="0, 1", column=column))
