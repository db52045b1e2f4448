"""The whole network: stem, stacked hourglasses, a heatmap for each landmark from every stack (network_spec, 1-7).

`blocks.layers` describes the same network without torch; a property test holds the two together, layer by layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d
from blocks.catalogue import plan_block, plan_merge
from blocks.checks import check_resolution, resolution_multiple
from blocks.grouped import binarised_together
from blocks.hourglass import Hourglass, ImprovedHourglass, pool2
from blocks.layers import remaps_features
from blocks.levels import Place, is_improved, place_plan
from blocks.plan import BlockPlan
from blocks.residual import ResidualBlock
from blocks.unit import Unit, binarisation
from blocks.widths import hourglass_features, stem_widths
from search_space.config import ModelConfig


class HourglassNetwork(nn.Module):
    """The network that a configuration describes: images N x 3 x R x R in [0, 1] to logits of heatmaps.

    Raises:
        WidthError: if it cannot have the widths that the configuration asks for.
    """

    def __init__(self, model: ModelConfig, landmarks: int) -> None:
        super().__init__()
        self.config = model
        self._multiple = resolution_multiple(model)
        self.stem = Stem(model)
        self.stacks = nn.ModuleList(Stack(model, landmarks) for _ in range(model.stacks))
        self.links = nn.ModuleList(Link(model, landmarks) for _ in range(model.stacks - 1))
        initialise(self)

    def forward(self, images: Tensor) -> list[Tensor]:
        """N x 3 x R x R to one N x landmarks x R/4 x R/4 of logits for each stack, the last the best.

        Raises:
            ValueError: if hourglass and blocks cannot halve that resolution as often as they would.
        """
        for side in images.shape[-2:]:
            if side % self._multiple:
                raise ValueError("; ".join(check_resolution(self.config, side, key="an image side of")))
        with binarised_together(self):
            x = self.stem(images)
            outputs: list[Tensor] = []
            for number, stack in enumerate(self.stacks):
                features, logits = stack(x)
                outputs.append(logits)
                if number < len(self.links):
                    x = self.links[number](x, features, logits)
        return outputs


class Stem(nn.Module):
    """7x7 stride 2 convolution -> BatchNorm -> ReLU, block, pooling, two blocks: R x R pixels to R/4 x R/4."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        first, second, third, features = stem_widths(model)
        self.conv = nn.Conv2d(3, first, 7, stride=2, padding=3)
        self.norm = nn.BatchNorm2d(first)
        self.block1 = make_block(model, first, second)
        self.pool = pool2(model.pooling)
        self.block2 = make_block(model, second, third)
        self.block3 = make_block(model, third, features)

    def forward(self, images: Tensor) -> Tensor:
        """N x 3 x R x R to N x features x R/4 x R/4."""
        x = torch.relu_(self.norm(self.conv(images)))
        x = self.block2(self.pool(self.block1(x)))
        result: Tensor = self.block3(x)
        return result


class Stack(nn.Module):
    """Hourglass, block, 1x1 layer, output: from features to features of the same shape, and logits of heatmaps."""

    def __init__(self, model: ModelConfig, landmarks: int) -> None:
        super().__init__()
        features = hourglass_features(model)
        self.hourglass = make_hourglass(model)
        plan = plan_merge if is_improved(model) else plan_block
        self.block = _run(plan(features, features, model.block, model.binary), model)
        self.mix: nn.Module = (
            Unit(
                features,
                features,
                1,
                binary=True,
                relu=model.relu,
                relu_first=model.relu_first,
                binarisation=binarisation(model),
            )
            if model.binary
            else nn.Conv2d(features, features, 1)
        )
        self.norm = nn.BatchNorm2d(features)
        self.output = nn.Conv2d(features, landmarks, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The features that the output reads, N x features x H x W, and the logits, N x landmarks x H x W."""
        x = self.mix(self.block(self.hourglass(x)))
        features = torch.relu_(self.norm(x))
        return features, self.output(features)


class Link(nn.Module):
    """From one stack to the next: its input + its features + a real 1x1 convolution of its heatmaps (network_spec, 6).

    Real because a sign would throw the heatmaps away. In Newell et al.'s network a 1x1 stands on the features, too.
    """

    def __init__(self, model: ModelConfig, landmarks: int) -> None:
        super().__init__()
        width = hourglass_features(model)
        self.heatmaps = nn.Conv2d(landmarks, width, 1)
        self.features: nn.Module = nn.Conv2d(width, width, 1) if remaps_features(model) else nn.Identity()

    def forward(self, x: Tensor, features: Tensor, logits: Tensor) -> Tensor:
        """The next stack's input, N x features x H x W."""
        result: Tensor = x + self.features(features) + self.heatmaps(logits)
        return result


def make_block(model: ModelConfig, inputs: int, outputs: int) -> ResidualBlock:
    """A block of the network's type from `inputs` to `outputs` channels (WidthError if it cannot have that width)."""
    plan = plan_block(inputs, outputs, model.block, model.binary)
    return _run(plan, model)


def _run(plan: BlockPlan, model: ModelConfig) -> ResidualBlock:
    return ResidualBlock(
        plan,
        binary=model.binary,
        relu=model.relu,
        relu_first=model.relu_first,
        binarisation=binarisation(model),
    )


def make_hourglass(model: ModelConfig) -> Hourglass | ImprovedHourglass:
    """The hourglass of the configuration; an improved one gives twice the features (`blocks.hourglass`)."""

    def block(place: Place, level: int) -> ResidualBlock:
        return _run(place_plan(model, place, level), model)

    kind = ImprovedHourglass if is_improved(model) else Hourglass
    return kind(block, model.order, model.pooling, model.upsampling)


def initialise(network: nn.Module) -> None:
    """He initialisation of every convolution, real or shadow weights: normal, variance 2 / fan-in; biases zero.

    Learned scales begin at the mean |W| of these weights. No random number depends on what a binary unit learns beside
    its weights, so networks that differ in that alone begin from the same weights.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        if isinstance(module, BinaryConv2d):
            module.begin_scale()
