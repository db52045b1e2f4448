"""Widths of the network, known without torch, before anything is built; those of its levels: `blocks.levels`."""

from __future__ import annotations

from blocks.catalogue import plan_block
from blocks.plan import WidthError
from search_space.config import BlockConfig, ModelConfig

LEAST_FEATURES = 4
STRIDE = 4
"""Pixels of the input to one of the heatmap, along a side: the stem halves twice."""


def hourglass_features(model: ModelConfig) -> int:
    """Channels of the hourglass: features x width, a whole number of at least 4 (else WidthError)."""
    exact = model.features * model.width
    features = round(exact)
    # The tolerance takes up that 0.7 * 10 is 7.000000000000001, and nothing else.
    if abs(exact - features) > 1e-6:
        nearest = max(LEAST_FEATURES, features) / model.features
        raise WidthError(
            f"model.features {model.features} x model.width {model.width:g} is {exact:g} channels, not a whole number"
            f": the nearest model.width is {nearest:.10g}"
        )
    if features < LEAST_FEATURES:
        raise WidthError(
            f"model.features {model.features} x model.width {model.width:g} is {features} channels, too few: "
            f"use a model.features or a model.width that give at least {LEAST_FEATURES}"
        )
    return features


def stem_widths(model: ModelConfig) -> tuple[int, int, int, int]:
    """Channels of the stem: its convolution, then its three blocks, the last as wide as the hourglass.

    64, 128, 128, 256 in the paper; the first three do not change with the width of the hourglass (Fig. 1b).
    """
    first = model.stem_features
    return first, 2 * first, 2 * first, hourglass_features(model)


def block_widths(outputs: int, block: BlockConfig, binary: bool = True) -> tuple[int, ...]:
    """Output channels of each unit of a block that is `outputs` wide, in the order in which they run (else WidthError).

    >>> block_widths(256, BlockConfig(type="hierarchical"))
    (128, 64, 64)
    """
    return tuple(unit.outputs for unit in plan_block(outputs, outputs, block, binary).units)
