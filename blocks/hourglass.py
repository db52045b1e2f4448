"""The hourglass: blocks on ever smaller maps, and back up, with a block on every level's way across (Fig. 2).

Its improved form has no block on the ways across, and concatenates where the other adds (Fig. 11).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.levels import Place
from search_space.config import Pooling, Upsampling


def pool2(pooling: Pooling) -> nn.Module:
    """2x2 pooling of stride 2, max or average."""
    return nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2)


def upsample2(x: Tensor, upsampling: Upsampling) -> Tensor:
    """Twice the resolution, by the nearest value (Newell et al.) or bilinear."""
    if upsampling == "nearest":
        return F.interpolate(x, scale_factor=2, mode="nearest")
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


MakeBlock = Callable[[Place, int], nn.Module]
"""Makes the block of a place at a level (`blocks.levels`)."""


class Hourglass(nn.Module):
    """An hourglass of some order: N x features x H x W to the same, H and W divisible by 2**order.

    skip(x) + upsample(up(inner(down(pool(x))))), where inner is the hourglass one order lower, or a block at order 1:
    3 order + 1 blocks (network_spec, 2).

    Args:
        block: makes one block, given its place and its level.
        order: how often the resolution is halved, at least 1.
        pooling: max or average.
        upsampling: nearest or bilinear.
        level: how often the map that it reads is halved already.
    """

    def __init__(
        self,
        block: MakeBlock,
        order: int,
        pooling: Pooling = "max",
        upsampling: Upsampling = "nearest",
        level: int = 0,
    ) -> None:
        super().__init__()
        if order < 1:
            raise ValueError(f"the order of an hourglass must be at least 1, got {order}")
        below = level + 1
        self.upsampling = upsampling
        self.skip = block("skip", level)
        self.pool = pool2(pooling)
        self.down = block("down", below)
        self.inner = Hourglass(block, order - 1, pooling, upsampling, below) if order > 1 else block("inner", below)
        self.up = block("up", below)

    def forward(self, x: Tensor) -> Tensor:
        """N x features x H x W to N x features x H x W."""
        skip: Tensor = self.skip(x)
        y = self.up(self.inner(self.down(self.pool(x))))
        return skip + upsample2(y, self.upsampling)


class ImprovedHourglass(nn.Module):
    """The improved, U-Net inspired hourglass (Fig. 11): N x features x H x W to N x 2 features x H x W.

    concat[upsample(up(inner(down(pool(x))))), x]: the way across has no block, and what comes up is laid beside the
    level's own map instead of being added to it. Whoever reads an improved hourglass reads twice the features: `up`,
    wherever `inner` is one, and the block after the outermost (network_spec, 7). 2 order + 1 blocks.

    Args:
        block: makes one block, given its place and its level.
        order: how often the resolution is halved, at least 1.
        pooling: max or average.
        upsampling: nearest or bilinear.
        level: how often the map that it reads is halved already.
    """

    def __init__(
        self,
        block: MakeBlock,
        order: int,
        pooling: Pooling = "max",
        upsampling: Upsampling = "nearest",
        level: int = 0,
    ) -> None:
        super().__init__()
        if order < 1:
            raise ValueError(f"the order of an hourglass must be at least 1, got {order}")
        below = level + 1
        self.upsampling = upsampling
        self.pool = pool2(pooling)
        self.down = block("down", below)
        deeper = order > 1
        self.inner = (
            ImprovedHourglass(block, order - 1, pooling, upsampling, below) if deeper else block("inner", below)
        )
        self.up = block("up", below)

    def forward(self, x: Tensor) -> Tensor:
        """N x features x H x W to N x 2 features x H x W, what came up first, then x."""
        y = self.up(self.inner(self.down(self.pool(x))))
        return torch.cat([upsample2(y, self.upsampling), x], dim=1)
