"""Widths of the network, and what makes a model impossible: known without torch, before anything is built."""

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


def check_widths(model: ModelConfig) -> list[str]:
    """What is wrong with the model's widths, each with the keys as a study writes them; empty if nothing."""
    try:
        features = hourglass_features(model)
    except WidthError as error:
        return [str(error)]
    stem = 2 * model.stem_features
    source = f"model.features {model.features}" + (f" x model.width {model.width:g}" if model.width != 1 else "")
    problems = []
    for width, where in [
        (features, f"in the hourglass ({features} channels, {source})"),
        (stem, f"in the stem ({stem} channels, 2 x model.stem_features {model.stem_features})"),
    ]:
        try:
            plan_block(width, width, model.block, model.binary)
        except WidthError as error:
            problems.append(f"{error} [{where}]")
    return problems


def block_halvings(model: ModelConfig) -> int:
    """How often a block of this network halves the map that it reads: 1 of multi-scale blocks, 0 of the others.

    A width that is impossible says nothing of it, so that it is known beside `check_widths`'s problems where one of the
    widths is possible.
    """
    for outputs in (2 * model.stem_features, model.features):
        try:
            return plan_block(outputs, outputs, model.block, model.binary).halvings
        except WidthError:
            continue
    return 0


def resolution_multiple(model: ModelConfig) -> int:
    """What an input's side must be a multiple of: the stem halves it twice, the hourglass `order` times, and a block
    that pools inside once more on the smallest map. The blocks of the stem read larger maps, so they add nothing.
    """
    return int(STRIDE * 2 ** (model.order + block_halvings(model)))


def check_resolution(model: ModelConfig, resolution: int, key: str = "data.resolution") -> list[str]:
    """What is wrong with an input of `resolution` pixels a side; empty if nothing (see `resolution_multiple`)."""
    multiple = resolution_multiple(model)
    if resolution > 0 and resolution % multiple == 0:
        return []
    below = resolution // multiple * multiple
    nearest = f"{below} or {below + multiple}" if below > 0 else f"{multiple}"
    inside = block_halvings(model)
    order = (resolution & -resolution).bit_length() - 1 - 2 - inside if resolution > 0 else 0
    lower = f", or use model.order <= {order}" if order >= 1 else ""
    within = f", inside each block of block.type {model.block.type} {inside}" if inside else ""
    return [
        f"{key} {resolution} cannot be halved {model.order + 2 + inside} times (stem 2, model.order {model.order}"
        f"{within}): it must be a multiple of {multiple}, nearest {nearest}{lower}"
    ]


def check_model(model: ModelConfig, resolution: int) -> list[str]:
    """All that makes a model impossible to build or to run at `resolution` pixels a side, with how to mend it.

    Returns one sentence a problem, with keys as a study writes them; empty if the model can be built.
    """
    return [*check_widths(model), *check_resolution(model, resolution)]
