"""A residual block as a torch module: it runs a plan (`blocks.plan`), whichever it is, and adds the shortcut."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.plan import BlockPlan, ConcatStep, Draft, PoolStep, Step, UpsampleStep
from blocks.unit import PAPER, Binarisation, Unit


class ResidualBlock(nn.Module):
    """The block that `plan` describes: N x inputs x H x W to N x outputs x H x W.

    The shortcut is the identity where the widths agree; otherwise a 1x1 unit, in Newell et al.'s real bottleneck a
    plain 1x1 convolution (also in binary blocks, if `binarisation` wants it real), and in the improved hourglass the
    sum of the input's halves.
    """

    def __init__(
        self,
        plan: BlockPlan,
        *,
        binary: bool,
        relu: bool = False,
        relu_first: bool = False,
        binarisation: Binarisation = PAPER,
    ) -> None:
        super().__init__()
        self.plan = plan
        self.units = nn.ModuleDict(
            {
                unit.name: Unit(
                    unit.inputs,
                    unit.outputs,
                    unit.kernel,
                    binary=binary,
                    groups=unit.groups,
                    bias=plan.bias,
                    relu=relu,
                    relu_first=relu_first,
                    binarisation=binarisation,
                )
                for unit in plan.units
            }
        )
        self.shortcut = _shortcut(plan, binary, relu, relu_first, binarisation)

    def forward(self, x: Tensor) -> Tensor:
        """N x inputs x H x W to N x outputs x H x W."""
        values = {Draft.INPUT: x}
        for step in self.plan.steps:
            values[step.name] = self._run(step, values)
        result: Tensor = values[self.plan.result] + self.shortcut(x)
        return result

    def _run(self, step: Step, values: dict[str, Tensor]) -> Tensor:
        # isinstance, not match: torch.compile cannot trace the pattern of a class.
        if isinstance(step, ConcatStep):
            return torch.cat([values[source] for source in step.sources], dim=1)
        x = values[step.source]
        if isinstance(step, PoolStep):
            return F.max_pool2d(x, 2)
        if isinstance(step, UpsampleStep):
            return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        unit: Tensor = self.units[step.name](x)
        return unit


def block_words(network: nn.Module) -> dict[str, str]:
    """What to call each residual block of a network, by its module's name: "block", or where there are several kinds,
    which one it is.
    """
    kinds = {name: block.plan.kind for name, block in network.named_modules() if isinstance(block, ResidualBlock)}
    return kinds if len(set(kinds.values())) > 1 else dict.fromkeys(kinds, "block")


class SumOfHalves(nn.Module):
    """The first half of the channels + the second: N x 2C x H x W to N x C x H x W."""

    def forward(self, x: Tensor) -> Tensor:
        """N x 2C x H x W to N x C x H x W."""
        first, second = x.chunk(2, dim=1)
        return first + second


def _shortcut(plan: BlockPlan, binary: bool, relu: bool, relu_first: bool, binarisation: Binarisation) -> nn.Module:
    if plan.shortcut == "halves":
        return SumOfHalves()
    if not plan.projects:
        return nn.Identity()
    if plan.shortcut == "convolution" or (binary and binarisation.shortcut == "real"):
        return nn.Conv2d(plan.inputs, plan.outputs, 1, bias=plan.bias)
    return Unit(
        plan.inputs,
        plan.outputs,
        1,
        binary=binary,
        bias=plan.bias,
        relu=relu,
        relu_first=relu_first,
        binarisation=binarisation,
    )
