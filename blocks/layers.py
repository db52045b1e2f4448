"""The network as data: its convolutions, BatchNorms and PReLUs in the order in which they run, without torch.

Names are those of the modules in the network that `blocks.build` gives, so that the description and the module can be
laid side by side. Source: network_spec, "The hourglass network".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from blocks.catalogue import plan_block, plan_merge
from blocks.levels import is_improved, place_plan
from blocks.plan import BlockPlan
from blocks.widths import STRIDE, hourglass_features, stem_widths
from search_space.config import ModelConfig, WeightScale


class Layer(NamedTuple):
    """A convolution, a BatchNorm or a PReLU. `resolution` is the side of its output, in pixels.

    `scale` is where the scales of a binary convolution's filters come from; of all others it says nothing.
    """

    name: str
    kind: Literal["convolution", "batch_norm", "prelu"]
    inputs: int
    outputs: int
    resolution: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    bias: bool = False
    binary: bool = False
    scale: WeightScale = "mean"

    @property
    def weights(self) -> int:
        """Weights of a convolution, without biases and scales; 0 of other layers."""
        return self.outputs * (self.inputs // self.groups) * self.kernel**2 if self.kind == "convolution" else 0

    @property
    def params(self) -> int:
        """Weights, biases and learned scales of a convolution, scale and shift of a BatchNorm, slopes of a PReLU."""
        if self.kind == "batch_norm":
            return 2 * self.outputs
        if self.kind == "prelu":
            return self.outputs
        return self.weights + self.outputs * (self.bias + (self.scale == "learned"))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a convolution for one image, positions in the padding included; 0 of others."""
        return self.weights * self.resolution**2


def remaps_features(model: ModelConfig) -> bool:
    """Whether a 1x1 convolution stands on the features, too, between two stacks.

    In Newell et al.'s network it does; that network is the real bottleneck here. The counts of network_spec for eight
    real stacks (bottleneck 25.43 M, with it; hierarchical 26.35 M, without) settle which networks have it.
    """
    return not model.binary and model.block.type == "bottleneck"


def network_layers(model: ModelConfig, resolution: int, landmarks: int = 16) -> Iterator[Layer]:
    """All layers of the network at an input of `resolution` pixels a side (WidthError if it cannot be built)."""
    yield from stem_layers(model, resolution)
    for number in range(model.stacks):
        if number > 0:
            yield from link_layers(model, resolution, landmarks, f"links.{number - 1}")
        yield from stack_layers(model, resolution, landmarks, f"stacks.{number}")


def stem_layers(model: ModelConfig, resolution: int, name: str = "stem") -> Iterator[Layer]:
    """7x7 stride 2 convolution, BatchNorm, ReLU; block; pooling; two blocks (network_spec, 1)."""
    first, second, third, features = stem_widths(model)
    half, quarter = resolution // 2, resolution // STRIDE
    yield Layer(f"{name}.conv", "convolution", 3, first, half, kernel=7, stride=2, bias=True)
    yield Layer(f"{name}.norm", "batch_norm", first, first, half)
    yield from _block(model, first, second, half, f"{name}.block1")
    yield from _block(model, second, third, quarter, f"{name}.block2")
    yield from _block(model, third, features, quarter, f"{name}.block3")


def stack_layers(model: ModelConfig, resolution: int, landmarks: int, name: str) -> Iterator[Layer]:
    """Hourglass, block, 1x1 layer, output (network_spec, 2-5 and 7)."""
    features, side = hourglass_features(model), resolution // STRIDE
    yield from _hourglass(model, 0, side, f"{name}.hourglass")
    plan = plan_merge if is_improved(model) else plan_block
    yield from block_layers(plan(features, features, model.block, model.binary), side, f"{name}.block", model)
    if model.binary:
        yield from _unit(model, features, features, side, f"{name}.mix", kernel=1)
    else:
        yield Layer(f"{name}.mix", "convolution", features, features, side, bias=True)
    yield Layer(f"{name}.norm", "batch_norm", features, features, side)
    yield Layer(f"{name}.output", "convolution", features, landmarks, side, bias=True)


def link_layers(model: ModelConfig, resolution: int, landmarks: int, name: str) -> Iterator[Layer]:
    """From one stack to the next: 1x1 convolutions of the heatmaps and, in Newell's network, of the features (6)."""
    features, side = hourglass_features(model), resolution // STRIDE
    if remaps_features(model):
        yield Layer(f"{name}.features", "convolution", features, features, side, bias=True)
    yield Layer(f"{name}.heatmaps", "convolution", landmarks, features, side, bias=True)


def _hourglass(model: ModelConfig, level: int, side: int, name: str) -> Iterator[Layer]:
    """The hourglass whose way across is of a level: `skip` on its map, all else on half of it."""
    half, below = side // 2, level + 1
    if not is_improved(model):
        yield from block_layers(place_plan(model, "skip", level), side, f"{name}.skip", model)
    yield from block_layers(place_plan(model, "down", below), half, f"{name}.down", model)
    if below < model.order:
        yield from _hourglass(model, below, half, f"{name}.inner")
    else:
        yield from block_layers(place_plan(model, "inner", below), half, f"{name}.inner", model)
    yield from block_layers(place_plan(model, "up", below), half, f"{name}.up", model)


def _block(model: ModelConfig, inputs: int, outputs: int, side: int, name: str) -> Iterator[Layer]:
    return block_layers(plan_block(inputs, outputs, model.block, model.binary), side, name, model)


def block_layers(plan: BlockPlan, side: int, name: str, model: ModelConfig) -> Iterator[Layer]:
    """The layers of a block whose input is `side` pixels wide: its units, then its shortcut."""
    for unit in plan.units:
        unit_side = side >> unit.halvings
        unit_name = f"{name}.units.{unit.name}"
        yield from _unit(
            model,
            unit.inputs,
            unit.outputs,
            unit_side,
            unit_name,
            kernel=unit.kernel,
            groups=unit.groups,
            bias=plan.bias,
        )
    real_projection = plan.shortcut == "convolution" or (model.binary and model.shortcut_projection == "real")
    if plan.projects and not real_projection:
        yield from _unit(model, plan.inputs, plan.outputs, side, f"{name}.shortcut", kernel=1, bias=plan.bias)
    elif plan.projects:
        yield Layer(f"{name}.shortcut", "convolution", plan.inputs, plan.outputs, side, bias=plan.bias)


def _unit(
    model: ModelConfig,
    inputs: int,
    outputs: int,
    side: int,
    name: str,
    *,
    kernel: int,
    groups: int = 1,
    bias: bool = False,
) -> Iterator[Layer]:
    prelu = model.binary and model.relu and model.activation == "prelu"
    if prelu and model.relu_first:
        yield Layer(f"{name}.prelu", "prelu", inputs, inputs, side)
    yield Layer(f"{name}.norm", "batch_norm", inputs, inputs, side)
    yield Layer(
        f"{name}.conv",
        "convolution",
        inputs,
        outputs,
        side,
        kernel=kernel,
        groups=groups,
        bias=bias,
        binary=model.binary,
        scale=model.weight_scale if model.binary else "mean",
    )
    if prelu and not model.relu_first:
        yield Layer(f"{name}.prelu", "prelu", outputs, outputs, side)
