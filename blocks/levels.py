"""The levels of the hourglass: level n is its map halved n times, with a width and blocks of its own.

The outermost way across, `skip`, is level 0. Of every level below there are `down`, which reads the pooled map of the
level above, `inner`, a block or the next hourglass whose way across is of that level, too, and `up`, which gives the
map that the level above upsamples. The stem and the block after the hourglass are of no level. By default all levels
are alike, as in the paper.
"""

from __future__ import annotations

from typing import Literal

from blocks.catalogue import plan_block, plan_merge
from blocks.plan import BlockPlan, WidthError
from blocks.widths import LEAST_FEATURES, hourglass_features
from search_space.config import BlockConfig, LevelConfig, ModelConfig, OuterLevelConfig

Place = Literal["skip", "down", "inner", "up"]
"""Where in an hourglass a block stands."""


def is_improved(model: ModelConfig) -> bool:
    """Whether the hourglass is the improved one, which gives twice the features to the block after it."""
    return model.hourglass == "improved"


def level_places(model: ModelConfig, level: int) -> tuple[Place, ...]:
    """The blocks that the hourglass has at a level, in the order in which they run."""
    down: tuple[Place, ...] = ("down",) if level > 0 else ()
    skip: tuple[Place, ...] = () if is_improved(model) else ("skip",)
    middle: tuple[Place, ...] = skip if level < model.order else ("inner",)
    return (*down, *middle, *(("up",) if level > 0 else ()))


def level_block(model: ModelConfig, level: int) -> BlockConfig:
    """The configuration of a level's blocks: what the level says, and `block.*` for all else."""
    own = {name: value for name, value in level_settings(model, level).block if value is not None}
    return model.block.model_copy(update=own) if own else model.block


def level_features(model: ModelConfig, level: int) -> int:
    """Channels of the hourglass at a level: features x width x the level's width, a whole number of at least 4.

    Raises:
        WidthError: if it is not; the message has the nearest width that is.
    """
    features = hourglass_features(model)
    width = level_width(model, level)
    exact = features * width
    channels = round(exact)
    # The tolerance takes up that 0.7 * 10 is 7.000000000000001, and nothing else.
    if channels < LEAST_FEATURES or abs(exact - channels) > 1e-6:
        nearest = max(LEAST_FEATURES, channels) / features
        raise WidthError(
            f"level{level}.width {width:g} of {features} channels is {exact:g} channels, not a whole number of at "
            f"least {LEAST_FEATURES}: the nearest level{level}.width is {nearest:.10g}"
        )
    return channels


def level_width(model: ModelConfig, level: int) -> float:
    """What multiplies the channels of the hourglass at a level; level 0 is as wide as the network."""
    config = level_settings(model, level)
    return config.width if isinstance(config, LevelConfig) else 1.0


def place_plan(model: ModelConfig, place: Place, level: int) -> BlockPlan:
    """The plan of the block at a place of a level.

    `skip` and `inner` keep the level's channels; `down` comes from those of the level above, `up` goes back to them.
    In an improved hourglass `up` reads two maps of its level, laid together, where an hourglass stands before it.

    Raises:
        WidthError: if the block cannot have the widths.
    """
    block, own = level_block(model, level), level_features(model, level)
    if place == "down":
        return plan_block(level_features(model, level - 1), own, block, model.binary)
    if place == "up":
        above = level_features(model, level - 1)
        if is_improved(model) and level < model.order:
            return plan_merge(own, above, block, model.binary)
        return plan_block(own, above, block, model.binary)
    return plan_block(own, own, block, model.binary)


def level_settings(model: ModelConfig, level: int) -> OuterLevelConfig:
    """What the configuration says of a level."""
    config: OuterLevelConfig = getattr(model.levels, f"level{level}")
    return config
