"""Levels of the hourglass that differ: what is built, what it costs, and what cannot be built."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import blocks
from blocks import check_model, count
from blocks.checks import resolution_multiple
from blocks.diagram.graph import module_diagram
from blocks.layers import network_layers
from blocks.levels import level_block, level_features, level_places
from blocks.measure import measure_layers
from blocks.parts import network_parts
from blocks.plan import WidthError
from blocks.residual import ResidualBlock, SumOfHalves
from blocks.unit import Unit
from search_space.config import ModelConfig
from search_space.keys import assemble

SMALL = {"model.features": 32, "model.stem_features": 16, "model.order": 3}


def model_of(**settings: Any) -> ModelConfig:
    """A small network; `level1__block__depth=4` changes a key."""
    return assemble({**SMALL, **{key.replace("__", "."): value for key, value in settings.items()}}).model


def blocks_of(model: ModelConfig) -> dict[str, ResidualBlock]:
    """The residual blocks of the first stack, by their names within it."""
    with torch.device("meta"):
        stack = blocks.build(model).stacks[0]
    return {name: module for name, module in stack.named_modules() if isinstance(module, ResidualBlock)}


def widths(model: ModelConfig) -> dict[str, tuple[int, int]]:
    return {name: (block.plan.inputs, block.plan.outputs) for name, block in blocks_of(model).items()}


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("kind", ["bottleneck", "multi_scale", "hierarchical"])
def test_levels_that_say_what_the_block_says_change_nothing(kind: str, binary: bool, hourglass: str) -> None:
    keys = {"block.type": kind, "model.binary": binary, "model.hourglass": hourglass}
    said = {
        f"level{level}.block.{key}": value for level in range(7) for key, value in {"type": kind, "depth": 3}.items()
    }
    plain, levelled = model_of(**keys), model_of(**keys, **said, **{f"level{n}.width": 1.0 for n in range(1, 7)})
    assert list(network_layers(plain, 128)) == list(network_layers(levelled, 128))
    networks = []
    for model in (plain, levelled):
        torch.manual_seed(0)
        networks.append(blocks.build(model).state_dict())
    assert list(networks[0]) == list(networks[1])
    assert all(torch.equal(*values) for values in zip(*(network.values() for network in networks), strict=True))


PLACES = {
    0: ["hourglass.skip"],
    1: ["hourglass.down", "hourglass.inner.skip", "hourglass.up"],
    2: ["hourglass.inner.down", "hourglass.inner.inner.skip", "hourglass.inner.up"],
    3: ["hourglass.inner.inner.down", "hourglass.inner.inner.inner", "hourglass.inner.inner.up"],
}


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("level", range(4))
def test_a_level_is_the_blocks_that_make_maps_of_its_resolution(level: int, hourglass: str) -> None:
    model = model_of(**{"model.hourglass": hourglass, f"level{level}.block.type": "hierarchical"})
    found = [name for name, block in blocks_of(model).items() if "scale1" in block.units]
    expected = [name for name in PLACES[level] if hourglass == "standard" or not name.endswith("skip")]
    assert sorted(found) == sorted(expected)
    assert [name.rpartition(".")[2] for name in expected] == list(level_places(model, level))
    # Their maps: the result of `up` is at its level, too, before it is upsampled.
    network = network_parts(blocks.build(model).to("meta"), 64)
    parts = {part.name: part for part in network.parts}
    assert {parts[f"stacks.0.{name}"].side for name in expected} <= {64 // 4 // 2**level}
    # Where there are blocks of several kinds they are called by them.
    assert {parts[f"stacks.0.{name}"].what for name in expected} <= {"hierarchical"}
    assert parts["stem.block1"].what == ("bottleneck" if expected else "block")
    boxes = module_diagram(network.network, network.trace, "stacks.0.hourglass").boxes
    assert [box.lines[0] for box in boxes].count("hierarchical") == len(expected)


def test_a_level_says_some_of_its_block_and_has_the_rest_from_the_block() -> None:
    model = model_of(block__type="hierarchical", block__depth=4, level1__block__cardinality=2, level2__block__depth=2)
    found = [level_block(model, level) for level in range(4)]
    assert [(block.type, block.depth, block.cardinality) for block in found] == [
        ("hierarchical", 4, 1),
        ("hierarchical", 4, 2),
        ("hierarchical", 2, 1),
        ("hierarchical", 4, 1),
    ]


def test_widths_of_levels() -> None:
    model = model_of(level1__width=0.5, level3__width=2.0)
    assert [level_features(model, level) for level in range(4)] == [32, 16, 32, 64]
    assert widths(model) == {
        "hourglass.skip": (32, 32),
        "hourglass.down": (32, 16),
        "hourglass.inner.skip": (16, 16),
        "hourglass.inner.down": (16, 32),
        "hourglass.inner.inner.skip": (32, 32),
        "hourglass.inner.inner.down": (32, 64),
        "hourglass.inner.inner.inner": (64, 64),
        "hourglass.inner.inner.up": (64, 32),
        "hourglass.inner.up": (32, 16),
        "hourglass.up": (16, 32),
        "block": (32, 32),
    }


def test_widths_of_levels_of_an_improved_hourglass() -> None:
    model = model_of(model__hourglass="improved", level2__width=0.5, level3__width=0.5)
    assert widths(model) == {
        "hourglass.down": (32, 32),
        "hourglass.inner.down": (32, 16),
        "hourglass.inner.inner.down": (16, 16),
        "hourglass.inner.inner.inner": (16, 16),
        "hourglass.inner.inner.up": (16, 16),
        "hourglass.inner.up": (32, 32),  # two maps of 16
        "hourglass.up": (64, 32),
        "block": (64, 32),
    }
    found = blocks_of(model)
    shortcuts = {name: type(block.shortcut) for name, block in found.items()}
    assert shortcuts["hourglass.up"] is shortcuts["block"] is SumOfHalves
    assert shortcuts["hourglass.inner.down"] is Unit
    assert shortcuts["hourglass.inner.up"] is nn.Identity
    narrow = blocks_of(model_of(model__hourglass="improved", level1__width=0.75))
    assert type(narrow["hourglass.up"].shortcut) is Unit  # 2 x 24 to 32 channels
    assert type(narrow["hourglass.inner.up"].shortcut) is Unit  # 2 x 32 to 24


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({}, Unit),
        ({"model.shortcut_projection": "real"}, nn.Conv2d),
        ({"model.binary": False}, nn.Conv2d),  # Newell et al.
        ({"model.binary": False, "block.type": "hierarchical"}, Unit),
    ],
)
def test_where_widths_differ_the_shortcut_is_that_of_any_block(keys: dict[str, Any], kind: type[nn.Module]) -> None:
    found = blocks_of(model_of(**keys, level2__width=0.5))
    projecting = [name for name, block in found.items() if not isinstance(block.shortcut, nn.Identity)]
    assert projecting == [
        "hourglass.inner.down",
        "hourglass.inner.inner.down",
        "hourglass.inner.inner.up",
        "hourglass.inner.up",
    ]
    assert {type(found[name].shortcut) for name in projecting} == {kind}


def test_what_a_narrower_level_saves() -> None:
    # 5.35 M by hand: all 13 blocks but the outermost way across, half as wide.
    plain, narrow = (
        count(assemble({"block.type": "hierarchical", **{f"level{n}.width": width for n in range(1, 5)}}).model, 256)
        for width in (1.0, 0.5)
    )
    block = {
        (i, o): 2 * i + 9 * i * o // 2 + o + 9 * o * o // 8 + o // 2 + 9 * o * o // 16
        for i, o in ((256, 256), (128, 128), (256, 128), (128, 256))
    }
    shortcut = {(256, 128): 2 * 256 + 256 * 128, (128, 256): 2 * 128 + 128 * 256}
    before = 12 * block[256, 256]
    after = 10 * block[128, 128] + sum(block[ends] + shortcut[ends] for ends in shortcut)
    assert plain.params - narrow.params == before - after
    assert plain.real_macs == narrow.real_macs


def test_a_levelled_network_learns_in_all_of_its_parts() -> None:
    torch.manual_seed(0)
    model = model_of(
        model__hourglass="improved",
        model__stacks=2,
        level1__block__type="hierarchical",
        level2__width=0.5,
        level3__block__type="multi_scale",
    )
    network = blocks.build(model, landmarks=3)
    outputs = network(torch.rand(2, 3, 64, 64))
    assert [output.shape for output in outputs] == [(2, 3, 16, 16)] * 2
    sum(output.square().mean() for output in outputs).backward()
    assert not [name for name, each in network.named_parameters() if each.grad is None]
    assert measure_layers(network, 64) == list(network_layers(model, 64, 3))


PROBLEMS = [
    ({"level1.width": 0.3}, 256, ["level1.width 0.3 of 32 channels is 9.6", "the nearest level1.width is 0.3125"]),
    ({"level3.width": 0.0625}, 256, ["level3.width 0.0625", "is 2 channels", "at least 4", "level3.width is 0.125"]),
    (
        {"level2.block.type": "hierarchical", "level2.block.depth": 7},
        256,
        ["level2.block.depth 7 halves 32 channels", "level2.block.depth <= 6", "level 2", "model.features 32"],
    ),
    (
        {"block.type": "hierarchical", "level2.width": 0.75, "block.depth": 5},
        256,
        ["block.depth 5 halves 24 channels", "blocks of level 2", "model.features 32 x level2.width 0.75"],
    ),
    (
        {"level3.width": 0.53125},
        256,
        ["block.width 0.5 of 17 channels is 8.5", "blocks of level 3", "level3.width 0.53125"],
    ),
    (
        {"level3.block.type": "multi_scale"},
        32,
        ["data.resolution 32", "6 times", "level3.block.type multi_scale 1", "multiple of 64", "model.order <= 2"],
    ),
    ({"block.type": "multi_scale"}, 32, ["inside each block of block.type multi_scale 1", "model.order <= 2"]),
]


@pytest.mark.parametrize(("keys", "resolution", "parts"), PROBLEMS, ids=str)
def test_problems_name_the_level_and_the_key(keys: dict[str, Any], resolution: int, parts: list[str]) -> None:
    model = model_of(**keys)
    problems = check_model(model, resolution)
    assert problems
    assert all(part in problems[0] for part in parts), problems[0]
    if "data.resolution" not in problems[0]:
        with pytest.raises(WidthError):
            blocks.build(model)
        with pytest.raises(WidthError):
            count(model, resolution)


def test_a_level_that_is_not_reached_makes_no_problem() -> None:
    model = model_of(level4__width=0.3, level5__block__type="hierarchical", level5__block__depth=8)
    assert check_model(model, 64) == []
    assert resolution_multiple(model) == 32


def test_a_problem_of_several_blocks_of_a_level_is_said_once() -> None:
    [problem] = check_model(model_of(block__type="hierarchical", level1__block__cardinality=3), 64)
    assert "level1.block.cardinality 3" in problem
    wide = model_of(block__type="hierarchical", level1__block__depth=8, level1__width=0.5)
    assert len(check_model(wide, 64)) == 2  # of its own width, and of that to which it leads up


def test_a_problem_of_several_levels_is_said_of_each_and_once() -> None:
    model = model_of(level1__width=0.3, level2__width=0.75, level2__block__type="hierarchical", level2__block__depth=6)
    problems = check_model(model, 64)
    assert len(problems) == 2
    assert "level1.width" in problems[0]
    assert "level2.block.depth 6 halves 24 channels" in problems[1]


@pytest.mark.parametrize("levels", [{3: "multi_scale"}, {2: "multi_scale"}, {0: "multi_scale", 1: "multi_scale"}])
def test_only_the_smallest_map_has_to_be_halved_once_more(levels: dict[int, str]) -> None:
    model = model_of(**{f"level{level}.block.type": kind for level, kind in levels.items()})
    multiple = resolution_multiple(model)
    assert multiple == (64 if 3 in levels else 32)
    network = blocks.build(model).eval()
    assert network(torch.rand(1, 3, multiple, multiple))[0].shape[-1] == multiple // 4
    with pytest.raises(ValueError, match="an image side of"):
        network(torch.rand(1, 3, multiple // 2, multiple // 2))
