"""The diagram of a built module, in the manner of the paper's Fig. 7: boxes and arrows, read off its trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from torch import nn

from blocks.parts import outermost
from blocks.residual import ResidualBlock, block_words
from blocks.trace import Operation, Trace, is_within
from blocks.unit import Unit

Style = Literal["plain", "binary", "real", "convolution", "sum", "concat", "step"]
"""How a box is drawn: words alone, a binary unit, a real unit, a convolution without BatchNorm, and so on."""

MOST_SIBLINGS = 4
"""Copies of one layer that are drawn beside one another; more are drawn as one box that says how many."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step of the module: a few lines of text. `copies`: it stands for so many equal layers side by side."""

    style: Style
    lines: tuple[str, ...]
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes in the order in which they run, and arrows between them as pairs of their numbers.

    `legend` says what the layers are made of, by their styles.
    """

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[int, int], ...]
    legend: tuple[tuple[Style, str], ...]


def module_diagram(network: nn.Module, passed: Trace, module: str) -> Diagram:
    """The diagram of one module of a network, by its dotted name.

    Units are boxes, "3x3, 256 -> 128"; of a module that holds residual blocks, these are.

    Args:
        network: the network.
        passed: its trace.
        module: which of its modules to draw.

    Raises:
        KeyError: if there is no such module, or it computes nothing.
    """
    part = passed.part(module)
    modules = dict(network.named_modules())
    own = outermost(network, (Unit, ResidualBlock), module)
    words = block_words(network)
    groups: dict[str, list[int]] = {}  # the operations of each box
    for number in range(len(part.operations)):
        groups.setdefault(_box_of(number, part, own), []).append(number)
    order = {group: index for index, group in enumerate(groups)}
    group_of = {number: group for group, numbers in groups.items() for number in numbers}
    boxes: list[Box] = []
    legend: dict[tuple[Style, str], None] = {}  # in the order in which they are met
    for group, numbers in groups.items():
        steps = [part.operations[number] for number in numbers]
        box, meaning = _box(steps, modules.get(group), words.get(group, "block"))
        boxes.append(box)
        if meaning:
            legend[box.style, meaning] = None
    arrows = [
        (order[group_of[source]], order[group])
        for group, numbers in groups.items()
        for source in dict.fromkeys(
            source for number in numbers for source in part.operations[number].sources if source not in numbers
        )
    ]
    result = part.operations[part.results[module]]
    boxes.append(Box("plain", (_channels(result.channels),)))
    arrows.append((order[group_of[part.results[module]]], len(boxes) - 1))
    return _siblings_merged(Diagram(tuple(boxes), tuple(arrows), tuple(legend)))


def _box_of(number: int, part: Trace, own: tuple[str, ...]) -> str:
    """The name of the box to which an operation belongs: that of a unit or block, else one of its own."""
    step = part.operations[number]
    if step.kind != "input":
        name = next((name for name in own if is_within(step.module, name)), None)
        if name is not None:
            return name
    readers = [reader for reader, other in enumerate(part.operations) if number in other.sources]
    if step.kind == "split" and len(readers) == 1 and part.operations[readers[0]].kind == "sum":
        return f"#{readers[0]}"  # split only to be summed: one box
    return f"#{number}"


def _box(steps: list[Operation], module: nn.Module | None, block: str) -> tuple[Box, str]:
    """The box of some operations, and what the legend says of it ("" where its own words do).

    `block` is what a residual block is called.
    """
    last = steps[-1]
    if isinstance(module, ResidualBlock):
        style: Style = "binary" if any(step.binary for step in steps) else "real"
        return Box(style, (block, _widths(steps[0].inputs, last.channels))), "residual block"
    convolution = next((step for step in steps if step.kind == "convolution"), None)
    if convolution is not None:
        return _layer(convolution, steps)
    if last.kind == "input":
        return Box("plain", (_channels(last.channels),)), ""
    if last.kind == "sum":
        if steps[0].kind == "split":
            return Box("step", ("sum of halves", _widths(steps[0].inputs, last.channels))), ""
        return Box("sum", ("+",)), ""
    if last.kind == "concat":
        return Box("concat", ("C",)), ""
    if last.kind == "pool":
        kind = "max" if last.name.startswith("max") else "average"
        return Box("step", (f"{kind}-pool {last.kernel}×{last.kernel}",)), ""
    if last.kind == "upsample":
        return Box("step", (f"upsample ×{last.stride}", last.name)), ""
    words: Mapping[str, str] = {"batch_norm": "BatchNorm", "relu_": "ReLU", "relu": "ReLU", "prelu": "PReLU"}
    return Box("step", (words.get(last.name, last.name),)), ""


def _layer(convolution: Operation, steps: list[Operation]) -> tuple[Box, str]:
    kernel = f"{convolution.kernel}×{convolution.kernel}"
    lines = [f"{kernel}, {_widths(convolution.inputs, convolution.channels)}"]
    more = [f"stride {convolution.stride}"] if convolution.stride > 1 else []
    more += [f"{convolution.groups} groups"] if convolution.groups > 1 else []
    if more:
        lines.append(", ".join(more))
    words = [_word(step) for step in steps]
    if convolution.binary:  # the sign is inside of the binary convolution
        words.insert(words.index("binary convolution"), "sign")
        return Box("binary", tuple(lines)), " → ".join(words)
    style: Style = "real" if len(steps) > 1 else "convolution"
    return Box(style, tuple(lines)), " → ".join(words)


def _word(step: Operation) -> str:
    if step.kind == "convolution":
        return "binary convolution" if step.binary else "convolution"
    return {"batch_norm": "BatchNorm", "relu_": "ReLU", "relu": "ReLU", "prelu": "PReLU"}.get(step.name, step.name)


def _widths(inputs: int, outputs: int) -> str:
    return f"{inputs} → {outputs}"


def _channels(channels: int) -> str:
    return f"{channels} channels"


def _siblings_merged(diagram: Diagram) -> Diagram:
    """The diagram with many equal layers that read and feed the same boxes made one."""
    reads = {box: tuple(a for a, b in diagram.arrows if b == box) for box in range(len(diagram.boxes))}
    feeds = {box: tuple(b for a, b in diagram.arrows if a == box) for box in range(len(diagram.boxes))}
    alike: dict[tuple[object, ...], list[int]] = {}
    for number, box in enumerate(diagram.boxes):
        alike.setdefault((box, reads[number], feeds[number]), []).append(number)
    dropped = {number for numbers in alike.values() if len(numbers) > MOST_SIBLINGS for number in numbers[1:]}
    first = {numbers[0]: len(numbers) for numbers in alike.values() if len(numbers) > MOST_SIBLINGS}
    kept = [number for number in range(len(diagram.boxes)) if number not in dropped]
    index = {number: position for position, number in enumerate(kept)}
    boxes = []
    for number in kept:
        box = diagram.boxes[number]
        copies = first.get(number, 1)
        if copies > 1:
            box = replace(box, copies=copies, lines=(*box.lines, f"{copies} copies"))
        boxes.append(box)
    arrows = [(index[a], index[b]) for a, b in diagram.arrows if a in index and b in index]
    return Diagram(tuple(boxes), tuple(dict.fromkeys(arrows)), diagram.legend)
