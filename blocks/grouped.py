"""The binary weights of a whole network, made together: in training the cost of binarisation is that of many layers.

Each layer's weights take a dozen small kernels in a step, most of which do next to nothing. Weights of the same size of
filter stand under each other as the rows of one matrix, which takes as many kernels as one layer; a row is summed as
before, so values and gradients are those of layers binarised one by one, bit for bit.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d, binarise_group

# A matrix of weights and what is computed from it should stay in a core's cache: larger groups were slower on a CPU.
_CPU_GROUP = 2**17


@contextmanager
def binarised_together(network: nn.Module) -> Iterator[None]:
    """Within the block, the binary convolutions of `network` that are in training mode have their weights prepared.

    Only where alpha is mean |W|, as in the paper: the others, for which binarisation is a sign and at most a product,
    make their own. For one forward pass. What is prepared belongs to the layers as they are at the beginning: their
    weights must not change within the block. At its end each layer is as it was before.
    """
    convolutions = (module for module in network.modules() if isinstance(module, BinaryConv2d))
    layers = [layer for layer in convolutions if layer.training and layer.weight_scale == "mean"]
    before = [layer.prepared for layer in layers]
    try:
        for group in _groups(layers):
            for layer, prepared in zip(group, binarise_group([layer.weight for layer in group]), strict=True):
                layer.prepared = prepared
        yield
    finally:
        for layer, earlier in zip(layers, before, strict=True):
            layer.prepared = earlier


def _groups(layers: Iterable[BinaryConv2d]) -> Iterator[list[BinaryConv2d]]:
    """Layers whose weights can be binarised together, in groups of limited size."""
    groups: dict[Hashable, list[BinaryConv2d]] = {}
    sizes: dict[Hashable, int] = {}
    for layer in layers:
        weight = layer.weight
        kind = _kind(weight)
        size = sizes.get(kind, 0) + weight.numel()
        if size > _CPU_GROUP and weight.device.type == "cpu" and kind in groups:
            yield groups.pop(kind)
            size = weight.numel()
        groups.setdefault(kind, []).append(layer)
        sizes[kind] = size
    yield from groups.values()


def _kind(weight: Tensor) -> Hashable:
    """What weights in a group have in common. Frozen ones are apart, so that nothing computes their gradients."""
    channels_last = weight.is_contiguous(memory_format=torch.channels_last)
    return weight.shape[1:], channels_last, weight.dtype, weight.device, weight.requires_grad
