"""A residual block as data: which units it has and how they are wired.

A block of the paper (Fig. 7) is one function that draws such a plan; its parameters and operations are counted from
the plan (`blocks.layers`), and its torch module runs the plan (`blocks.residual`). So a block is described once,
without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from search_space.config import BlockConfig


class WidthError(ValueError):
    """A width that a block or network cannot have; the message says which key asks for it and how to mend it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor inside a block: the step that makes it, its channels, and how often its resolution was halved."""

    name: str
    channels: int
    halvings: int = 0


@dataclass(frozen=True, slots=True)
class UnitStep:
    """A unit, BatchNorm -> sign (real: ReLU) -> convolution, padded so that the resolution stays."""

    name: str
    source: str
    inputs: int
    outputs: int
    kernel: int
    groups: int
    halvings: int


@dataclass(frozen=True, slots=True)
class PoolStep:
    """Max-pooling over 2x2, whatever `model.pooling` says: that is the pooling of the hourglass, this a block's own."""

    name: str
    source: str
    halvings: int


@dataclass(frozen=True, slots=True)
class UpsampleStep:
    """Bilinear upsampling by 2 (Fig. 7), whatever `model.upsampling` says."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class ConcatStep:
    """Concatenation along channels."""

    name: str
    sources: tuple[str, ...]


Step = UnitStep | PoolStep | UpsampleStep | ConcatStep
Shortcut = Literal["unit", "convolution", "halves"]


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """The residual path of a block, and how its shortcut is made where input and output widths differ.

    `bias`: the block's convolutions have biases (Newell et al.'s real bottleneck only).
    `shortcut`: where widths differ, a 1x1 "unit" (BatchNorm -> sign -> convolution), a plain 1x1 "convolution", or
    "halves", the sum of the two halves of an input that is twice as wide as the output: no parameters.
    `kind`: the block's name in the catalogue, for people.
    """

    inputs: int
    outputs: int
    steps: tuple[Step, ...]
    result: str
    bias: bool = False
    shortcut: Shortcut = "unit"
    kind: str = "block"

    def __post_init__(self) -> None:
        if self.shortcut == "halves" and self.inputs != 2 * self.outputs:
            raise ValueError(f"{self.inputs} channels are not twice {self.outputs}: their halves cannot be summed")

    @property
    def units(self) -> tuple[UnitStep, ...]:
        """The units of the residual path, in the order in which they run."""
        return tuple(step for step in self.steps if isinstance(step, UnitStep))

    @property
    def projects(self) -> bool:
        """Whether the shortcut has a 1x1 convolution: not where it is the identity (widths agree) or sums halves."""
        return self.inputs != self.outputs and self.shortcut != "halves"

    @property
    def halvings(self) -> int:
        """How often the block halves its input's resolution inside: 0 of a block that does not pool."""
        return max((step.halvings for step in self.steps if isinstance(step, PoolStep)), default=0)


BlockFunction = Callable[[int, int, BlockConfig, bool], BlockPlan]
"""A block: (input channels, output channels, its configuration, whether it is binary) -> its plan.

Raises WidthError for an output width that it cannot have.
"""


class Draft:
    """A block's plan while it is drawn: each method adds a step and returns the value that it makes."""

    INPUT = "input"
    """The name of the value that a block begins with."""

    def __init__(self, inputs: int) -> None:
        self.input = Value(self.INPUT, inputs)
        self._inputs = inputs
        self._steps: list[Step] = []
        self._names = {self.input.name}

    def unit(self, name: str, source: Value, outputs: int, kernel: int, groups: int = 1) -> Value:
        """Add a unit: BatchNorm -> sign (real: ReLU) -> kernel x kernel convolution to `outputs` channels."""
        if outputs < 1 or source.channels % groups or outputs % groups:
            raise WidthError(f"unit {name!r}: {source.channels} -> {outputs} channels in {groups} groups is impossible")
        self._add(UnitStep(name, source.name, source.channels, outputs, kernel, groups, source.halvings))
        return Value(name, outputs, source.halvings)

    def pool(self, name: str, source: Value) -> Value:
        """Add a 2x2 max-pooling."""
        halvings = source.halvings + 1
        self._add(PoolStep(name, source.name, halvings))
        return Value(name, source.channels, halvings)

    def upsample(self, name: str, source: Value) -> Value:
        """Add a bilinear upsampling by 2."""
        self._add(UpsampleStep(name, source.name))
        return Value(name, source.channels, source.halvings - 1)

    def concat(self, name: str, sources: Sequence[Value]) -> Value:
        """Add the concatenation of values of one resolution; of a single value nothing is added."""
        if len(sources) == 1:
            return sources[0]
        if len({source.halvings for source in sources}) != 1:
            raise ValueError(f"concatenation {name!r}: its values have different resolutions")
        self._add(ConcatStep(name, tuple(source.name for source in sources)))
        return Value(name, sum(source.channels for source in sources), sources[0].halvings)

    def finish(self, result: Value, *, bias: bool = False, shortcut: Shortcut = "unit") -> BlockPlan:
        """The finished plan, whose residual path ends in `result` (at the block's own resolution)."""
        if result.halvings:
            raise ValueError(f"block ends at another resolution than it began: {result}")
        return BlockPlan(self._inputs, result.channels, tuple(self._steps), result.name, bias, shortcut)

    def _add(self, step: Step) -> None:
        if step.name in self._names:
            raise ValueError(f"two steps of a block are called {step.name!r}")
        self._names.add(step.name)
        self._steps.append(step)
