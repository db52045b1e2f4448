"""The paper's own block: hierarchical, parallel, multi-scale (Fig. 7e), its depth (Fig. 9), cardinality (Fig. 10)."""

from __future__ import annotations

from blocks.plan import BlockPlan, Draft, WidthError
from search_space.config import BlockConfig


def hierarchical(inputs: int, outputs: int, config: BlockConfig, binary: bool) -> BlockPlan:
    """A chain of 3x3 convolutions, each half as wide as the one before; the outputs of all are concatenated.

    Depth d has the widths o/2, o/4, ..., the last two equal, so that they add up to o. Cardinality C is C copies of
    the chain, each 1/C as wide. Every copy has a BatchNorm of its own on the block's input (the counts of
    network_spec say so); after that the copies run as one grouped convolution. The concatenation goes scale by scale,
    and copy by copy within a scale. The real twin has the same layers, without biases, so the plan does not depend on
    `binary`.

    Raises:
        WidthError: if depth or cardinality do not divide the output width.
    """
    widths = scale_widths(outputs, config.depth, config.cardinality)
    copies = config.cardinality
    draft = Draft(inputs)
    if copies == 1:
        x = draft.unit("scale1", draft.input, widths[0], kernel=3)
    else:
        names = [f"scale1_copy{copy}" for copy in range(1, copies + 1)]
        first = [draft.unit(name, draft.input, widths[0] // copies, kernel=3) for name in names]
        x = draft.concat("scale1", first)
    scales = [x]
    for number, width in enumerate(widths[1:], start=2):
        x = draft.unit(f"scale{number}", x, width, kernel=3, groups=copies)
        scales.append(x)
    return draft.finish(draft.concat("scales", scales))


def scale_widths(outputs: int, depth: int, cardinality: int) -> tuple[int, ...]:
    """Channels of each 3x3 convolution, all copies together: o/2, o/4, ..., the last two equal (else WidthError).

    >>> scale_widths(256, 3, 1)
    (128, 64, 64)
    """
    narrowest = 2 ** (depth - 1)
    if outputs % narrowest:
        deepest = (outputs & -outputs).bit_length()  # halvings that leave a whole number, and one
        mend = f"use block.depth <= {deepest}, or" if deepest >= 2 else "use"
        raise WidthError(
            f"block.depth {depth} halves {outputs} channels {depth - 1} times, which leaves no whole number: {mend} "
            f"a number of channels that is a multiple of {narrowest}"
        )
    if outputs // narrowest % cardinality:
        possible = [c for c in range(1, 17) if outputs // narrowest % c == 0]
        raise WidthError(
            f"block.cardinality {cardinality} does not divide the narrowest convolution, {outputs // narrowest} of "
            f"{outputs} channels at block.depth {depth}: possible are {', '.join(map(str, possible))}; else use a "
            f"number of channels that is a multiple of {narrowest * cardinality}"
        )
    halves = [outputs >> number for number in range(1, depth)]
    return (*halves, halves[-1])
