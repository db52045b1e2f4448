"""What a study's table may say of groups and of a second best; mistakes have their place and how to mend them."""

from __future__ import annotations

import pytest

from search_space import InputError, expand
from search_space.identity import canonical
from search_space.table_spec import scattered

TWO = "variants:\n  - {id: a, baseline: true}\n  - {id: b, set: {block.type: hierarchical}}\n"
COLUMNS = [
    "{metric: pckh, group: G}",
    "{delta: pckh, group: G}",
    "{ratio: pckh, group: G}",
    "{paper: table2, column: PCKh, group: G}",
    "{config: block.type, group: G}",
    "{n: true, group: G}",
]


@pytest.mark.parametrize(
    ("groups", "places"),
    [
        ([], []),
        ([None, None], []),
        (["a", "a", "b", "b", None], []),
        (["a", "b", "a"], [2]),
        (["a", None, "a", "a"], [2]),
        (["a", None, "a", "b", "a"], [2, 4]),
        ([None, "a", None, "b", None], []),
    ],
)
def test_scattered(groups: list[str | None], places: list[int]) -> None:
    assert scattered(groups) == places


def test_every_kind_of_column_takes_a_group(write_study) -> None:
    study = write_study(f"study: x\n{TWO}table: {{columns: [{', '.join(COLUMNS)}]}}\n")
    assert [column.group for column in study.spec.table.columns] == ["G"] * len(COLUMNS)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        (
            f"study: x\n{TWO}table:\n  columns:\n    - {{metric: pckh_hip, group: joints}}\n    - {{metric: pckh}}\n"
            "    - {metric: pckh_knee, group: joints}\n",
            ":9:34",
            "the group 'joints' comes back: its columns are not neighbours; move the column to the others",
        ),
        (
            "study: x\nvariants:\n  - {id: a, group: real}\n  - {id: b, set: {block.width: 1.0}, group: binary}\n"
            "  - {id: c, set: {block.width: 2.0}, group: real}\n",
            ":5:10",
            "the group 'real' comes back at 'c': its rows are not neighbours; put the rows of a group one after",
        ),
        (f"study: x\n{TWO}table: {{columns: [{{metric: pckh, group: ''}}]}}\n", ":5:41", "at least 1 character"),
        (f"study: x\n{TWO}table: {{columns: [{{metric: pckh, groop: a}}]}}\n", ":5:34", "did you mean 'group'?"),
        (
            f"study: x\n{TWO}table: {{columns: [{{metric: pckh, second: true}}]}}\n",
            ":5:42",
            "no second best without a best; write `best: max`",
        ),
        (f"study: x\n{TWO}table: {{siunitx: 1}}\n", ":5:18", "'siunitx': input should be a valid boolean"),
    ],
)
def test_mistakes(text: str, place: str, what: str, write_study) -> None:
    with pytest.raises(InputError) as raised:
        expand(write_study(text))
    assert f"study.yaml{place}: " in str(raised.value)
    assert what in str(raised.value)


def test_groups_of_rows_are_labels_only(write_study) -> None:
    bare = expand(write_study(f"study: x\n{TWO}"))
    grouped = expand(write_study(f"study: x\n{TWO}".replace("id: b,", "id: b, group: Hierarchical blocks,")))
    assert [variant.group for variant in bare.variants] == [None, None]
    assert [variant.group for variant in grouped.variants] == [None, "Hierarchical blocks"]
    assert [canonical(t.config, "1") for t in bare.trials] == [canonical(t.config, "1") for t in grouped.trials]


@pytest.mark.parametrize(
    ("design", "groups"),
    [
        (
            "baseline: {id: base, group: Ours}\none_factor_at_a_time:\n"
            "  loss.name: [{value: l2, group: Loss}]\n  model.pooling: [average]\n",
            ["Ours", "Loss", None],
        ),
        ("leave_one_out: {model.relu: {value: true, group: Parts}, model.pooling: average}\n", [None, "Parts", None]),
        (
            "grid:\n  model.binary: [{value: true, group: binary}, {value: false, group: real}]\n"
            "  block.width: [0.5, 1.0]\n",
            ["binary", "binary", "real", "real"],
        ),
    ],
)
def test_groups_of_other_designs(design: str, groups: list[str | None], write_study) -> None:
    assert [variant.group for variant in expand(write_study(f"study: x\n{design}")).variants] == groups
