"""Which keys mean something: alternatives, and the levels of the hourglass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space import InputError, TrialConfig, expand, fingerprint
from search_space.conditions import CONDITIONS, active_settings, depends_on, resolved, unmet
from search_space.identity import LATER_KEYS
from search_space.keys import LEVELS, all_keys, assemble, check_value, flatten
from search_space.phases import predecessor


def flat_of(settings: dict[str, Any]) -> dict[str, Any]:
    return flatten(assemble(settings))


ACTIVE = [
    ("model.relu_first", {}, False),
    ("model.relu_first", {"model.relu": True}, True),
    ("model.relu_first", {"model.binary": False}, True),
    ("model.relu_first", {"model.binary": False, "model.relu": True}, True),
    ("level0.block.type", {}, True),
    ("level0.block.type", {"model.order": 1}, True),
    ("level0.block.type", {"model.hourglass": "improved"}, False),
    ("level0.block.width", {"model.hourglass": "improved"}, False),
    ("level1.block.type", {"model.hourglass": "improved"}, True),
    ("level4.block.type", {}, True),
    ("level5.block.type", {}, False),
    ("level5.block.type", {"model.order": 5}, True),
    ("level4.width", {"model.order": 3}, False),
    ("level4.width", {"model.order": 4}, True),
    ("level2.block.depth", {}, False),
    ("level2.block.depth", {"block.type": "hierarchical"}, True),
    ("level2.block.depth", {"block.type": "hierarchical", "level2.block.type": "bottleneck"}, False),
    ("level2.block.depth", {"level2.block.type": "hierarchical"}, True),
    ("level2.block.depth", {"level2.block.type": "hierarchical", "model.order": 1}, False),
    ("level2.block.width", {"level2.block.type": "hierarchical"}, False),
    ("level2.block.remove_1x1", {"level2.block.type": "multi_scale"}, True),
    ("block.depth", {"level2.block.type": "hierarchical"}, True),
    ("block.depth", {"level2.block.type": "hierarchical", "level2.block.depth": 4}, False),
    ("block.depth", {"level2.block.type": "hierarchical", "model.order": 1}, False),
    ("block.width", {"block.type": "hierarchical", "level0.block.type": "bottleneck"}, True),
]


@pytest.mark.parametrize(("key", "settings", "active"), ACTIVE)
def test_where_a_key_means_something(key: str, settings: dict[str, Any], active: bool) -> None:
    assert (unmet(key, flat_of(settings)) is None) == active


MESSAGES = [
    ({"model.relu_first": True}, "only where 'model.relu' is true or 'model.binary' is false, and in 'x' "
     "'model.relu' is false and 'model.binary' is true"),
    ({"level5.width": 0.5}, "'level5.width' means something only where 'model.order' is 5 or 6, and in 'x' it is 4"),
    ({"level4.block.type": "hierarchical", "model.order": 2}, "'model.order' is 4 to 6, and in 'x' it is 2"),
    ({"level2.block.depth": 4}, "only where 'level2.block.type' is hierarchical, and in 'x' it is null, "
     "as 'block.type' bottleneck"),
    ({"level0.block.type": "hierarchical", "model.hourglass": "improved"}, "'model.hourglass' is standard"),
    ({"block.depth": 4}, "only where 'block.type' is hierarchical, there or in a level, and in 'x' it is bottleneck"),
    ({"level2.block.depht": 4}, "did you mean 'level2.block.depth'?"),
    ({"level7.width": 0.5}, "unknown key 'level7.width'"),
    ({"level0.width": 0.5}, "unknown key 'level0.width'"),
    ({"level2.block.type": "hierachical"}, "must be one of bottleneck, multi_scale, hierarchical, null"),
    ({"level2.block.type": None, "level1.width": 1.0}, "nothing that it sets makes a difference"),
    ({"level2.block.type": "bottleneck"}, "nothing that it sets makes a difference"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "message"), MESSAGES, ids=str)
def test_a_study_is_told(settings: dict[str, Any], message: str, write_study) -> None:
    set_ = ", ".join(f"{key}: {'null' if value is None else str(value).lower()}" for key, value in settings.items())
    study = write_study(f"study: s\nvariants: [{{id: a, baseline: true}}, {{id: x, set: {{{set_}}}}}]\n")
    with pytest.raises(InputError) as caught:
        expand(study, "paper")
    assert message in str(caught.value)


def test_levels_can_be_written_as_a_tree(write_study) -> None:
    tree = "{level1: {block: {type: hierarchical, depth: 4}, width: 0.5}}"
    text = f"study: s\nvariants: [{{id: a}}, {{id: x, set: {tree}}}]\n"
    model = expand(write_study(text), "paper").variants[1].config.model
    level = model.levels.level1
    assert (level.block.type, level.block.depth, level.width) == ("hierarchical", 4, 0.5)


SAME = [
    ({}, {"level1.block.type": "bottleneck", "level2.width": 1.0, "level3.block.width": 0.5}),
    ({"block.type": "hierarchical", "block.depth": 4}, {"block.type": "hierarchical", "block.depth": 4,
     "level0.block.type": "hierarchical", "level1.block.depth": 4}),
    # What a level has from a block that does not use it itself is the level's.
    ({"level2.block.type": "hierarchical", "level2.block.depth": 5},
     {"level2.block.type": "hierarchical", "block.depth": 5}),
    ({"level2.block.type": "hierarchical", "level2.block.depth": 3}, {"level2.block.type": "hierarchical"}),
    ({"model.order": 2}, {"model.order": 2, "level3.width": 0.5, "level4.block.type": "hierarchical"}),
    ({"model.hourglass": "improved"}, {"model.hourglass": "improved", "level0.block.type": "hierarchical"}),
    ({}, {"model.relu_first": True}),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_what_trains_the_same_has_one_identity(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint(assemble(one), "d") == fingerprint(assemble(other), "d")


def test_levels_in_the_active_settings_are_what_differs() -> None:
    flat = {"level2.block.type": "hierarchical", "level1.block.type": "bottleneck", "level3.width": 0.5}
    active = active_settings(assemble({**flat, "block.depth": 5}))
    plain = active_settings(TrialConfig())
    assert {key: value for key, value in active.items() if key not in plain} == {
        "level2.block.type": "hierarchical",
        "level2.block.depth": 5,
        "level2.block.cardinality": 1,
        "level3.width": 0.5,
    }
    assert set(plain) <= set(active)


def test_all_keys_of_levels_came_later() -> None:
    assert {key for key in all_keys() if key.startswith("level")} <= set(LATER_KEYS)
    assert not [key for key in active_settings(TrialConfig()) if key.startswith("level")]


def test_the_stack_before_has_the_same_levels() -> None:
    settings = {"model.stacks": 2, "training.stacking": "sequential", "training.joint_epochs": 0, "level1.width": 0.5}
    before = predecessor(assemble(settings))
    assert before is not None
    assert fingerprint(before, "d") == fingerprint(assemble({"level1.width": 0.5}), "d")


def test_each_key_has_one_condition_and_none_depends_on_itself() -> None:
    keys = [condition.key for condition in CONDITIONS]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(all_keys())
    assert all(key not in depends_on(key) <= set(all_keys()) for key in all_keys())


def test_what_a_key_depends_on() -> None:
    assert depends_on("training.epochs") == set()
    assert depends_on("model.relu_first") == {"model.relu", "model.binary"}
    assert depends_on("level2.block.depth") == {"level2.block.type", "block.type", "model.order"}
    assert depends_on("level0.block.type") == {"model.hourglass"}


_LEVEL_VALUES = {
    "type": ("bottleneck", "multi_scale", "hierarchical"),
    "remove_1x1": (True, False),
    "width": (0.25, 0.5),
    "depth": (2, 3),
    "cardinality": (1, 2),
}


@st.composite
def _levelled(draw: st.DrawFn) -> dict[str, Any]:
    keys = {
        **{f"block.{name}": st.sampled_from(values) for name, values in _LEVEL_VALUES.items()},
        **{
            f"level{n}.block.{name}": st.sampled_from((*values, None))
            for n in LEVELS
            for name, values in _LEVEL_VALUES.items()
        },
        **{f"level{n}.width": st.sampled_from((0.5, 1.0)) for n in LEVELS[1:]},
        "model.order": st.integers(1, 6),
        "model.hourglass": st.sampled_from(("standard", "improved")),
    }  # fmt: skip
    return draw(st.fixed_dictionaries({}, optional=keys))


@given(_levelled())
def test_the_active_settings_are_all_that_the_blocks_depend_on(settings: dict[str, Any]) -> None:
    """What is left out can be put back from `block.*`; what is kept changes a block that is built."""
    config = assemble(settings)
    active = active_settings(config)
    again = assemble({key: value for key, value in active.items() if key in ("model.order", "model.hourglass")
                      or key.startswith(("block.", "level"))})  # fmt: skip
    assert active_settings(again) == active
    flat, rebuilt = flatten(config), flatten(again)
    for level in LEVELS:
        for key in (f"level{level}.block.{name}" for name in _LEVEL_VALUES):
            if unmet(key, flat) is None:
                assert resolved(key, flat) == resolved(key, rebuilt)


@given(_levelled(), st.sampled_from(sorted(all_keys())), st.sampled_from(sorted(all_keys())))
def test_only_what_a_key_depends_on_decides_whether_it_means_something(settings, key: str, other: str) -> None:
    if other in depends_on(key):
        return
    before = flat_of(settings)
    for value in all_keys()[other].choices or ():
        assert (unmet(key, before) is None) == (unmet(key, {**before, other: value}) is None)


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [("level1.block.type", None, True), ("level1.block.type", "hierarchical", True), ("level1.block.type", "x", False),
     ("level1.block.remove_1x1", None, True), ("level1.block.remove_1x1", 1, False), ("level1.block.depth", None, True),
     ("level1.block.depth", 9, False), ("level1.width", None, False), ("level1.width", 5.0, False)],
)  # fmt: skip
def test_values_of_levels(key: str, value: Any, fits: bool) -> None:
    assert (check_value(key, value) is None) == fits


def test_optional_choices_are_said_with_null() -> None:
    keys = all_keys()
    assert keys["level1.block.type"].choices == ("bottleneck", "multi_scale", "hierarchical", None)
    assert keys["level1.block.remove_1x1"].choices == (True, False, None)
    assert keys["level1.block.remove_1x1"].expected == "one of true, false, null"
    assert keys["level1.block.depth"].expected == "an integer from 2 to 8 or null"
    assert [keys[f"level{level}.block.type"].level for level in LEVELS] == list(LEVELS)
    assert keys["block.type"].level is None
