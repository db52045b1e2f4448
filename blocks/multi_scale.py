"""The multi-scale block: one path at the block's resolution, one at half of it (Figs. 7c and 7d)."""

from __future__ import annotations

from blocks.plan import BlockPlan, Draft, WidthError
from search_space.config import BlockConfig


def multi_scale(inputs: int, outputs: int, config: BlockConfig, binary: bool) -> BlockPlan:
    """Left a path at full resolution; right, after a pooling, one and two 3x3 convolutions, and back up by 2.

    Fig. 7c: left 1x1 to o/4, 3x3; right 3x3 to o/8 beside two 3x3 to o/8. All are concatenated to o/2 channels, and a
    1x1 convolution gives o. `block.remove_1x1` is Fig. 7d: left one 3x3 to o/2, right the same at o/4, concatenated to
    o channels, and nothing after that; the shortcut keeps its 1x1 convolution where widths differ. A map that the block
    reads must be even in height and width.

    The pooling inside is always max and the upsampling always bilinear (Fig. 7), whatever `model.pooling` and
    `model.upsampling` say: those are of the hourglass and the stem. The real twin has the same layers, without biases,
    so the plan does not depend on `binary`.

    Raises:
        WidthError: if the output width does not divide by 8, or without 1x1 convolutions by 4.
    """
    part = narrowest_width(outputs, config.remove_1x1)
    draft = Draft(inputs)
    if config.remove_1x1:
        left = draft.unit("left", draft.input, 2 * part, kernel=3)
    else:
        left = draft.unit("left_reduce", draft.input, 2 * part, kernel=1)
        left = draft.unit("left", left, 2 * part, kernel=3)
    pooled = draft.pool("pooled", draft.input)
    short = draft.unit("right_short", pooled, part, kernel=3)
    long = draft.unit("right_long1", pooled, part, kernel=3)
    long = draft.unit("right_long2", long, part, kernel=3)
    right = draft.upsample("right", draft.concat("right_pooled", [short, long]))
    both = draft.concat("scales", [left, right])
    return draft.finish(both if config.remove_1x1 else draft.unit("expand", both, outputs, kernel=1))


def narrowest_width(outputs: int, remove_1x1: bool) -> int:
    """Channels of the block's narrowest convolutions, o/8, or o/4 without 1x1 convolutions (else WidthError).

    >>> narrowest_width(256, remove_1x1=False)
    32
    """
    parts = 4 if remove_1x1 else 8
    if outputs % parts == 0:
        return outputs // parts
    below = outputs // parts * parts
    nearest = f"{below} or {below + parts}" if below else f"{parts}"
    other = ", or block.remove_1x1 true" if outputs % 4 == 0 else ""
    raise WidthError(
        f"block.type multi_scale with block.remove_1x1 {str(remove_1x1).lower()} has convolutions of 1/{parts} of "
        f"{outputs} channels, not a whole number: use a number of channels that is a multiple of {parts}, nearest "
        f"{nearest}{other}"
    )
