"""Which pixels of a heatmap count in training: those near a landmark more than others, or only those learned worst.

Nearly all of a target is background. Both are off by default, and both are for training alone: the validation loss is
that of all pixels alike, so that it can be compared between trials.
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional as F

NEAR = 0.2
"""From which height of the dilated target on a pixel is near its landmark (Adaptive Wing Loss)."""


def near_landmarks(target: Tensor) -> Tensor:
    """Where a target, dilated by 3x3, is at least 0.2: N x K x H x W of 0 to 1 to booleans of the same shape."""
    return F.max_pool2d(target, 3, stride=1, padding=1) >= NEAR


def weigh_near_landmarks(pixels: Tensor, target: Tensor, weight: float) -> Tensor:
    """Losses of pixels N x K x H x W times 1 + weight M, with M = 1 near the landmark and 0 elsewhere.

    The weighted loss map of Adaptive Wing Loss (Wang, Bo and Fuxin 2019), which takes a weight of 10.
    """
    return pixels * (1 + weight * near_landmarks(target))


def hardest_pixels(pixels: Tensor, share: float) -> Tensor:
    """The greatest losses of each heatmap, N x K x H x W to N x K x ceil(share H W), in no order; share in (0, 1].

    Online hard example mining (Shrivastava, Gupta and Girshick 2016), of pixels as in online bootstrapping (Wu, Shen
    and van den Hengel 2016). What is left out has no gradient in this step.
    """
    flat = pixels.flatten(2)
    # The share of a whole number of pixels is that number: 0.07 * 100 is 7.000000000000001.
    number = math.ceil(share * flat.shape[2] - 1e-9)
    return flat.topk(max(1, number), dim=2, sorted=False).values
