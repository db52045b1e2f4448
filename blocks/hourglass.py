"""The hourglass: blocks on ever smaller maps, and back up, with a block on every level's way across (Fig. 2).

Its improved form has no block on the ways across, and concatenates where the other adds (Fig. 11).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_space.config import Pooling, Upsampling


def pool2(pooling: Pooling) -> nn.Module:
    """2x2 pooling of stride 2, max or average."""
    return nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2)


def upsample2(x: Tensor, upsampling: Upsampling) -> Tensor:
    """Twice the resolution, by the nearest value (Newell et al.) or bilinear."""
    if upsampling == "nearest":
        return F.interpolate(x, scale_factor=2, mode="nearest")
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Hourglass(nn.Module):
    """An hourglass of some order: N x features x H x W to the same, H and W divisible by 2**order.

    skip(x) + upsample(up(inner(down(pool(x))))), where inner is the hourglass one order lower, or a block at order 1:
    3 order + 1 blocks (network_spec, 2).

    Args:
        block: makes one block, features to features.
        order: how often the resolution is halved, at least 1.
        pooling: max or average.
        upsampling: nearest or bilinear.
    """

    def __init__(
        self, block: Callable[[], nn.Module], order: int, pooling: Pooling = "max", upsampling: Upsampling = "nearest"
    ) -> None:
        super().__init__()
        if order < 1:
            raise ValueError(f"the order of an hourglass must be at least 1, got {order}")
        self.upsampling = upsampling
        self.skip = block()
        self.pool = pool2(pooling)
        self.down = block()
        self.inner = Hourglass(block, order - 1, pooling, upsampling) if order > 1 else block()
        self.up = block()

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
        block: makes one block, features to features.
        merge: makes one block that reads a concatenation, 2 features to features.
        order: how often the resolution is halved, at least 1.
        pooling: max or average.
        upsampling: nearest or bilinear.
    """

    def __init__(
        self,
        block: Callable[[], nn.Module],
        merge: Callable[[], nn.Module],
        order: int,
        pooling: Pooling = "max",
        upsampling: Upsampling = "nearest",
    ) -> None:
        super().__init__()
        if order < 1:
            raise ValueError(f"the order of an hourglass must be at least 1, got {order}")
        self.upsampling = upsampling
        self.pool = pool2(pooling)
        self.down = block()
        self.inner = ImprovedHourglass(block, merge, order - 1, pooling, upsampling) if order > 1 else block()
        self.up = merge() if order > 1 else block()

    def forward(self, x: Tensor) -> Tensor:
        """N x features x H x W to N x 2 features x H x W, what came up first, then x."""
        y = self.up(self.inner(self.down(self.pool(x))))
        return torch.cat([upsample2(y, self.upsampling), x], dim=1)
