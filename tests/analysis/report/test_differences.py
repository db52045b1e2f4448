"""In which settings variants differ."""

from __future__ import annotations

import pytest

from analysis.report.differences import differences, differences_table

HEAD = "study: x\nseeds: [0]\nvariants:\n  - {id: a, label: A, baseline: true}\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("  - {id: b, set: {model.pooling: average}}\n", {"model.pooling": (("max", "average"), True)}),
        ("  - {id: b, set: {block.width: 1.0}}\n", {"block.width": (("0.5", "1.0"), True)}),
        (
            "  - {id: b, set: {augmentation.enabled: false}}\n",
            {
                "augmentation.enabled": (("true", "false"), True),
                "augmentation.rotation": (("15.0",), False),
                "augmentation.scale_min": (("0.9",), False),
                "augmentation.scale_max": (("1.1",), False),
                "augmentation.flip": (("true",), False),
            },
        ),
    ],
)
def test_only_keys_that_differ_are_told(
    make_plan, rows: str, expected: dict[str, tuple[tuple[str, ...], bool]]
) -> None:
    plan = make_plan(HEAD + rows)
    found = {each.key: (each.values, each.everywhere) for each in differences(plan.expanded.variants)}
    assert found == expected


def test_a_width_counts_by_what_is_built(make_plan) -> None:
    plan = make_plan(HEAD + "  - {id: b, set: {model.width: 0.5}}\n")
    (found,) = differences(plan.expanded.variants)
    features = plan.expanded.variants[0].config.model.features
    assert found.key == "model.features"
    assert found.values == (str(features), str(features // 2))


def test_the_table_says_what_means_nothing(sample_plan) -> None:
    found = differences(sample_plan.expanded.variants)
    table = differences_table(sample_plan, found)
    keys = [head.key for head in table.columns]
    assert keys == [each.key for each in found]
    assert {"block.type", "block.depth", "block.width", "model.binary", "model.pooling"} <= set(keys)
    assert "training.epochs" not in keys
    shown = {row.id: dict(zip(keys, (cell.text for cell in row.cells), strict=True)) for row in table.rows}
    assert (shown["deeper"]["block.depth"], shown["wider"]["block.depth"]) == ("4", "—")
    assert (shown["wider"]["block.width"], shown["deeper"]["block.width"]) == ("1.0", "—")
    assert shown["real"]["model.binary"] == "false"
    assert [row.id for row in table.rows if row.baseline] == ["bottleneck"]
    assert any("means nothing" in note.text for note in table.notes)
    numeric = {head.key: head.numeric for head in table.columns}
    assert numeric["block.depth"]
    assert not numeric["block.type"]
