"""The blocks that a study can name. A new block is a file like `blocks/hierarchical.py` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from blocks.bottleneck import bottleneck
from blocks.hierarchical import hierarchical
from blocks.multi_scale import multi_scale
from blocks.plan import BlockFunction, BlockPlan
from search_space.config import BlockConfig

BLOCKS: Mapping[str, BlockFunction] = MappingProxyType(
    {
        "bottleneck": bottleneck,
        "multi_scale": multi_scale,
        "hierarchical": hierarchical,
    }
)


@lru_cache(maxsize=1024)  # a network asks for the same few plans again and again
def plan_block(inputs: int, outputs: int, config: BlockConfig, binary: bool) -> BlockPlan:
    """The plan of the block that `config.type` names, `inputs` to `outputs` channels (WidthError if impossible)."""
    plan = BLOCKS[config.type](inputs, outputs, config, binary)
    if (plan.inputs, plan.outputs) != (inputs, outputs):
        raise ValueError(f"block {config.type!r} gives {plan.outputs} channels where {outputs} are wanted")
    return replace(plan, kind=config.type)


def plan_merge(inputs: int, outputs: int, config: BlockConfig, binary: bool) -> BlockPlan:
    """The plan of a block that reads a concatenation of two maps: 2 x `inputs` channels to `outputs`.

    Its first convolutions take twice the channels, the rest is that of any other block; its shortcut is the sum of
    the two maps, without parameters (network_spec, 7), or, where these have another width, that of any other block.

    Raises:
        WidthError: if the block cannot be `outputs` channels wide.
    """
    plan = plan_block(2 * inputs, outputs, config, binary)
    return replace(plan, shortcut="halves") if inputs == outputs else plan
