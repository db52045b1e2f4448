"""The unit of which all blocks are made: BatchNorm -> sign (real: ReLU) -> convolution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from blocks.binary import SIGN_BETA, BinaryConv2d
from search_space.config import Activation, ModelConfig, Projection, SignGradient, WeightScale


@dataclass(frozen=True, slots=True)
class Binarisation:
    """How the units and shortcuts of binary blocks differ from the paper's: by default in nothing. Not for real blocks.

    Attributes:
        sign_gradient, sign_beta, weight_scale: see `BinaryConv2d`.
        activation: what stands after the convolution where the unit has a ReLU there. "prelu" is max(0, x) + a
            min(0, x) with an a for each channel, learned from 0.25 (He et al. 2015, Section 2.1).
        shortcut: a block's projection where its widths differ, a "binary" unit, or a "real" 1x1 convolution of the
            block's input, as Bi-Real Net keeps its own real (Liu et al. 2018).
    """

    sign_gradient: SignGradient = "straight_through"
    sign_beta: float = SIGN_BETA
    weight_scale: WeightScale = "mean"
    activation: Activation = "relu"
    shortcut: Projection = "binary"


PAPER = Binarisation()


def binarisation(model: ModelConfig) -> Binarisation:
    """What a network's configuration says of its binary units."""
    return Binarisation(
        model.sign_gradient, model.sign_beta, model.weight_scale, model.activation, model.shortcut_projection
    )


class Unit(nn.Module):
    """BatchNorm -> sign -> binary convolution; or, real, BatchNorm -> ReLU -> convolution. The resolution stays.

    `relu` puts a ReLU after a binary convolution (Table 4, "+ ReLU"). It changes no parameters; a real unit has its
    ReLU already, so there it does nothing. `relu_first` moves the ReLU that there is, if any, to the beginning: ReLU ->
    BatchNorm -> sign -> binary convolution, or, real, ReLU -> BatchNorm -> convolution. `bias` is for real units,
    `binarisation` for binary ones; with a PReLU there, or with learned scales, a unit has more parameters.

    Raises:
        ValueError: for a binary unit with a bias, or an even kernel (which no padding can centre).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        binary: bool,
        groups: int = 1,
        bias: bool = False,
        relu: bool = False,
        relu_first: bool = False,
        binarisation: Binarisation = PAPER,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"a unit's kernel must be odd, got {kernel}")
        if binary and bias:
            raise ValueError("a binary unit has no bias: the BatchNorm after it would take it off again")
        self.binary = binary
        self.relu = relu and binary
        self.relu_first = relu_first and (relu or not binary)
        self.norm = nn.BatchNorm2d(inputs)
        padding = kernel // 2
        self.conv: nn.Conv2d = (
            BinaryConv2d(
                inputs,
                outputs,
                kernel,
                padding=padding,
                groups=groups,
                sign_gradient=binarisation.sign_gradient,
                sign_beta=binarisation.sign_beta,
                weight_scale=binarisation.weight_scale,
            )
            if binary
            else nn.Conv2d(inputs, outputs, kernel, padding=padding, groups=groups, bias=bias)
        )
        slopes = inputs if self.relu_first else outputs
        self.prelu = nn.PReLU(slopes) if self.relu and binarisation.activation == "prelu" else None

    def forward(self, x: Tensor) -> Tensor:
        """N x inputs x H x W to N x outputs x H x W."""
        if self.relu_first:
            x = self._rectified(x, own=False)  # others read x, too: the shortcut, parallel units
        x = self.norm(x)
        if not self.binary and not self.relu_first:
            x = self._rectified(x, own=True)  # BatchNorm's backward reads its input, not this output
        x = self.conv(x)
        return self._rectified(x, own=True) if self.relu and not self.relu_first else x

    def _rectified(self, x: Tensor, *, own: bool) -> Tensor:
        """The ReLU or PReLU of x, in place where nobody else reads x."""
        if self.prelu is not None:
            sloped: Tensor = self.prelu(x)
            return sloped
        return torch.relu_(x) if own else torch.relu(x)
