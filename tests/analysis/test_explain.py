"""The runs behind single numbers of tables made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.explain import Explanation, explain
from analysis.frame import trial_frame
from analysis.joined import join_tables
from analysis.joined_part import Part
from analysis.table import build_table
from runners.planning import plan_study
from search_space import InputError, expand, read_study
from search_space.table_spec import MetricColumn


@pytest.fixture
def told(sample_plan, sample_records, sample_table):
    """Explains a cell of the sample."""
    return lambda row, column: explain(sample_table, [sample_plan], sample_records, row, column)


def trials(told: Explanation) -> list[tuple[str, str, int, str, float | None]]:
    return [(each.of, each.variant, each.seed, each.state, each.value) for each in told.trials]


def test_a_mean_over_seeds(told) -> None:
    found = told("hierarchical", "pckh")
    assert (found.study, found.row.id, found.column.key, found.cell.text) == (
        "sample", "hierarchical", "pckh", "76.0 ± 0.4",
    )  # fmt: skip
    assert trials(found) == [
        ("row", "hierarchical", 0, "complete", 75.7),
        ("row", "hierarchical", 1, "complete", 76.3),
    ]
    assert found.cell.value == pytest.approx(sum(trial.value for trial in found.trials) / 2)
    assert [trial.run for trial in found.trials] == list(found.cell.runs)
    assert found.trials[0].fingerprint == "fp-hierarchical-0"
    assert (found.trials[0].where, found.trials[0].trained_in) == ("here", "sample/hierarchical")
    assert found.trials[0].started.isoformat() == "2026-03-01T12:00:00+00:00"
    assert "mean over 2 seeds" in found.formula
    assert "sample standard deviation" in found.formula
    assert found.notes == ()


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("wider", "pckh", "the value of the only complete seed: no deviation"),
        ("real", "pckh", "no number: no complete trial reported it"),
        ("hierarchical", "validation_loss", "median over 2 seeds"),
        ("hierarchical", "seconds", "mean over 2 seeds"),
        ("hierarchical", "delta_pckh", "its deviation is that of the differences seed by seed"),
        ("wider", "delta_pckh", "without a deviation, which takes two seeds of both"),
        ("bottleneck", "delta_pckh", "the row is the baseline itself"),
        ("real", "delta_pckh", "no number: the row or the baseline"),
        ("hierarchical", "params", "follows from the network"),
        ("hierarchical", "config.block.depth", "the key 'block.depth', from the study's base, the scale tiny"),
        ("deeper", "config.block.depth", "the key 'block.depth', set by the row"),
        ("bottleneck", "config.block.depth", "means something only where 'block.type' is hierarchical"),
        ("hierarchical", "paper_table2_params", "Table 2 of the paper, in its row 'hierarchical', column 'params'"),
        ("real", "paper_table2_PCKh", "Table 2 of the paper has no such row"),
        ("wider", "n", "how many trials of the row are complete"),
    ],
)
def test_formulas(told, row: str, column: str, words: str) -> None:
    assert words in told(row, column).formula


def test_what_failed_and_what_is_missing_stands_there(told) -> None:
    failed = told("wider", "pckh")
    assert trials(failed) == [("row", "wider", 0, "complete", 60.1), ("row", "wider", 1, "failed", None)]
    assert failed.trials[1].error.startswith("RuntimeError: {out} of 100% memory_")
    assert failed.trials[1].lack == "failed: RuntimeError: {out} of 100% memory_"
    assert failed.notes == ("1 of 2 seeds: seed 1 failed: RuntimeError: {out} of 100% memory_",)
    deeper = told("deeper", "pckh")
    assert [(each.state, each.lack, each.run) for each in deeper.trials] == [
        ("running", "still running", "run-deeper/0"),
        ("missing", "not trained yet", None),
    ]
    assert trials(told("wider", "n")) == [("row", "wider", 0, "complete", None), ("row", "wider", 1, "failed", None)]


def test_a_difference_has_the_baselines_trials_too(told) -> None:
    found = told("hierarchical", "delta_pckh")
    assert trials(found)[2:] == [("baseline", "bottleneck", 0, "complete", 67.0),
                                 ("baseline", "bottleneck", 1, "complete", 67.4)]  # fmt: skip
    assert [trial.run for trial in found.trials] == list(found.cell.runs)
    assert [trial.of for trial in told("bottleneck", "delta_pckh").trials] == ["row", "row"]


def test_a_difference_of_other_seeds(make_plan, record) -> None:
    text = """
study: seeds
seeds: [0, 1, 2]
variants:
  - {id: one, baseline: true}
  - {id: two, set: {block.width: 1.0}}
table: {columns: [{delta: pckh}]}
"""
    plan = make_plan(text)
    values = {"one/0": 1.0, "one/1": 2.0, "two/0": 5.0, "two/1": 5.5, "two/2": 6.0}
    runs = [record(plan, name, metrics={"pckh": value}) for name, value in values.items()]
    table = build_table(plan, trial_frame(plan, runs))
    told = explain(table, [plan], runs, "two", "delta_pckh")
    assert "the root of the sum of the two variances" in told.formula


def test_what_follows_from_the_network_has_no_trials(told) -> None:
    found = told("wider", "params")
    assert found.trials == ()
    assert found.cell.value == 11_312_000  # as the plan counts, here by hand
    assert told("wider", "pckh").parts == ()


@pytest.mark.parametrize("metric", ["params", "binary_macs", "real_macs", "size_bytes"])
def test_a_counted_number_is_the_sum_of_its_networks_parts(metric: str, request) -> None:
    path = request.config.rootpath / "studies" / "table11_stacks.yaml"
    plan = plan_study(expand(read_study(path), "tiny"))
    text = plan.expanded.study.spec.table
    spec = text.model_copy(update={"columns": (MetricColumn(metric=metric),)})
    study = replace(plan.expanded.study, spec=plan.expanded.study.spec.model_copy(update={"table": spec}))
    plan = replace(plan, expanded=replace(plan.expanded, study=study))
    table = build_table(plan, trial_frame(plan, []))
    for row in table.rows:
        found = explain(table, [plan], [], row.id, metric)
        assert sum(value for _, value in found.parts) == getattr(plan.counts[row.id], metric) == found.cell.value
        names = [name for name, _ in found.parts]
        assert len(names) == len(set(names))
        assert all(value > 0 for _, value in found.parts)
        assert any(name.startswith("stacks.0.") for name in names)


def test_another_studys_trial_is_named(told) -> None:
    assert [trial.trained_in for trial in told("average", "pckh").trials] == ["other/average", "other/average"]


@pytest.mark.parametrize(
    ("row", "column"), [("Hierarchical", "pckh"), ("hierarchical", "PCKh"), ("Hierarchical", "Δ PCKh")]
)
def test_names_as_they_are_printed(told, row: str, column: str) -> None:
    assert told(row, column).row.id == "hierarchical"


@pytest.mark.parametrize(
    ("row", "column", "parts"),
    [
        ("hierachical", "pckh", ["no row 'hierachical'", "did you mean 'hierarchical'?"]),
        ("wider", "pck", ["no column 'pck'", "did you mean 'pckh'?"]),
        ("nothing", "delta_pck", ["no row 'nothing'", "known: bottleneck", "did you mean 'delta_pckh'?"]),
    ],
)
def test_unknown_names(told, row: str, column: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        told(row, column)
    for part in parts:
        assert part in str(error.value)


def test_in_a_table_of_two_studies(make_plan, record) -> None:
    parts, runs = [], []
    for name, extra in (("one", ""), ("two", ", {metric: pckh_wrist}")):
        text = f"""
study: {name}
seeds: [0]
base: {{training.epochs: {len(name + extra)}}}
variants:
  - {{id: base, baseline: true}}
  - {{id: {name}, set: {{block.width: 1.0}}}}
table: {{columns: [{{metric: pckh}}, {{delta: pckh}}{extra}]}}
"""
        plan = make_plan(text)
        for trial in plan.trials:
            object.__setattr__(trial, "fingerprint", f"{name}-{trial.name}")  # two studies made by hand share none
        own = [record(plan, f"{row}/0", run_id=f"{name}-{row}", metrics={"pckh": 9.0}) for row in ("base", name)]
        runs += own
        parts.append(Part(plan, build_table(plan, trial_frame(plan, own))))
    table, plans = join_tables(parts), [part.plan for part in parts]
    assert [each.run for each in explain(table, plans, runs, "two/base", "pckh").trials] == ["two-base"]
    told = explain(table, plans, runs, "two", "delta_pckh")  # one row is called so
    assert [each.run for each in told.trials] == ["two-two", "two-base"]
    lacking = explain(table, plans, runs, "one/base", "pckh_wrist")
    assert lacking.formula == "no number: the row's study does not have this column"
    with pytest.raises(InputError, match="several such rows; one of one/base, two/base"):
        explain(table, plans, runs, "base", "pckh")
