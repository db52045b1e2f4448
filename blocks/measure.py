"""What a built network costs, measured on the module itself: the check on `blocks.count`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d
from blocks.count import Counts, count_layers
from blocks.layers import Layer


def measure(network: nn.Module, resolution: int) -> Counts:
    """Counts of a module that takes images N x 3 x R x R, from a pass of one image (`Counts` says what is counted)."""
    return count_layers(measure_layers(network, resolution))


def measure_layers(network: nn.Module, resolution: int) -> list[Layer]:
    """The convolutions, BatchNorms and PReLUs of a module in the order in which they ran, seen by hooks in one pass.

    The pass is in evaluation mode, without gradients, on the module's own device ("meta" computes nothing); the mode
    is put back.
    """
    layers: list[Layer] = []
    device = next(network.parameters()).device
    image = torch.zeros(1, 3, resolution, resolution, device=device)
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        with _recording(network, layers), torch.no_grad():
            network(image)
    finally:
        for module, training in modes.items():
            module.training = training
    return layers


@contextmanager
def _recording(network: nn.Module, layers: list[Layer]) -> Iterator[None]:
    def record(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            layers.append(_layer(name, module, output.shape[-1]))

        return hook

    handles = [
        module.register_forward_hook(record(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.PReLU)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _layer(name: str, module: nn.Module, side: int) -> Layer:
    if isinstance(module, nn.Conv2d):
        return Layer(
            name,
            "convolution",
            module.in_channels,
            module.out_channels,
            side,
            kernel=module.kernel_size[0],
            stride=module.stride[0],
            groups=module.groups,
            bias=module.bias is not None,
            binary=isinstance(module, BinaryConv2d),
            scale=module.weight_scale if isinstance(module, BinaryConv2d) else "mean",
        )
    if isinstance(module, nn.PReLU):
        return Layer(name, "prelu", module.num_parameters, module.num_parameters, side)
    assert isinstance(module, nn.BatchNorm2d)
    return Layer(name, "batch_norm", module.num_features, module.num_features, side)
