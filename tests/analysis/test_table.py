from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from analysis.frame import trial_frame
from analysis.table import build_table
from analysis.table_model import Table
from blocks.count import Counts
from runners.planning import Plan, plan_study
from runners.record.recorded import RecordedTrial
from search_space import expand, read_study
from tests.analysis.pair import PAIR, cell, note


@pytest.mark.parametrize(
    ("row", "key", "text"),
    [
        ("hierarchical", "params", "6.24 M"),
        ("hierarchical", "config.block.depth", "3"),
        ("bottleneck", "config.block.depth", "—"),
        ("average", "config.model.pooling", "average"),
        ("hierarchical", "pckh", "76.0 ± 0.4"),
        ("wider", "pckh", "60.1"),
        ("deeper", "pckh", "—"),
        ("real", "pckh", "failed"),
        ("hierarchical", "delta_pckh", "+8.8"),
        ("wider", "delta_pckh", "−7.1"),
        ("bottleneck", "delta_pckh", "—"),
        ("real", "delta_pckh", "—"),
        ("hierarchical", "validation_loss", "0.0111"),
        ("hierarchical", "seconds", "62 s"),
        ("hierarchical", "n", "2"),
        ("wider", "n", "1/2"),
        ("hierarchical", "paper_table2_params", "6.2 M"),
        ("hierarchical", "paper_table2_PCKh", "76.0"),
        ("deeper", "paper_table2_PCKh", "—"),
    ],
)
def test_texts(sample_table: Table, row: str, key: str, text: str) -> None:
    assert cell(sample_table, row, key).text == text


CLAIMS = """
study: claims
seeds: [0, 1]
variants:
  - {id: binary, baseline: true, paper: binary}
  - {id: real, set: {model.binary: false}, paper: real}
  - {id: l2, set: {loss.name: l2}, paper: l2}
  - {id: wide, set: {block.width: 1.0}}
table:
  columns: [{metric: pckh}, {ratio: pckh}, {ratio: params}, {paper: claims, column: gradient_ratio}]
"""


def test_a_ratio_to_the_baseline_beside_the_papers_words(make_plan, record) -> None:
    plan = make_plan(CLAIMS, {name: Counts(size) for name, size in
                              [("binary", 200), ("real", 200), ("l2", 200), ("wide", 700)]})  # fmt: skip
    values = {"binary/0": 10.0, "binary/1": 20.0, "real/0": 30.0, "real/1": 40.0, "l2/1": 3.0}
    table = build_table(
        plan, trial_frame(plan, [record(plan, name, metrics={"pckh": value}) for name, value in values.items()])
    )
    assert cell(table, "real", "ratio_pckh").text == "2.33 ± 0.71"  # 70 / 30; 3 and 2 seed by seed
    assert cell(table, "real", "ratio_pckh").value == pytest.approx(7 / 3)
    assert cell(table, "binary", "ratio_pckh").text == "—"
    assert cell(table, "l2", "ratio_pckh").text == "0.20"
    assert cell(table, "l2", "ratio_pckh").std is None
    assert "1 of 2 seeds: seed 0 not trained yet" in note(table, cell(table, "l2", "ratio_pckh").marks[0])
    assert cell(table, "wide", "ratio_params").text == "3.50"
    assert [cell(table, row, "paper_claims_gradient_ratio").text for row in ("binary", "real", "l2", "wide")] == [
        "1", "up to 10", "1/15 to 1/10", "—",
    ]  # fmt: skip
    said = [each.text for each in table.notes if each.mark is None]
    assert "Ratio: the mean as a multiple of that of ‘binary’." in said
    assert any(text.startswith("Paper: Sections 4.5 and 5 of Bulat") for text in said)


def test_raw_numbers(sample_table: Table) -> None:
    pckh = cell(sample_table, "hierarchical", "pckh")
    assert pckh.value == pytest.approx(76.0)
    assert pckh.std == pytest.approx(math.sqrt(0.18))
    assert (pckh.n, pckh.n_planned, pckh.runs) == (2, 2, ("run-hierarchical/0", "run-hierarchical/1"))
    delta = cell(sample_table, "hierarchical", "delta_pckh")
    assert delta.value == pytest.approx(8.8)
    assert delta.std == pytest.approx(math.sqrt(0.02))
    assert delta.runs == ("run-hierarchical/0", "run-hierarchical/1", "run-bottleneck/0", "run-bottleneck/1")
    assert cell(sample_table, "bottleneck", "delta_pckh").value == 0.0
    params = cell(sample_table, "wider", "params")
    assert (params.value, params.std, params.n) == (11_312_000, None, None)
    assert cell(sample_table, "wider", "paper_table2_params").value == 11_300_000


def test_only_complete_trials_enter(sample_table: Table) -> None:
    assert cell(sample_table, "wider", "pckh").value == 60.1  # not with the 99.0 that the failed seed had reached
    assert cell(sample_table, "wider", "pckh").std is None
    assert cell(sample_table, "deeper", "pckh").value is None  # not the 12.0 of the trial that runs


def test_what_is_missing_is_said(sample_table: Table) -> None:
    assert cell(sample_table, "wider", "pckh").marks == ("a",)
    assert note(sample_table, "a") == "1 of 2 seeds: seed 1 failed: RuntimeError: {out} of 100% memory_"
    assert note(sample_table, "b") == "0 of 2 seeds: seed 0 still running; seed 1 not trained yet"
    assert note(sample_table, "c").startswith("0 of 2 seeds: seed 0 failed: RuntimeError")
    for key in ("pckh", "delta_pckh", "validation_loss", "seconds", "n"):
        assert [cell(sample_table, row, key).marks for row in ("wider", "deeper", "real")] == [("a",), ("b",), ("c",)]
    assert all(not mark for row in ("bottleneck", "hierarchical", "average") for mark in _marks(sample_table, row))


def _marks(table: Table, row: str) -> list[tuple[str, ...]]:
    return [each.marks for each in next(r for r in table.rows if r.id == row).cells]


def test_best_of_the_sample(sample_table: Table) -> None:
    best = {(row.id, head.key) for row in sample_table.rows
            for head, each in zip(sample_table.columns, row.cells, strict=True) if each.best}  # fmt: skip
    # params: three share the smallest; Wrist: 57.7 ± 0.6 against 57.3 ± 0.4; val. loss: equal as printed.
    assert best == {("hierarchical", "pckh"), ("hierarchical", "validation_loss"), ("wider", "validation_loss")}


def test_general_notes(sample_table: Table) -> None:
    text = " ".join(each.text for each in sample_table.notes if each.mark is None)
    assert "Scale tiny; data set synthetic (64 px)." in text
    assert "Mean ± standard deviation over 2 seeds (0 and 1)." in text
    assert "val. loss: median over seeds." in text
    assert "Δ: difference to ‘Bottleneck & 100%" in text
    assert "Table 2 of Bulat and Tzimiropoulos (2020)" in text
    assert "(PCKh); best, however small the lead (val. loss)." in text


@pytest.mark.parametrize(
    ("column", "values", "best"),
    [
        # mark: beyond_noise, two seeds each
        ("{metric: pckh, best: max}", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], {"two"}),
        ("{metric: pckh, best: max}", [(70.0, 80.0), (75.0, 75.2), (60.0, 60.2)], set()),
        ("{metric: pckh, best: min}", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], {"three"}),
        ("{metric: pckh, best: auto}", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], {"two"}),
        ("{metric: train_loss, best: auto}", [(7.0, 7.02), (7.5, 7.52), (6.0, 6.02)], {"three"}),
        ("{metric: pckh, best: none}", [(70.0, 70.2), (75.0, 75.2), (60.0, 60.2)], set()),
        # two that share the second place, one of them noisy: both count as the next
        ("{metric: pckh, best: max}", [(60.0, 80.0), (75.0, 75.2), (70.0, 70.0)], set()),
        # equal as printed, though 75.04 > 75.03
        ("{metric: pckh, best: max, mark: always}", [(75.04, 75.04), (75.03, 75.03), (60.0, 60.0)], {"one", "two"}),
        ("{metric: pckh, best: max, mark: always, digits: 2}", [(75.04, 75.04), (75.03, 75.03), (6.0, 6.0)], {"one"}),
        ("{metric: pckh, best: max}", [(75.04, 75.04), (75.03, 75.03), (60.0, 60.0)], set()),
        # 40.4 ± 0.0 and 40.3 ± 0.0 as printed: rounding has hidden the noise, and made a lead of 0.002 one of 0.1
        ("{metric: pckh, best: max}", [(40.316, 40.386), (40.314, 40.384), (10.0, 10.0)], set()),
        # one seed, or a single row with values
        ("{metric: pckh, best: max}", [(70.0,), (75.0,), (60.0,)], set()),
        ("{metric: pckh, best: max, mark: always}", [(70.0,), (75.0,), (60.0,)], {"two"}),
        ("{metric: pckh, best: max, mark: always}", [(), (75.0,), ()], set()),
        ("{metric: pckh, best: max, aggregate: max}", [(70.0, 70.2), (75.0, 75.2), ()], {"two"}),
    ],
)
def test_best(
    column: str,
    values: list[tuple[float, ...]],
    best: set[str],
    make_plan: Callable[..., Plan],
    record: Callable[..., RecordedTrial],
) -> None:
    seeds = ", ".join(str(seed) for seed in range(max(map(len, values))))
    plan = make_plan(PAIR.format(seeds=seeds, column=column))
    metric = plan.expanded.study.spec.table.columns[0].metric  # type: ignore[union-attr]
    recorded = [
        record(plan, f"{variant}/{seed}", metrics={metric: value})
        for variant, each in zip(("one", "two", "three"), values, strict=True)
        for seed, value in enumerate(each)
    ]
    table = build_table(plan, trial_frame(plan, recorded))
    assert {row.id for row in table.rows if row.cells[0].best} == best


def test_counted_metrics_are_exact(make_plan: Callable[..., Plan]) -> None:
    text = PAIR.format(seeds="0", column="{metric: params, format: number, best: auto}")
    plan = make_plan(text, {"one": Counts(3), "two": Counts(2), "three": Counts(3)})
    table = build_table(plan, trial_frame(plan, []))
    assert [row.cells[0].best for row in table.rows] == [False, True, False]
    assert all(not row.cells[0].marks for row in table.rows)


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({}, "recorded without it; --fresh trains again"),
        ({"pckh": math.nan}, "recorded without it; --fresh trains again"),
        ({"pckh": math.inf}, "diverged (infinite)"),
    ],
)
def test_complete_without_a_number(metrics: dict[str, float], words: str, make_plan: Any, record: Any) -> None:
    plan = make_plan(PAIR.format(seeds="0, 1", column="{metric: pckh}"))
    recorded = [record(plan, "two/0", metrics={"pckh": 50.0}), record(plan, "two/1", metrics=metrics)]
    table = build_table(plan, trial_frame(plan, recorded))
    two = cell(table, "two", "pckh")
    assert (two.text, two.n) == ("50.0", 1)
    assert note(table, two.marks[0]) == f"1 of 2 seeds: seed 1 {words}"


def test_difference_without_and_with_part_of_the_baseline(make_plan: Any, record: Any) -> None:
    plan = make_plan(PAIR.format(seeds="0, 1", column="{delta: pckh, digits: 2}"))
    two = [record(plan, f"two/{seed}", metrics={"pckh": 50.0 + seed}) for seed in (0, 1)]
    without = build_table(plan, trial_frame(plan, two))
    lone = cell(without, "two", "delta_pckh")
    assert (lone.text, lone.value) == ("—", None)
    assert "the baseline has no complete trial" in note(without, lone.marks[0])
    part = build_table(plan, trial_frame(plan, [*two, record(plan, "one/0", metrics={"pckh": 48.0})]))
    told = cell(part, "two", "delta_pckh")
    assert (told.text, told.value, told.std) == ("+2.50", 2.5, None)
    assert [note(part, mark) for mark in told.marks] == ["1 of 2 seeds: seed 1 not trained yet"]


def test_one_seed_is_said(make_plan: Any, record: Any) -> None:
    plan = make_plan(PAIR.format(seeds="3", column="{metric: pckh}"), overrides=["training.epochs=2"])
    table = build_table(plan, trial_frame(plan, [record(plan, "two/3", metrics={"pckh": 50.0})]))
    assert cell(table, "two", "pckh").text == "50.0"
    assert [each.text for each in table.notes if each.mark is None] == [
        "Scale tiny; data set synthetic (64 px); with training.epochs = 2.",
        "One seed (3), so without deviations.",
    ]
    assert (table.caption, table.label) == ("pair", "tab:pair")


def test_columns_that_repeat_get_keys_of_their_own(make_plan: Any) -> None:
    columns = "{metric: pckh}\n    - {metric: pckh, aggregate: max}\n    - {delta: params}"
    plan = make_plan(PAIR.format(seeds="0", column=columns))
    table = build_table(plan, trial_frame(plan, []))
    assert [head.key for head in table.columns] == ["pckh", "pckh_2", "delta_params"]
    assert [row.cells[2].text for row in table.rows] == ["—", "0.0000 M", "0.0000 M"]


def test_a_long_error_is_cut(make_plan: Any, record: Any) -> None:
    plan = make_plan(PAIR.format(seeds="0", column="{metric: pckh}"))
    table = build_table(plan, trial_frame(plan, [record(plan, "one/0", "failed", error="\n  x" * 5 + "y" * 500)]))
    assert note(table, "a") == "0 of 1 seed: seed 0 failed: x"
    table = build_table(plan, trial_frame(plan, [record(plan, "one/0", "failed", error="y" * 500)]))
    assert note(table, "a").endswith("y…")
    assert len(note(table, "a")) < 160


def test_a_frame_of_another_plan_is_refused(sample_plan: Plan, make_plan: Any) -> None:
    other = make_plan(PAIR.format(seeds="0", column="{metric: pckh}"))
    with pytest.raises(ValueError, match="does not hold the trials that the study 'pair' plans"):
        build_table(other, trial_frame(sample_plan, []))
    frame = trial_frame(sample_plan, [])
    with pytest.raises(ValueError, match="'sample'"):
        build_table(sample_plan, frame.iloc[1:])


@pytest.mark.parametrize("study", ["quickstart", "table2_blocks"])
def test_the_studies_of_the_project_have_tables(study: str, request: pytest.FixtureRequest) -> None:
    plan = plan_study(expand(read_study(request.config.rootpath / "studies" / f"{study}.yaml"), "tiny"))
    table = build_table(plan, trial_frame(plan, []))
    assert len(table.rows) == len(plan.expanded.variants)
    assert all(row.cells[0].value == plan.counts[row.id].params for row in table.rows)
