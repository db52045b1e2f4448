"""The feature maps that a trained network makes of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from blocks.network import HourglassNetwork
from blocks.unit import Unit
from tasks.augmentation import centre_input
from tasks.pose import Split

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """A map behind a 1x1 layer beside the map before it that is most like it; `correlation` says how much."""

    before: FloatArray
    after: FloatArray
    correlation: float


def shown_layers(network: HourglassNetwork) -> tuple[str, str, str]:
    """The names of a first, a middle and a last layer.

    The BatchNorm of the first convolution; the middle hourglass, whose result has as many pixels as the heatmaps, where
    layers inside of it have few; the BatchNorm before the last output.
    """
    return "stem.norm", f"stacks.{(len(network.stacks) - 1) // 2}.hourglass", f"stacks.{len(network.stacks) - 1}.norm"


def network_input(split: Split, row: int) -> Tensor:
    """What a network sees of an image in evaluation: float32 3 x R x R in [0, 1]."""
    crops, points, _ = split.batch(torch.tensor([row]))
    return centre_input(crops, points, split.resolution)[0][0]


def layer_maps(network: HourglassNetwork, image: Tensor, layers: Sequence[str], count: int) -> dict[str, FloatArray]:
    """The maps of some layers for an image: by layer, n x H x W, n at most `count`: those that vary most, most first.

    Args:
        network: in evaluation mode.
        image: 3 x R x R.
        layers: names of modules.
        count: how many maps of each.

    Raises:
        KeyError: for a name that is no module of the network, or one that gives no maps.
    """
    modules = dict(network.named_modules())
    seen = _outputs(network, image, {name: modules[name] for name in layers})
    for name in layers:
        if name not in seen:
            raise KeyError(name)
    return {name: _liveliest(seen[name][1], count)[0] for name in layers}


def one_by_one_layers(network: HourglassNetwork) -> list[str]:
    """The names of the units with a 1x1 convolution, and of plain 1x1 convolutions beside outputs and links."""
    last = {stack.output for stack in network.stacks} | set(network.links.modules())
    inside = {unit.conv for unit in network.modules() if isinstance(unit, Unit)}
    return [
        name
        for name, module in network.named_modules()
        if (isinstance(module, Unit) and module.conv.kernel_size == (1, 1))
        or (isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module not in last | inside)
    ]


def one_by_one_pairs(
    network: HourglassNetwork, image: Tensor, layers: Sequence[str], count: int
) -> dict[str, list[Pair]]:
    """Maps behind 1x1 layers beside those before them: by layer, for its `count` maps that vary most.

    The map before is that of the layer's inputs which correlates most with it, over pixels, in absolute value.

    Raises:
        KeyError: for a name that is none of `one_by_one_layers`.
    """
    modules = dict(network.named_modules())
    known = one_by_one_layers(network)
    for name in layers:
        if name not in known:
            raise KeyError(name)
    seen = _outputs(network, image, {name: modules[name] for name in layers})
    pairs = {}
    for name in layers:
        before, after = seen[name]
        shown, _ = _liveliest(after, count)
        pairs[name] = [_most_alike(before, each) for each in shown]
    return pairs


def _outputs(network: HourglassNetwork, image: Tensor, modules: dict[str, nn.Module]) -> dict[str, Any]:
    """What goes into and comes out of modules: C x H x W each."""
    seen: dict[str, tuple[FloatArray, FloatArray]] = {}

    def look(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if isinstance(output, Tensor) and output.ndim == 4:
                seen[name] = (kept[name], output[0].numpy().copy())  # what follows may write over it

        return hook

    def before(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            kept[name] = inputs[0][0].numpy().copy()

        return hook

    kept: dict[str, FloatArray] = {}
    handles = [module.register_forward_pre_hook(before(name)) for name, module in modules.items()]
    handles += [module.register_forward_hook(look(name)) for name, module in modules.items()]
    try:
        with torch.inference_mode():
            network(image[None])
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _liveliest(maps: FloatArray, count: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    order = np.argsort(-maps.reshape(len(maps), -1).std(axis=1), kind="stable")[:count]
    return maps[order], order


def _most_alike(candidates: FloatArray, wanted: FloatArray) -> Pair:
    flat = candidates.reshape(len(candidates), -1).astype(np.float64)
    flat = flat - flat.mean(axis=1, keepdims=True)
    target = wanted.reshape(-1).astype(np.float64)
    target = target - target.mean()
    norms = np.linalg.norm(flat, axis=1) * np.linalg.norm(target)
    correlations = np.divide(flat @ target, norms, out=np.zeros(len(flat)), where=norms > 0)
    best = int(np.argmax(np.abs(correlations)))
    return Pair(candidates[best], wanted, float(correlations[best]))
