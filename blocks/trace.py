"""What a built network computes, as a graph: every operation of one pass, with where it reads from.

The pass is recorded from outside, whatever the modules are: a convolution and a BatchNorm as modules, everything else
as the torch functions that were called. On the "meta" device it takes no memory and next to no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from blocks.binary import BinaryConv2d

Kind = Literal["input", "convolution", "batch_norm", "pool", "upsample", "concat", "split", "sum", "pointwise"]

# Torch functions by the names under which they are called. "pointwise" are all that read one map and look at one pixel.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **dict.fromkeys(("max_pool2d", "avg_pool2d"), "pool"),
        **dict.fromkeys(("interpolate",), "upsample"),
        **dict.fromkeys(("cat", "concat", "concatenate"), "concat"),
        **dict.fromkeys(("chunk", "split", "tensor_split", "narrow", "__getitem__"), "split"),
        **dict.fromkeys(("add", "add_", "__add__", "__radd__", "__iadd__"), "sum"),
        **dict.fromkeys(
            ("relu", "relu_", "prelu", "hardtanh", "sigmoid", "tanh", "mul", "contiguous", "clone"), "pointwise"
        ),
    }
)


class UntraceableError(ValueError):
    """A module that does something of which the trace cannot say what it does to a map: see the message."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a pass, and the map that it makes: `channels` x `side` x `side`.

    Attributes:
        kind: what it is.
        name: the torch function, `conv2d`, `relu_`, `max_pool2d`; of an upsampling its mode.
        module: the dotted name of the module that ran it; "" is the traced module itself.
        sources: the operations that it reads, by their numbers in the trace.
        inputs: channels of what it reads, all sources together.
        kernel, stride, padding, dilation: of convolutions and poolings; `stride` of an upsampling is its factor.
        groups, binary: of convolutions.
    """

    kind: Kind
    name: str
    module: str
    sources: tuple[int, ...]
    inputs: int
    channels: int
    side: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    binary: bool = False


@dataclass(frozen=True)
class Trace:
    """The operations of a pass in the order in which they ran, and for each module the operation that made its result.

    A module that only hands on what it reads has the result of another.
    """

    operations: tuple[Operation, ...]
    results: Mapping[str, int]

    def part(self, module: str) -> Trace:
        """The trace of one module of the network; what it reads from outside are its inputs.

        Raises:
            KeyError: if there is no such module, or it computes nothing.
        """
        inside = [number for number, step in enumerate(self.operations) if is_within(step.module, module)]
        inside = [number for number in inside if self.operations[number].kind != "input"]
        if not inside or module not in self.results:
            raise KeyError(module)
        read = {source for number in inside for source in self.operations[number].sources}
        chosen = sorted(read - set(inside)) + inside
        numbers = {old: new for new, old in enumerate(chosen)}

        def moved(old: int) -> Operation:
            step = self.operations[old]
            if old in read - set(inside):
                return Operation("input", "input", "", (), step.channels, step.channels, step.side)
            return replace(step, sources=tuple(numbers[source] for source in step.sources))

        results = {name: numbers[old] for name, old in self.results.items() if is_within(name, module)}
        return Trace(tuple(map(moved, chosen)), results)


def is_within(name: str, module: str) -> bool:
    """Whether the dotted name `name` is `module` or something inside of it."""
    return not module or name == module or name.startswith(f"{module}.")


def trace(network: nn.Module, channels: int, side: int) -> Trace:
    """The trace of a module that reads one map, `channels` x `side` x `side`.

    The pass is in evaluation mode, without gradients, on the module's own device; the mode is put back.

    Raises:
        UntraceableError: for a torch function that is not in `KINDS`: what it does to a map is not known.
    """
    device = next(network.parameters()).device
    image = torch.zeros(1, channels, side, side, device=device)
    modes = {module: module.training for module in network.modules()}
    recorder = _Recorder(image)
    handles = [handle for name, module in network.named_modules() for handle in recorder.watch(name, module)]
    network.eval()
    try:
        with torch.no_grad(), recorder:
            network(image)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    return Trace(tuple(recorder.operations), MappingProxyType(recorder.results))


class _Recorder(TorchFunctionMode):
    """Sees every torch function while it is active, and, by hooks, which module is running."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self.results: dict[str, int] = {}
        self._running: list[str] = []
        self._layers = 0  # how many convolutions and BatchNorms are running: their insides are not recorded
        self._made: dict[int, int] = {}  # id of a tensor -> the operation that made it
        self._kept: list[Tensor] = []  # so that no id is used twice
        self._add("input", "input", (), [image], {})

    def watch(self, name: str, module: nn.Module) -> Iterable[torch.utils.hooks.RemovableHandle]:
        """Put hooks on a module of the network."""
        is_layer = isinstance(module, nn.Conv2d | nn.BatchNorm2d)

        def before(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            self._running.append(name)
            self._layers += is_layer

        def after(module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
            self._layers -= is_layer
            if isinstance(module, nn.Conv2d):
                self._add("convolution", "conv2d", arguments, [output], _convolution(name, module))
            elif is_layer:
                self._add("batch_norm", "batch_norm", arguments, [output], {})
            self._running.pop()
            made = [self._made[id(tensor)] for tensor in _tensors(output) if id(tensor) in self._made]
            if made:
                self.results[name] = made[-1]

        return module.register_forward_pre_hook(before), module.register_forward_hook(after)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a torch function and record it."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        outputs = _tensors(result)
        if self._layers or not outputs or not self._sources((args, kwargs)):
            return result
        name = func.__name__
        kind = KINDS.get(name)
        if kind is None:
            raise UntraceableError(
                f"module '{self._running[-1] if self._running else ''}' calls torch's '{name}', which blocks.trace "
                f"does not know: add it to blocks.trace.KINDS"
            )
        details: dict[str, Any] = {}
        if kind == "pool":
            details = _pooling(args, kwargs)
        elif kind == "upsample":
            name, details = kwargs.get("mode", "nearest"), {"stride": outputs[0].shape[-1] // args[0].shape[-1]}
        self._add(kind, name, (args, kwargs), outputs, details)
        return result

    def _add(self, kind: Kind, name: str, read: Any, outputs: list[Tensor], details: dict[str, Any]) -> None:
        sources = self._sources(read)
        channels, height, width = outputs[0].shape[1:]
        if height != width:
            raise UntraceableError(f"'{name}' makes a map of {height} x {width}: only square ones can be traced")
        if kind in ("concat", "split", "sum", "pointwise"):
            sides = {self.operations[source].side for source in sources}
            if sides != {width}:
                raise UntraceableError(f"'{name}' changes the resolution of a map, {sides} to {width}")
        inputs = sum(self.operations[source].channels for source in sources)
        module = self._running[-1] if self._running else ""
        self.operations.append(Operation(kind, name, module, sources, inputs, channels, width, **details))
        for tensor in outputs:
            self._made[id(tensor)] = len(self.operations) - 1
            self._kept.append(tensor)

    def _sources(self, read: Any) -> tuple[int, ...]:
        return tuple(self._made[id(tensor)] for tensor in _tensors(read) if id(tensor) in self._made)


def _tensors(value: Any) -> list[Tensor]:
    """All tensors in nested tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, tuple | list) or isinstance(value, torch.Size):
        return []
    return [tensor for item in value for tensor in _tensors(item)]


def _convolution(name: str, module: nn.Conv2d) -> dict[str, Any]:
    padding = 0 if isinstance(module.padding, str) else module.padding
    return {
        "kernel": _side(module.kernel_size),
        "stride": _side(module.stride),
        "padding": _side(padding),
        "dilation": _side(module.dilation),
        "groups": module.groups,
        "binary": isinstance(module, BinaryConv2d),
    }


def _pooling(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    given = {**dict(zip(("input", "kernel_size", "stride", "padding"), args, strict=False)), **kwargs}
    kernel = _side(given["kernel_size"])
    return {
        "kernel": kernel,
        "stride": _side(given.get("stride") or kernel),
        "padding": _side(given.get("padding", 0)),
        "dilation": _side(given.get("dilation", 1)),
    }


def _side(size: int | tuple[int, ...]) -> int:
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise UntraceableError(f"a window of {size}: only square ones can be traced")
    return sides.pop()
