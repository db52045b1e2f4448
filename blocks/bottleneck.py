"""The bottleneck of He et al. with an inner width of any size (Figs. 7a and 7b), with and without its 1x1 layers."""

from __future__ import annotations

from blocks.plan import BlockPlan, Draft, WidthError
from search_space.config import BlockConfig


def bottleneck(inputs: int, outputs: int, config: BlockConfig, binary: bool) -> BlockPlan:
    """1x1 to the inner width, 3x3, 1x1 back; the inner width is `block.width` of the output width.

    Width 0.5 is Fig. 7a, 1.0 the wider block (Fig. 7b), 196/256 the wider real bottleneck of Table 3. A real
    bottleneck follows Newell et al.: its convolutions have biases, and where widths differ its shortcut is a plain
    1x1 convolution.

    `block.remove_1x1` leaves 3x3 to the inner width, 3x3 back. With width 5/16 (0.3125) this is "bottleneck (wider) +
    no 1x1" of Table 2; Section 4.6.1 says only that the parameters were halved, so that width is the least certain of
    network_spec. The shortcut keeps its 1x1 convolution where widths differ.

    Raises:
        WidthError: if the inner width is not a whole number of channels.
    """
    inner = inner_width(outputs, config.width)
    draft = Draft(inputs)
    if config.remove_1x1:
        x = draft.unit("reduce", draft.input, inner, kernel=3)
        x = draft.unit("expand", x, outputs, kernel=3)
    else:
        x = draft.unit("reduce", draft.input, inner, kernel=1)
        x = draft.unit("middle", x, inner, kernel=3)
        x = draft.unit("expand", x, outputs, kernel=1)
    return draft.finish(x, bias=not binary, shortcut="unit" if binary else "convolution")


def inner_width(outputs: int, width: float) -> int:
    """Channels inside a bottleneck: `width` x `outputs`, a whole number of at least 1 (else WidthError)."""
    exact = outputs * width
    inner = round(exact)
    # The tolerance takes up that 0.7 * 10 is 7.000000000000001, and nothing else.
    if inner < 1 or abs(exact - inner) > 1e-6:
        nearest = max(1, inner) / outputs
        raise WidthError(
            f"block.width {width:g} of {outputs} channels is {exact:g} inner channels, not a whole number of at least 1"
            f": the nearest block.width is {nearest:.10g}"
        )
    return inner
