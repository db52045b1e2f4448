"""A built network part by part: shape, cost and receptive field of each, all read off the module itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import nn

from blocks.count import Counts, count_layers
from blocks.measure import measure_layers
from blocks.receptive_field import Field, receptive_fields
from blocks.residual import ResidualBlock, block_words
from blocks.trace import Operation, Trace, is_within, trace
from blocks.unit import Unit

# Sums and what looks at one pixel of one map cost nothing and change no shape.
_SHOWN = ("convolution", "batch_norm", "pool", "upsample", "concat")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a network, and the map that it makes: `channels` x `side` x `side`.

    Attributes:
        name: the dotted name of its module; of a torch function, that of the module that calls it, and what it does.
        path: the same in steps, from the network down; lists and dictionaries of modules are no step of their own.
        what: in a few words: "block", "3x3", "7x7 /2", "max 2x2", "nearest x2"; in a
            network with blocks of several kinds, which it is.
        counts: what it costs.
        receptive_field: side of the square of the network's input on which a value of its result can depend, in
            pixels; the image's border is left out of account.
    """

    name: str
    path: tuple[str, ...]
    what: str
    channels: int
    side: int
    counts: Counts
    receptive_field: int


@dataclass(frozen=True)
class Parts:
    """A network and all of its parts in the order in which they run.

    `total` is the sum over the parts; `receptive_field` that of the last result, the last stack's heatmaps.
    """

    network: nn.Module
    trace: Trace
    parts: tuple[Part, ...]
    total: Counts
    receptive_field: int


def network_parts(network: nn.Module, resolution: int, *, layers: bool = False) -> Parts:
    """The parts of a network that takes images N x 3 x R x R, seen during passes of one image.

    Residual blocks are parts as a whole; with `layers`, each of their units (BatchNorm -> sign -> convolution) is one.
    A network on the "meta" device is neither filled nor computed.
    """
    modules = dict(network.named_modules())
    passed = trace(network, 3, resolution)
    fields = receptive_fields(passed)
    boxes = outermost(network, (Unit,) if layers else (ResidualBlock, Unit))
    words = block_words(network)
    measured = measure_layers(network, resolution)
    parts: dict[str, Part] = {}
    for number, step in enumerate(passed.operations):
        box = next((name for name in boxes if is_within(step.module, name)), None)
        if box is None and step.kind in _SHOWN:
            is_layer = step.kind in ("convolution", "batch_norm")
            name = step.module if is_layer else _own_name(step, parts, modules)
            parts[name] = _part(name, modules, step, fields[number], _what(step))
        elif box is not None and box not in parts:
            result = passed.results[box]
            unit = next(part for part in passed.part(box).operations if part.kind == "convolution")
            what = _what(unit) if isinstance(modules[box], Unit) else words[box]
            parts[box] = _part(box, modules, passed.operations[result], fields[result], what)
    counted = {name: count_layers(layer for layer in measured if is_within(layer.name, name)) for name in parts}
    found = tuple(replace(part, counts=counted[name]) for name, part in parts.items())
    return Parts(network, passed, found, count_layers(measured), fields[-1].size)


def outermost(network: nn.Module, kinds: tuple[type[nn.Module], ...], within: str = "") -> tuple[str, ...]:
    """Names of the modules of some types strictly inside of one, but not of those inside of one another."""
    found: list[str] = []
    for name, module in network.named_modules():
        inside = name != within and is_within(name, within)
        if inside and isinstance(module, kinds) and not any(is_within(name, other) for other in found):
            found.append(name)
    return tuple(found)


def hourglass_block(network: nn.Module) -> str:
    """The name of the first residual block inside of the first stack: the block of the hourglass, f to f channels.

    Where the hourglass's levels differ it is that of the outermost one which has a block.
    """
    return outermost(network, (ResidualBlock,), "stacks.0")[0]


def _part(name: str, modules: Mapping[str, nn.Module], step: Operation, field: Field, what: str) -> Part:
    return Part(name, _path(name, modules), what, step.channels, step.side, Counts(), field.size)


def _own_name(step: Operation, parts: Mapping[str, Part], modules: Mapping[str, nn.Module]) -> str:
    """The name of a module that does one thing, or of a function inside of a module that does more."""
    module = modules[step.module]
    if step.module and not any(True for _ in module.children()):
        return step.module
    name = f"{step.module}.{step.kind}" if step.module else step.kind
    number = 2
    while (numbered := name if number == 2 else f"{name}{number - 1}") in parts:
        number += 1
    return numbered


def _path(name: str, modules: Mapping[str, nn.Module]) -> tuple[str, ...]:
    path: list[str] = []
    so_far, joins = "", False
    for step in name.split("."):
        so_far = f"{so_far}.{step}" if so_far else step
        if joins:
            path[-1] += f".{step}"
        else:
            path.append(step)
        joins = isinstance(modules.get(so_far), nn.ModuleList | nn.ModuleDict)
    return tuple(path)


def _what(step: Operation) -> str:
    window = f"{step.kernel}x{step.kernel}"
    if step.kind == "convolution":
        stride = f" /{step.stride}" if step.stride > 1 else ""
        return f"{window}{stride}" + (f" g{step.groups}" if step.groups > 1 else "")
    if step.kind == "pool":
        return f"{'max' if step.name.startswith('max') else 'avg'} {window}"
    if step.kind == "upsample":
        return f"{step.name} x{step.stride}"
    return {"batch_norm": "norm", "concat": "concat"}[step.kind]
