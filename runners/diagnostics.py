"""Figures about how a network learns, for claims of the paper about gradients and signs.

They only look: a trial trains to the same numbers with and without them, and they draw no random numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d
from blocks.hourglass import Hourglass, ImprovedHourglass
from blocks.network import HourglassNetwork
from blocks.plan import Draft
from blocks.residual import ResidualBlock


def hidden_weights(network: HourglassNetwork) -> list[Tensor]:
    """The weights of the convolutions that a binary network has binary, in a real network those in the same places.

    All but the first convolution, the outputs, and the links between stacks; in a binary network whose shortcuts are
    real, these neither.
    """
    if network.config.binary:
        return [module.weight for module in network.modules() if isinstance(module, BinaryConv2d)]
    real = {network.stem.conv, *(stack.output for stack in network.stacks), *network.links.modules()}
    return [module.weight for module in network.modules() if isinstance(module, nn.Conv2d) and module not in real]


def gradient_size(weights: Iterable[Tensor]) -> float:
    """The mean absolute gradient over all single weights that are trained (0 for one that no gradient reached).

    For the claim that the sigmoid cross-entropy "increased the gradients by 10-15x" over L2 (Section 5).
    """
    trained = [weight for weight in weights if weight.requires_grad]
    total = nn.utils.get_total_norm([weight.grad for weight in trained if weight.grad is not None], norm_type=1.0)
    return float(total) / sum(weight.numel() for weight in trained)


def norms_after_pooling(network: HourglassNetwork) -> list[nn.Module]:
    """The BatchNorms that read the output of a pooling, in the stem and on every level of every hourglass.

    A multi-scale block's own pooling is left out: the places are the same whatever the network is made of.
    """
    levels = [module for module in network.modules() if isinstance(module, Hourglass | ImprovedHourglass)]
    norms: list[nn.Module] = []
    for block in (network.stem.block2, *(level.down for level in levels)):
        assert isinstance(block, ResidualBlock)
        first = [unit.name for unit in block.plan.units if unit.source == Draft.INPUT]
        norms += [block.get_submodule(f"units.{name}.norm") for name in first]
    return norms


@contextmanager
def recording_signs(network: HourglassNetwork, shares: list[Tensor]) -> Iterator[None]:
    """While it lasts, add to `shares` the share of +1 among the signs right after each pooling, 0 to 1.

    In a real network, which has a ReLU there, the share of values that are not negative. For the claim that max-pooling
    does not skew the signs towards +1 where BatchNorm stands between the two.
    """

    def look(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        shares.append((output >= 0).mean(dtype=torch.float32))

    handles = [norm.register_forward_hook(look) for norm in norms_after_pooling(network)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
