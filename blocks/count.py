"""What a network costs: parameters, multiply-accumulates and bytes, counted over its description, without torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blocks.layers import Layer, link_layers, stack_layers, stem_layers
from search_space.config import ModelConfig

FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """What a network, or a part of it, costs.

    Attributes:
        params: convolution weights, biases of real convolutions and BatchNorm's scale and shift: what is trained, also
            learned scales and a PReLU's slopes where there are any. Scaling factors alpha that are a function of the
            weights, and running statistics, are not counted.
        binary_params: those of them that are weights of binary convolutions.
        binary_macs: multiply-accumulates of binary convolutions for one image, positions in the padding included.
        real_macs: the same of real convolutions. Biases, alpha, BatchNorm, PReLU, pooling and sums count nothing.
        size_bytes: the trained network as stored. A weight of a binary convolution takes one bit, packed layer by
            layer and rounded up to whole bytes; everything else takes 4 bytes (float32): a scaling factor alpha for
            each filter of a binary convolution (unless it has none), weights and biases of real convolutions, four
            values for each channel of a BatchNorm (scale, shift, running mean, running variance), and a PReLU's slope
            for each channel.
    """

    params: int = 0
    binary_params: int = 0
    binary_macs: int = 0
    real_macs: int = 0
    size_bytes: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.params + other.params,
            self.binary_params + other.binary_params,
            self.binary_macs + other.binary_macs,
            self.real_macs + other.real_macs,
            self.size_bytes + other.size_bytes,
        )

    def __mul__(self, times: int) -> Counts:
        return Counts(
            self.params * times,
            self.binary_params * times,
            self.binary_macs * times,
            self.real_macs * times,
            self.size_bytes * times,
        )


def count(model: ModelConfig, resolution: int, landmarks: int = 16) -> Counts:
    """Counts of the network that `model` describes, at an input of `resolution` x `resolution` pixels.

    Does not check that the hourglass can pool that resolution: `blocks.widths.check_model` does.

    Raises:
        WidthError: if the network cannot have the widths that the configuration asks for.
    """
    # All stacks are alike, and all links: counting one of each keeps planning a thousand trials fast.
    stem = count_layers(stem_layers(model, resolution))
    stack = count_layers(stack_layers(model, resolution, landmarks, "stack"))
    link = count_layers(link_layers(model, resolution, landmarks, "link"))
    return stem + stack * model.stacks + link * (model.stacks - 1)


def count_layers(layers: Iterable[Layer]) -> Counts:
    """Counts of some layers together."""
    params = binary_params = binary_macs = real_macs = size = 0
    for layer in layers:
        params += layer.params
        if layer.kind == "batch_norm":
            size += 4 * FLOAT_BYTES * layer.outputs
        elif layer.binary:
            binary_params += layer.weights
            binary_macs += layer.macs
            size += (layer.weights + 7) // 8 + (0 if layer.scale == "none" else FLOAT_BYTES * layer.outputs)
        else:
            real_macs += layer.macs
            size += FLOAT_BYTES * layer.params
    return Counts(params, binary_params, binary_macs, real_macs, size)
