"""The unit of which all blocks are made: BatchNorm -> sign (real: ReLU) -> convolution."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d


class Unit(nn.Module):
    """BatchNorm -> sign -> binary convolution; or, real, BatchNorm -> ReLU -> convolution. The resolution stays.

    `relu` puts a ReLU after a binary convolution (Table 4, "+ ReLU"). It changes no parameters; a real unit has its
    ReLU already, so there it does nothing. `bias` is for real units.

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
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"a unit's kernel must be odd, got {kernel}")
        if binary and bias:
            raise ValueError("a binary unit has no bias: the BatchNorm after it would take it off again")
        self.binary = binary
        self.relu = relu and binary
        self.norm = nn.BatchNorm2d(inputs)
        padding = kernel // 2
        self.conv: nn.Conv2d = (
            BinaryConv2d(inputs, outputs, kernel, padding=padding, groups=groups)
            if binary
            else nn.Conv2d(inputs, outputs, kernel, padding=padding, groups=groups, bias=bias)
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x inputs x H x W to N x outputs x H x W."""
        x = self.norm(x)
        if not self.binary:
            x = torch.relu_(x)  # BatchNorm's backward reads its input, not this output
        x = self.conv(x)
        return torch.relu_(x) if self.relu else x
