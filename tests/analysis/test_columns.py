"""Every kind of column: what it prints, what enters it, what is marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from analysis.frame import trial_frame
from analysis.render import FORMATS, render
from analysis.table import build_table
from analysis.table_model import Table
from blocks.count import Counts
from tests.analysis.pair import PAIR, cell, note


@pytest.mark.parametrize(
    ("column", "values", "second"),
    [
        # mark: beyond_noise, two seeds each: the second leads the third, and the best leads the second
        ("best: max, second: true", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], {"one"}),
        ("best: min, second: true", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], {"one"}),
        ("best: max", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], set()),
        ("best: max, second: true", [(60.0, 70.0), (75.0, 75.2), (60.0, 60.2)], set()),  # within its noise of the third
        ("best: max, second: true", [(74.9, 75.3), (75.0, 75.2), (60.0, 60.2)], set()),  # no best, so no second
        ("best: max, second: true", [(70.0, 70.2), (75.0, 75.2), ()], set()),  # the last leads nobody
        # mark: always, judged as printed: 70.04 and 70.03 are the same
        ("best: max, second: true, mark: always", [(70.04, 70.04), (75.0, 75.0), (70.03, 70.03)], {"one", "three"}),
        ("best: max, second: true, mark: always", [(70.04, 70.04), (75.0, 75.0), (70.14, 70.14)], {"three"}),
        ("best: max, second: true, mark: always, digits: 2", [(7.04, 7.04), (9.0, 9.0), (7.03, 7.03)], {"one"}),
        ("best: max, second: true, mark: always", [(70.0,), (75.0,), ()], set()),
    ],
)
def test_second_best(
    column: str, values: list[tuple[float, ...]], second: set[str], make_plan: Any, record: Any
) -> None:
    seeds = ", ".join(str(seed) for seed in range(max(map(len, values))))
    plan = make_plan(PAIR.format(seeds=seeds, column=f"{{metric: pckh, {column}}}"))
    recorded = [
        record(plan, f"{variant}/{seed}", metrics={"pckh": value})
        for variant, each in zip(("one", "two", "three"), values, strict=True)
        for seed, value in enumerate(each)
    ]
    table = build_table(plan, trial_frame(plan, recorded))
    assert {row.id for row in table.rows if row.cells[0].second} == second
    said = [each.text for each in table.notes if each.text.startswith("Underlined")]
    assert said == (["Underlined: the second best, by the same rule."] if second else [])


COLUMNS = {
    "{metric: pckh}": "pckh",
    "{metric: pckh, aggregate: max}": "pckh",
    "{metric: seconds, aggregate: mean}": "seconds",
    "{delta: pckh}": "delta_pckh",
    "{delta: pckh, interval: 95}": "delta_pckh",
    "{ratio: seconds}": "ratio_seconds",
    "{n: true}": "n",
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("state", ["failed", "interrupted", "running", None])
def test_a_trial_that_is_not_complete_never_enters(column: str, state: Any, make_plan: Any, record: Any) -> None:
    plan = make_plan(PAIR.format(seeds="0, 1", column=column))
    complete = [
        record(plan, f"{row}/{seed}", metrics={"pckh": 50.0 + seed, "seconds": 10.0 + seed})
        for row, seed in [("one", 0), ("one", 1), ("two", 0)]
    ]
    wild = [record(plan, "two/1", state, metrics={"pckh": 99.0, "seconds": 999.0}, error="x")] if state else []
    key = COLUMNS[column]
    table, bare = (build_table(plan, trial_frame(plan, [*complete, *more])) for more in (wild, []))
    two, without = cell(table, "two", key), cell(bare, "two", key)
    assert (two.value, two.std, two.low, two.n, two.text) == (
        without.value, without.std, without.low, without.n, without.text,
    )  # fmt: skip
    assert (two.n, two.n_planned) == (1, 2)
    assert "run-two/1" not in two.runs
    words = {"failed": "failed: x", "interrupted": "interrupted", "running": "still running", None: "not trained yet"}
    assert note(table, two.marks[0]) == f"1 of 2 seeds: seed 1 {words[state]}"
    for format in FORMATS:  # the note is below the table, and its mark at the cell, in every format
        text = render(table, format, width=200)
        assert f"1 of 2 seeds: seed 1 {words[state]}" in text, format
        if format in ("markdown", "html", "latex"):
            assert two.marks[0] in re.findall(r"(?:<sup>|textsuperscript\{)([a-z,]+)", text)[0].split(",")


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ("{metric: params}", ["3.50 M", "11.31 M"]),
        ("{metric: params, format: giga, digits: 3}", ["0.004 G", "0.011 G"]),
        ("{metric: binary_macs}", ["2.15 G", "7.10 G"]),
        ("{metric: real_macs}", ["0.31 G", "0.31 G"]),
        ("{metric: size_bytes}", ["1.3 MB", "2.7 MB"]),
        ("{metric: pckh}", ["61.0 ± 1.0", "72.0 ± 2.0"]),
        ("{metric: pckh, aggregate: mean}", ["61.0", "72.0"]),
        ("{metric: pckh, aggregate: median}", ["61.0", "72.0"]),
        ("{metric: pckh, aggregate: min}", ["60.0", "70.0"]),
        ("{metric: pckh, aggregate: max, digits: 0}", ["62", "74"]),
        ("{metric: seconds}", ["12.0 ± 1.0 min", "120.0 ± 2.0 min"]),
        ("{delta: pckh}", ["—", "+11.0"]),
        ("{delta: params}", ["—", "+7.81 M"]),
        ("{ratio: seconds}", ["—", "10.00 ± 0.67"]),
        ("{paper: table2, column: PCKh}", ["67.2", "70.7"]),
        ("{paper: table2, column: params}", ["3.5 M", "11.3 M"]),
        ("{config: block.width}", ["0.5", "1.0"]),
        ("{config: level1.block.width}", ["0.5", "1.0"]),
        ("{n: true}", ["3", "3"]),
    ],
)
def test_every_kind_of_column(column: str, texts: list[str], make_plan: Any, record: Any) -> None:
    text = (
        "study: kinds\nseeds: [0, 1, 2]\nvariants:\n  - {id: a, baseline: true, paper: bottleneck}\n"
        f"  - {{id: b, set: {{block.width: 1.0}}, paper: wider}}\ntable: {{columns: [{column}]}}\n"
    )
    counts = {"a": Counts(3_503_120, 3_300_000, 2_150_000_000, 310_000_000, 1_300_000),
              "b": Counts(11_312_000, 11_000_000, 7_100_000_000, 310_000_000, 2_700_000)}  # fmt: skip
    plan = make_plan(text, counts)
    recorded = [
        record(plan, f"{row}/{seed}", metrics={"pckh": low + seed * step, "seconds": seconds + seed * more})
        for row, low, step, seconds, more in (("a", 60.0, 1.0, 660.0, 60.0), ("b", 70.0, 2.0, 7080.0, 120.0))
        for seed in (0, 1, 2)
    ]
    table = build_table(plan, trial_frame(plan, recorded))
    assert [row.cells[0].text for row in table.rows] == texts
    for format in FORMATS:
        assert render(table, format)


def test_groups_come_from_the_study(make_grouped: Callable[..., Table]) -> None:
    table = make_grouped()
    assert [head.group for head in table.columns] == [
        *["Cost"] * 3, *["PCKh by joint"] * 3, None, None, None, "Paper", None,
    ]  # fmt: skip
    assert [row.group for row in table.rows] == [None, *["Width & others"] * 2, *["Structure"] * 2]
    assert (table.siunitx, make_grouped(siunitx=True).siunitx) == (False, True)


def test_brackets_are_explained(make_grouped: Callable[..., Table]) -> None:
    said = [each.text for each in make_grouped().notes if each.text.startswith("In brackets")]
    assert said == ["In brackets: 95% t interval of the difference over seeds, paired where they are the same."]


def test_the_example_of_the_documentation_is_right(make_plan: Any, request: pytest.FixtureRequest) -> None:
    text = (request.config.rootpath / "docs" / "tables.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    plan = make_plan(example)
    table = build_table(plan, trial_frame(plan, []))
    assert {head.kind for head in table.columns} == {"metric", "delta", "ratio", "paper", "config", "n"}
    assert all(option in text for option in ("`second`", "`interval`", "`group`", "`siunitx: true`", "`aggregate`"))
