"""The 3x3 filters that a binary network has learned: at most 512 different ones (the paper's Section 4.4, Fig. 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from blocks.binary import BinaryConv2d, sign
from blocks.network import HourglassNetwork

PATTERNS = 2**9
"""How many different 3x3 binary filters there are."""


@dataclass(frozen=True)
class LayerFilters:
    """The filters of a layer, each pattern once, the most frequent first.

    Attributes:
        layer: its name.
        patterns: M x 3 x 3, +1 and -1.
        counts: M, how often each stands in the layer.
    """

    layer: str
    patterns: npt.NDArray[np.int8]
    counts: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many filters the layer has: output channels x input channels of each."""
        return int(self.counts.sum())


def filter_layers(network: HourglassNetwork) -> list[str]:
    """The names of the binary 3x3 convolutions, in the network's order."""
    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, BinaryConv2d) and module.kernel_size == (3, 3)
    ]


def layer_filters(network: HourglassNetwork, layer: str) -> LayerFilters:
    """The filters of one of `filter_layers`. Of equally frequent ones the one with more -1 at the top left is first.

    Raises:
        KeyError: for a name that is none of them.
    """
    if layer not in filter_layers(network):
        raise KeyError(layer)
    weight = network.get_parameter(f"{layer}.weight").detach()
    signs = sign(weight).reshape(-1, 9).to(torch.int8).numpy()
    bits = (signs > 0).astype(np.int64) @ (1 << np.arange(8, -1, -1))
    codes, counts = np.unique(bits, return_counts=True)
    order = np.lexsort((codes, -counts))
    patterns = (codes[order, None] >> np.arange(8, -1, -1)) & 1
    return LayerFilters(layer, (2 * patterns - 1).reshape(-1, 3, 3).astype(np.int8), counts[order])
