"""The multi-scale block and the blocks without 1x1 convolutions: wiring, layers, and what they need of a map."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import blocks
from blocks.catalogue import plan_block
from blocks.checks import check_model, check_resolution, resolution_multiple
from blocks.layers import block_layers, network_layers
from blocks.measure import measure_layers
from blocks.multi_scale import narrowest_width
from blocks.plan import WidthError
from blocks.residual import ResidualBlock
from blocks.widths import block_widths
from search_space.config import BlockConfig

WITH = BlockConfig(type="multi_scale")
WITHOUT = BlockConfig(type="multi_scale", remove_1x1=True)
NARROW = BlockConfig(type="bottleneck", remove_1x1=True, width=0.3125)


def layers(config: BlockConfig, inputs: int, outputs: int) -> dict[str, tuple[int, int, int, int]]:
    """For each unit of a block: input and output channels, kernel, halvings."""
    plan = plan_block(inputs, outputs, config, True)
    return {unit.name: (unit.inputs, unit.outputs, unit.kernel, unit.halvings) for unit in plan.units}


def test_layers_of_fig_7c() -> None:
    assert layers(WITH, 128, 256) == {
        "left_reduce": (128, 64, 1, 0),
        "left": (64, 64, 3, 0),
        "right_short": (128, 32, 3, 1),
        "right_long1": (128, 32, 3, 1),
        "right_long2": (32, 32, 3, 1),
        "expand": (128, 256, 1, 0),
    }


def test_layers_of_fig_7d() -> None:
    assert layers(WITHOUT, 128, 256) == {
        "left": (128, 128, 3, 0),
        "right_short": (128, 64, 3, 1),
        "right_long1": (128, 64, 3, 1),
        "right_long2": (64, 64, 3, 1),
    }


def test_layers_of_the_wider_bottleneck_without_1x1() -> None:
    assert layers(NARROW, 128, 256) == {"reduce": (128, 80, 3, 0), "expand": (80, 256, 3, 0)}
    assert block_widths(128, NARROW) == (40, 128)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("config", [WITH, WITHOUT], ids=["7c", "7d"])
@pytest.mark.parametrize("inputs", [16, 24])
def test_the_block_is_what_the_figure_draws(config, inputs, binary) -> None:
    torch.manual_seed(0)
    block = ResidualBlock(plan_block(inputs, 16, config, binary), binary=binary)
    x = torch.randn(2, inputs, 8, 12)
    units = block.units
    left = units["left"](x if config.remove_1x1 else units["left_reduce"](x))
    pooled = F.max_pool2d(x, 2)
    right = torch.cat([units["right_short"](pooled), units["right_long2"](units["right_long1"](pooled))], dim=1)
    right = F.interpolate(right, scale_factor=2, mode="bilinear", align_corners=False)
    both = torch.cat([left, right], dim=1)
    residual = both if config.remove_1x1 else units["expand"](both)
    torch.testing.assert_close(block(x), residual + block.shortcut(x))
    assert isinstance(block.shortcut, torch.nn.Identity) == (inputs == 16)


@pytest.mark.parametrize("config", [WITH, WITHOUT, NARROW], ids=["7c", "7d", "no 1x1"])
def test_only_the_shortcut_has_1x1_convolutions_where_they_are_removed(config) -> None:
    kernels = {unit.kernel for unit in plan_block(64, 128, config, True).units}
    assert kernels == ({3} if config.remove_1x1 else {1, 3})
    assert plan_block(64, 128, config, True).projects


@pytest.mark.parametrize("config", [WITH, WITHOUT], ids=["7c", "7d"])
def test_pooling_inside_a_block_is_max_and_upsampling_bilinear_whatever_the_hourglass_does(config, make_model) -> None:
    def run(**keys: object) -> torch.Tensor:
        torch.manual_seed(0)
        model = make_model(tiny=True, binary=False, **keys).model_copy(update={"block": config})
        block = blocks.build(model).stacks[0].block
        return block(torch.linspace(-1, 1, 16 * 64).reshape(1, 16, 8, 8))

    assert torch.equal(run(), run(pooling="average", upsampling="bilinear"))


def test_a_block_that_pools_is_described_at_the_resolution_at_which_it_runs(make_model) -> None:
    plan = plan_block(32, 64, WITH, True)
    whole = torch.nn.Sequential()
    whole.add_module("first", torch.nn.Conv2d(3, 32, 1))
    whole.add_module("block", ResidualBlock(plan, binary=True))
    described = list(block_layers(plan, 8, "block", make_model()))
    assert measure_layers(whole, 8)[1:] == described
    assert {layer.resolution for layer in described} == {4, 8}


def test_real_blocks_have_biases_only_where_newells_do(make_model) -> None:
    def biases(**keys: object) -> list[bool]:
        network = network_layers(make_model(tiny=True, binary=False, **keys), 64)
        return [layer.bias for layer in network if layer.kind == "convolution" and ".hourglass." in layer.name]

    assert not any(biases(block_type="multi_scale"))
    assert not any(biases(block_type="multi_scale", block_remove_1x1=True))
    assert all(biases(block_remove_1x1=True))  # a real bottleneck stays Newell's, with or without its 1x1 layers


@pytest.mark.parametrize(
    ("outputs", "remove_1x1", "narrowest"), [(256, False, 32), (256, True, 64), (8, False, 1), (4, True, 1)]
)
def test_narrowest_width(outputs, remove_1x1, narrowest) -> None:
    assert narrowest_width(outputs, remove_1x1) == narrowest


@pytest.mark.parametrize("outputs", [1, 3, 4, 12, 100, 130, 255])
@pytest.mark.parametrize("remove_1x1", [True, False])
def test_the_mend_that_a_message_names_mends(outputs, remove_1x1) -> None:
    if remove_1x1 and outputs % 4 == 0:
        assert narrowest_width(outputs, True) == outputs // 4
        return
    with pytest.raises(WidthError) as caught:
        narrowest_width(outputs, remove_1x1)
    message = str(caught.value)
    nearest = message.partition("nearest ")[2].partition(",")[0]
    for width in nearest.split(" or "):
        assert narrowest_width(int(width), remove_1x1) >= 1
    assert message.endswith(", or block.remove_1x1 true") == (outputs % 4 == 0)


@pytest.mark.parametrize("remove_1x1", [True, False])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("hourglass", ["standard", "improved"])
def test_a_block_that_pools_needs_a_smallest_map_of_two_pixels(order, remove_1x1, hourglass, make_model) -> None:
    keys = {"order": order, "hourglass": hourglass, "features": 8, "stem_features": 4}
    model = make_model(block_type="multi_scale", block_remove_1x1=remove_1x1, **keys)
    enough = 8 * 2**order
    assert resolution_multiple(model) == enough
    assert check_model(model, enough) == []
    network = blocks.build(model).eval()
    assert network(torch.rand(1, 3, enough, 2 * enough))[0].shape[-2:] == (enough // 4, enough // 2)

    half = enough // 2  # the smallest map is one pixel wide, which an hourglass without pooling blocks can have
    assert check_resolution(make_model(**keys), half) == []
    (problem,) = check_model(model, half)
    assert f"data.resolution {half} cannot be halved {order + 3} times" in problem
    assert f"inside each block of block.type multi_scale 1): it must be a multiple of {enough}" in problem
    if order > 1:
        lower = int(problem.rpartition("model.order <= ")[2])
        assert check_model(model.model_copy(update={"order": lower}), half) == []
    with pytest.raises(ValueError, match=f"multiple of {enough}"):
        network(torch.rand(1, 3, half, enough))
