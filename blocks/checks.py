"""What makes a model impossible: known without torch, before anything is built."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from blocks.catalogue import plan_block
from blocks.levels import level_block, level_features, level_places, level_settings, level_width
from blocks.plan import WidthError
from blocks.widths import STRIDE, hourglass_features
from search_space.config import ModelConfig


def check_widths(model: ModelConfig) -> list[str]:
    """What is wrong with the model's widths, each with the keys as a study writes them; empty if nothing."""
    try:
        features = hourglass_features(model)
    except WidthError as error:
        return [str(error)]
    stem = 2 * model.stem_features
    problems = []
    for width, where in [
        (features, f"in the hourglass ({features} channels, {_source(model, 0)})"),
        (stem, f"in the stem ({stem} channels, 2 x model.stem_features {model.stem_features})"),
    ]:
        try:
            plan_block(width, width, model.block, model.binary)
        except WidthError as error:
            problems.append(f"{error} [{where}]")
    for level in range(model.order + 1):
        problems += _level_problems(model, level)
    return list(dict.fromkeys(problems))


def block_halvings(model: ModelConfig, level: int | None = None) -> int:
    """How often a block halves the map that it reads, of this network or of a level of its hourglass: 1 of multi-scale
    blocks, 0 of the others.

    A width that is impossible says nothing of it, so that it is known beside `check_widths`'s problems where one of the
    widths is possible.
    """
    block = model.block if level is None else level_block(model, level)
    for outputs in (2 * model.stem_features, model.features, *_own_widths(model, level)):
        try:
            return plan_block(outputs, outputs, block, model.binary).halvings
        except WidthError:
            continue
    return 0


def resolution_multiple(model: ModelConfig) -> int:
    """What an input's side must be a multiple of: the stem halves it twice, the hourglass `order` times, and a block
    that pools inside once more, which tells on the smallest map. The blocks outside of the hourglass read maps of at
    least twice that size, so they add nothing.
    """
    level, inside = _deepest(model)
    return int(STRIDE * 2 ** (level + inside))


def check_resolution(model: ModelConfig, resolution: int, key: str = "data.resolution") -> list[str]:
    """What is wrong with an input of `resolution` pixels a side; empty if nothing (see `resolution_multiple`)."""
    multiple = resolution_multiple(model)
    if resolution > 0 and resolution % multiple == 0:
        return []
    below = resolution // multiple * multiple
    nearest = f"{below} or {below + multiple}" if below > 0 else f"{multiple}"
    level, inside = _deepest(model)
    lower = _largest_order(model, resolution)
    mend = f", or use model.order <= {lower}" if lower else ""
    own = "" if level_settings(model, level).block.type is None else f"level{level}."
    kind = f"{own}block.type {level_block(model, level).type}"
    within = f", inside each block of {kind} {inside}" if inside else ""
    down = f"model.order {model.order}" if level == model.order else f"to level {level}, {level}"
    return [
        f"{key} {resolution} cannot be halved {level + 2 + inside} times (stem 2, {down}{within}): it must be a "
        f"multiple of {multiple}, nearest {nearest}{mend}"
    ]


def check_model(model: ModelConfig, resolution: int) -> list[str]:
    """All that makes a model impossible to build or to run at `resolution` pixels a side, with how to mend it.

    Returns one sentence a problem, with keys as a study writes them; empty if the model can be built.
    """
    return [*check_widths(model), *check_resolution(model, resolution)]


def _level_problems(model: ModelConfig, level: int) -> Iterator[str]:
    """What is wrong with the blocks of one level, as far as they are not those of the whole network."""
    try:
        level_features(model, level)
    except WidthError as error:
        yield str(error)
        return
    block = level_block(model, level)
    said: set[int] = set()
    for place in level_places(model, level):
        target = level - 1 if place == "up" else level
        try:
            outputs = level_features(model, target)
        except WidthError:
            continue  # said of that level
        if outputs in said or (block == model.block and outputs == hourglass_features(model)):
            continue  # said of another of the level's blocks, or of the network
        said.add(outputs)
        try:
            plan_block(outputs, outputs, block, model.binary)
        except WidthError as error:
            where = f"in the blocks of level {level} of the hourglass" + (" that lead up" if place == "up" else "")
            yield f"{_with_own_keys(error, model, level)} [{where} ({outputs} channels, {_source(model, target)})]"


def _with_own_keys(error: WidthError, model: ModelConfig, level: int) -> str:
    """The message of a block, with the keys of the level where the level has its own."""
    own = {name for name, value in level_settings(model, level).block if value is not None}

    def key(found: re.Match[str]) -> str:
        return f"level{level}.{found[0]}" if found[1] in own else found[0]

    return re.sub(r"\bblock\.(\w+)", key, str(error))


def _source(model: ModelConfig, level: int) -> str:
    """Where the channels of a level come from."""
    width = f" x model.width {model.width:g}" if model.width != 1 else ""
    own = level_width(model, level)
    return f"model.features {model.features}{width}" + (f" x level{level}.width {own:g}" if own != 1 else "")


def _deepest(model: ModelConfig) -> tuple[int, int]:
    """The level whose map is halved most often, the halvings inside of its blocks included, and how many these are."""
    inside = {level: block_halvings(model, level) for level in range(model.order + 1) if level_places(model, level)}
    level = max(inside, key=lambda level: (level + inside[level], level))
    return level, inside[level]


def _largest_order(model: ModelConfig, resolution: int) -> int:
    """The largest order that is possible at a resolution, below that of the model; 0 if there is none."""
    if resolution <= 0:
        return 0
    lower = (model.model_copy(update={"order": order}) for order in range(model.order - 1, 0, -1))
    return next((each.order for each in lower if resolution % resolution_multiple(each) == 0), 0)


def _own_widths(model: ModelConfig, level: int | None) -> Iterator[int]:
    """The channels of a level, if they are possible."""
    if level is not None:
        with contextlib.suppress(WidthError):
            yield level_features(model, level)
