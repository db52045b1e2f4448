"""Receptive fields: which pixels of the input a value can depend on, computed over the graph of a built network.

A map's position depends on a square of the input, from one pixel to another along each side; a window widens it, a
stride and an upsampling change where the next position's square lies, and where ways meet the squares are united. This
is exact for every position, not only for the widest: behind an upsampling neighbouring positions have different ones.
The image's border is left out of account: a field may be larger than the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, gcd, lcm

from blocks.trace import Operation, Trace, UntraceableError


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive fields of a map's positions along one side, which repeat: position m period + r sees the pixels
    from m advance + first[r] to m advance + last[r], both included.
    """

    advance: int = 1
    first: tuple[int, ...] = (0,)
    last: tuple[int, ...] = (0,)

    @property
    def period(self) -> int:
        """After how many positions the fields repeat."""
        return len(self.first)

    @property
    def size(self) -> int:
        """The side of the largest field, in pixels of the input."""
        return max(last - first for first, last in zip(self.first, self.last, strict=True)) + 1

    def at(self, position: int) -> tuple[int, int]:
        """The first and the last pixel that a position sees; below 0 lies the padding."""
        times, rest = divmod(position, self.period)
        return times * self.advance + self.first[rest], times * self.advance + self.last[rest]


def receptive_fields(trace: Trace) -> tuple[Field, ...]:
    """The field of every operation's result, in pixels of the trace's inputs (of which there may be several).

    Raises:
        UntraceableError: for an upsampling other than nearest and bilinear.
    """
    fields: list[Field] = []
    for step in trace.operations:
        sources = [fields[source] for source in step.sources]
        fields.append(_field(step, sources))
    return tuple(fields)


def receptive_field(trace: Trace, module: str = "") -> int:
    """The side of the receptive field of a module's result, in pixels of the trace's input.

    Of a hierarchical block of depth d it is 2d + 1 (network_spec, "Depth").

    Raises:
        KeyError: if there is no such module, or it made nothing.
    """
    return receptive_fields(trace)[trace.results[module]].size


def _field(step: Operation, sources: list[Field]) -> Field:
    if step.kind == "input":
        return Field()
    if step.kind in ("convolution", "pool"):
        return window(sources[0], step.dilation * (step.kernel - 1) + 1, step.stride, step.padding)
    if step.kind == "upsample":
        if step.name not in ("nearest", "bilinear"):
            raise UntraceableError(f"receptive field of an upsampling of mode '{step.name}'")
        return upsampled(sources[0], step.stride, bilinear=step.name == "bilinear")
    return united(sources)


def window(field: Field, kernel: int, stride: int = 1, padding: int = 0) -> Field:
    """What a convolution or a pooling sees: position p reads `kernel` positions from p stride - padding on."""
    period = field.period // gcd(field.period, stride)
    begins = [position * stride - padding for position in range(period)]
    reads = [[field.at(begin + offset) for offset in range(kernel)] for begin in begins]
    return _field_of(reads, period * stride * field.advance // field.period)


def upsampled(field: Field, factor: int, *, bilinear: bool) -> Field:
    """What an upsampling by a whole number sees: the nearest position, or the two around (not aligned at corners)."""
    reads = []
    for position in range(factor * field.period):
        if bilinear:
            twice = 2 * position + 1 - factor  # the place between positions, x 2 factor
            below = floor(twice / (2 * factor))
            taps = {below, below + (twice % (2 * factor) != 0)}
        else:
            taps = {position // factor}
        reads.append([field.at(tap) for tap in sorted(taps)])
    return _field_of(reads, field.advance)


def united(fields: list[Field]) -> Field:
    """What a concatenation or a sum of maps of one resolution sees."""
    period = lcm(*(field.period for field in fields))
    advances = {field.advance * (period // field.period) for field in fields}
    if len(advances) != 1:
        raise ValueError(f"maps of different strides meet: {fields}")
    return _field_of([[field.at(position) for field in fields] for position in range(period)], advances.pop())


def _field_of(reads: list[list[tuple[int, int]]], advance: int) -> Field:
    return Field(
        advance,
        tuple(min(first for first, _ in read) for read in reads),
        tuple(max(last for _, last in read) for read in reads),
    )
