"""The hourglass and its improved form: what is added or concatenated, and the blocks that read it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import blocks
from blocks.catalogue import plan_block, plan_merge
from blocks.hourglass import Hourglass, ImprovedHourglass, upsample2
from blocks.residual import ResidualBlock, SumOfHalves
from search_space.config import BlockConfig


class Made:
    """Makes identities for blocks, but for those that read two maps, and keeps which."""

    def __init__(self, merges: frozenset[tuple[str, int]] = frozenset()) -> None:
        self.merges = merges
        self.made: list[tuple[str, int]] = []

    def __call__(self, place: str, level: int) -> torch.nn.Module:
        self.made.append((place, level))
        return SumOfHalves() if (place, level) in self.merges else torch.nn.Identity()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_an_hourglass_has_three_blocks_a_level_and_one(order: int) -> None:
    block = Made()
    hourglass = Hourglass(block, order)
    assert len(block.made) == 3 * order + 1
    assert block.made == [
        *((place, level + (place != "skip")) for level in range(order) for place in ("skip", "down")),
        ("inner", order),
        *(("up", level) for level in range(order, 0, -1)),
    ]
    # With identities for blocks, a constant map comes out order + 1 times as large.
    x = torch.ones(1, 2, 8, 8)
    assert torch.equal(hourglass(x), x * (order + 1))


def test_pooling_and_upsampling_are_what_they_say() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
    most = Hourglass(Made(), 1, "max")
    mean = Hourglass(Made(), 1, "average")
    assert torch.equal(most(x), x + 4)
    assert torch.equal(mean(x), x + 2.5)
    assert upsample2(x, "nearest")[0, 0, 0].tolist() == [1, 1, 2, 2]
    assert upsample2(x, "bilinear")[0, 0, 0].tolist() == [1, 1.25, 1.75, 2]
    with pytest.raises(ValueError, match="at least 1"):
        Hourglass(Made(), 0)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_an_improved_hourglass_concatenates_and_has_no_blocks_on_the_ways_across(order: int) -> None:
    block = Made(frozenset(("up", level) for level in range(1, order)))
    hourglass = ImprovedHourglass(block, order)
    # `order` blocks of the standard one are gone, and of those left every `up` but the innermost reads two maps.
    assert len(block.made) == 2 * order + 1
    assert not any("skip" in name for name, _ in hourglass.named_modules())
    # With identities for blocks, each level adds a constant map to what comes up and passes on the map itself.
    x = torch.ones(1, 2, 8, 8)
    assert torch.equal(hourglass(x), torch.cat([x * order, x], dim=1))


def test_an_improved_hourglass_pools_and_upsamples_as_it_is_told() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)

    def run(pooling: str, upsampling: str, x: torch.Tensor) -> list[float]:
        hourglass = ImprovedHourglass(Made(), 1, pooling, upsampling)
        up, same = hourglass(x).split(1, dim=1)
        assert torch.equal(same, x)
        return up.flatten().tolist()

    assert run("max", "nearest", x) == [4] * 4
    assert run("average", "nearest", x) == [2.5] * 4
    wide = upsample2(x, "nearest")
    assert run("max", "bilinear", wide) == upsample2(x, "bilinear").flatten().tolist()
    with pytest.raises(ValueError, match="at least 1"):
        ImprovedHourglass(Made(), 0)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("stacks", [1, 2])
def test_the_blocks_that_read_an_improved_hourglass_read_twice_the_features(stacks, binary, make_model) -> None:
    keys = {"block_type": "hierarchical", "stacks": stacks, "binary": binary}
    network = blocks.build(make_model(hourglass="improved", features=32, stem_features=16, **keys))
    readers = [
        name
        for name, module in network.named_modules()
        if isinstance(module, ResidualBlock) and module.plan.inputs == 64
    ]
    assert readers == [
        f"stacks.{number}.{name}"
        for number in range(stacks)
        for name in ("hourglass.inner.inner.up", "hourglass.inner.up", "hourglass.up", "block")
    ]
    for name in readers:
        reader = network.get_submodule(name)
        # 3x3 2f -> f/2, the rest unchanged, and a shortcut without parameters.
        assert [tuple(unit.conv.weight.shape) for unit in reader.units.values()] == [
            (16, 64, 3, 3),
            (8, 16, 3, 3),
            (8, 8, 3, 3),
        ]
        assert isinstance(reader.shortcut, SumOfHalves)
        assert not list(reader.shortcut.parameters())


MERGES = [
    {"type": "bottleneck"},
    {"type": "bottleneck", "remove_1x1": True},
    {"type": "multi_scale"},
    {"type": "multi_scale", "remove_1x1": True},
    {"type": "hierarchical", "cardinality": 2},
]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("block", MERGES, ids=str)
def test_a_merge_widens_the_first_convolutions_and_nothing_else(block, binary) -> None:
    config = BlockConfig(**block)
    plain, merge = plan_block(16, 16, config, binary), plan_merge(16, 16, config, binary)
    assert not merge.projects
    assert len(plain.units) == len(merge.units)
    # A pooled input is the input, too.
    inputs = {"input", "pooled"}
    for ours, theirs in zip(plain.units, merge.units, strict=True):
        assert theirs.inputs == ours.inputs * (2 if ours.source in inputs else 1)
        assert (theirs.name, theirs.outputs, theirs.kernel) == (ours.name, ours.outputs, ours.kernel)
    module = ResidualBlock(merge, binary=binary)
    with torch.no_grad():
        for unit in module.units.values():
            unit.conv.weight.zero_()
            if unit.conv.bias is not None:
                unit.conv.bias.zero_()
    x = torch.randn(2, 32, 8, 8)
    assert torch.equal(module(x), x[:, :16] + x[:, 16:])  # the residual path gives nothing: the shortcut is left


def test_halves_of_an_input_that_is_not_twice_the_output_are_refused() -> None:
    with pytest.raises(ValueError, match="not twice"):
        replace(plan_block(24, 16, BlockConfig(), True), shortcut="halves")
