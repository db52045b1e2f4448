"""What two variants differ in, on a study made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.difference_tables import (
    configuration_table,
    network_table,
    remarks,
    results_table,
    to_tables,
    trials_table,
)
from analysis.render import FORMATS, render
from analysis.table_model import Table
from analysis.variant_difference import NetworkFacts, Side, VariantDifference, compare_sides, configuration_difference
from search_space.keys import assemble

FACTS = (
    NetworkFacts(361, 3, {"binary 1×1 convolution": 30, "binary 3×3 convolution": 14}),
    NetworkFacts(1009, 7, {"binary 3×3 convolution": 42, "concatenation": 14}),
)


@pytest.fixture
def differ(sample_plan, sample_records):
    """Compares two variants of the sample."""

    def compare(first: str, second: str) -> VariantDifference:
        variants = {variant.id: variant for variant in sample_plan.expanded.variants}
        sides = [Side(name, sample_plan, variants[name]) for name in (first, second)]
        return compare_sides(*sides, FACTS, sample_records)

    return compare


def texts(table: Table) -> dict[str, list[str]]:
    return {row.id: [cell.text for cell in row.cells] for row in table.rows}


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (
            "hierarchical",
            {
                "block.type": (("bottleneck", "hierarchical"), (True, True)),
                "block.remove_1x1": ((False, False), (True, False)),
                "block.width": ((0.5, 0.5), (True, False)),
                "block.depth": ((3, 3), (False, True)),
                "block.cardinality": ((1, 1), (False, True)),
            },
        ),
        ("wider", {"block.width": ((0.5, 1.0), (True, True))}),
        ("average", {"model.pooling": (("max", "average"), (True, True))}),
        (
            "real",
            {
                "model.binary": ((True, False), (True, True)),
                "model.relu": ((False, False), (True, False)),
                "model.relu_first": ((False, False), (False, True)),
                "model.shortcut_projection": (("binary", "binary"), (True, False)),
                "model.sign_gradient": (("straight_through", "straight_through"), (True, False)),
                "model.weight_scale": (("mean", "mean"), (True, False)),
                "training.clip_weights": ((False, False), (True, False)),
            },
        ),
        ("bottleneck", {}),
    ],
)
def test_the_keys_that_differ(sample_plan, second: str, expected: dict[str, object]) -> None:
    variants = {variant.id: variant for variant in sample_plan.expanded.variants}
    sides = [Side(name, sample_plan, variants[name]) for name in ("bottleneck", second)]
    found = configuration_difference(*sides)
    assert {each.key: (each.values, each.active) for each in found} == expected


def test_of_levels_of_the_hourglass_there_is_what_a_side_says(sample_plan) -> None:
    (variant, *_) = sample_plan.expanded.variants
    settings = {"block.type": "hierarchical", "level1.block.depth": 4, "level2.width": 0.5, "level6.width": 0.5}
    sides = [Side("x", sample_plan, replace(variant, config=assemble(each))) for each in ({}, settings)]
    found = {each.key: (each.values, each.active) for each in configuration_difference(*sides)}
    assert {key: value for key, value in found.items() if key.startswith("level")} == {
        "level1.block.depth": ((None, 4), (False, True)),
        "level2.width": ((1.0, 0.5), (True, True)),
    }


def test_a_key_that_means_nothing_is_shown_as_none(differ) -> None:
    table = configuration_table(differ("bottleneck", "hierarchical"))
    assert [head.header for head in table.columns] == ["bottleneck", "hierarchical"]
    assert texts(table) == {
        "block.type": ["bottleneck", "hierarchical"],
        "block.remove_1x1": ["false", "—"],
        "block.width": ["0.5", "—"],
        "block.depth": ["—", "3"],
        "block.cardinality": ["—", "1"],
    }


def test_the_number_of_synthetic_images_left_open_is_filled_in(make_plan) -> None:
    text = """
study: images
seeds: [0]
base: {data.train_images: null}
variants:
  - {id: open, baseline: true}
  - {id: said, set: {data.train_images: 2000, block.width: 1.0}}
  - {id: other, set: {data.train_images: 1999}}
"""
    plan = make_plan(text)
    sides = {variant.id: Side(variant.id, plan, variant) for variant in plan.expanded.variants}
    assert [each.key for each in configuration_difference(sides["open"], sides["said"])] == ["block.width"]
    (only,) = configuration_difference(sides["open"], sides["other"])
    assert (only.key, only.values) == ("data.train_images", (2000, 1999))


def test_networks_side_by_side(differ) -> None:
    found = texts(network_table(differ("bottleneck", "hierarchical")))
    assert found["params"] == ["3.50 M", "6.24 M", "+2.73 M", "1.78"]
    assert found["binary_params"] == ["3.30 M", "6.00 M", "+2.70 M", "1.82"]
    assert found["real_macs"] == ["0.31 G", "0.31 G", "—", "1.00"]
    assert found["size_bytes"] == ["1.3 MB", "1.9 MB", "+0.6 MB", "1.46"]
    assert found["receptive_field"] == ["361 px", "1,009 px", "+648 px", "—"]
    assert found["block_receptive_field"] == ["3 px", "7 px", "+4 px", "—"]
    assert found["layers.binary 1×1 convolution"] == ["30", "0", "−30", "—"]
    assert found["layers.binary 3×3 convolution"] == ["14", "42", "+28", "—"]
    assert found["layers.concatenation"] == ["0", "14", "+14", "—"]


def test_a_network_without_binary_weights_has_no_ratio(differ) -> None:
    found = texts(network_table(differ("real", "bottleneck")))
    assert found["binary_params"] == ["0.00 M", "3.30 M", "+3.30 M", "—"]


def test_results_side_by_side(differ) -> None:
    table = results_table(differ("bottleneck", "hierarchical"))
    found = texts(table)
    assert list(found)[:3] == ["pckh", "pckh/0", "pckh/1"]
    assert found["pckh"] == ["67.2 ± 0.3", "76.0 ± 0.4", "+8.8 ± 0.1"]
    assert found["pckh/0"] == ["67.0", "75.7", "+8.7"]
    assert found["pckh/1"] == ["67.4", "76.3", "+8.9"]
    assert found["validation_loss"] == ["0.0124 ± 0.0001", "0.0111 ± 0.0001", "−0.0013 ± 0.0000"]
    labels = {row.id: row.label for row in table.rows}
    assert (labels["seconds"], labels["seconds/0"]) == ("time (s)", "· seed 0")
    pckh = table.rows[0].cells
    assert pckh[1].runs == ("run-hierarchical/0", "run-hierarchical/1")
    assert (pckh[2].value, pckh[2].std) == (pytest.approx(8.8), pytest.approx(0.02**0.5))


def test_only_complete_trials_enter_and_the_others_are_said(differ) -> None:
    told = differ("wider", "real")
    assert texts(results_table(told))["pckh"] == ["60.1", "—", "—"]  # not the 99.0 of the failed seed
    table = trials_table(told)
    assert texts(table) == {"seed_0": ["complete", "failed"], "seed_1": ["failed", "failed"]}
    assert [(note.mark, note.text) for note in table.notes] == [
        ("a", "failed: RuntimeError: {out} of 100% memory_"),
        ("b", "failed: ValueError: loss is nan"),
    ]
    assert table.rows[1].cells[0].marks == ("a",)
    deeper = trials_table(differ("deeper", "wider"))
    assert texts(deeper) == {"seed_0": ["running", "complete"], "seed_1": ["not trained yet", "failed"]}


def test_a_seed_that_only_one_study_plans(differ, sample_plan) -> None:
    told = differ("bottleneck", "hierarchical")
    shorter = replace(told.results[1], trials=told.results[1].trials[:1])
    table = trials_table(replace(told, results=(told.results[0], shorter)))
    assert texts(table)["seed_1"] == ["complete", "not planned"]


def test_variants_of_two_studies_can_be_the_same_trials(differ, sample_plan) -> None:
    told = differ("bottleneck", "hierarchical")
    assert not told.same_trials
    assert replace(told, sides=(told.sides[0], replace(told.sides[0], name="other"))).same_trials


def test_which_metrics_stand_there(differ) -> None:
    told = differ("bottleneck", "hierarchical")
    assert [(each.metric.name, each.asked) for each in told.metrics] == [
        ("pckh", True), ("pckh_wrist", True), ("validation_loss", True), ("seconds", True),
    ]  # fmt: skip
    assert [each.metric.name for each in differ("real", "real").metrics] == [
        "pckh", "pckh_wrist", "validation_loss", "seconds",  # asked for, and not there
    ]  # fmt: skip


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_takes_the_tables(differ, format: str) -> None:
    tables = to_tables(differ("bottleneck", "hierarchical"))
    assert [table.caption for table in tables] == ["Configuration", "Network", "Trials", "Results"]
    for table in tables:
        text = render(table, format)
        assert len(text.splitlines()) >= len(table.rows)
        assert table.columns[1].header in text or table.columns[1].key in text
    assert [table.caption for table in to_tables(differ("real", "real"))] == ["Network", "Trials", "Results"]


def _at(side: Side, scale: str, version: str) -> Side:
    """The same side at another scale, on data of another version."""
    trials = tuple(replace(trial, data_version=version) for trial in side.plan.trials)
    return replace(side, plan=replace(side.plan, expanded=replace(side.plan.expanded, scale=scale), trials=trials))


def test_what_is_said_before_the_numbers(differ) -> None:
    told = differ("bottleneck", "hierarchical")
    assert remarks(told) == ["Both of scale tiny, data synthetic."]
    other = replace(told, sides=(told.sides[0], _at(told.sides[1], "laptop", "synthetic-2")))
    assert remarks(other) == [
        "bottleneck is of scale tiny, data synthetic; hierarchical is of scale laptop, data synthetic: "
        "their results do not compare.",
        "They are of different versions of the data set synthetic.",
    ]
    same = replace(told, sides=(told.sides[0], told.sides[0]), networks=(FACTS[0], FACTS[0]), configuration=())
    assert remarks(same)[1:] == [
        "They are the same trials, trained once.",
        "Their networks have the same layers and cost the same.",
    ]
