"""The size of gradients layer by layer, in a trained network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from blocks.network import HourglassNetwork
from runners.diagnostics import gradient_size, hidden_weights
from search_space.config import TrialConfig
from tasks.augmentation import centre_input
from tasks.heatmaps import encode
from tasks.losses import training_loss
from tasks.pose import Split


@dataclass(frozen=True)
class LayerGradient:
    """A hidden layer, and the mean absolute gradient of its weights."""

    layer: str
    size: float
    weights: int


def layer_gradients(network: HourglassNetwork, config: TrialConfig, split: Split, images: int) -> list[LayerGradient]:
    """The gradient of each hidden layer for one batch, in the order in which the layers run.

    As in a training step: BatchNorm normalises by the batch, the loss is the sum over stacks; but of images that are
    not augmented, in float32, and every stack learns. The network's running statistics are left as they were.
    `runners.diagnostics.gradient_size` is the mean of these sizes, weighted by the number of weights.

    Args:
        network: a trained one.
        config: its trial's.
        split: of which the first images are the batch.
        images: how many of them, at most.
    """
    rows = torch.arange(min(images, len(split)))
    crops, points, visible = split.batch(rows)
    inputs, points = centre_input(crops, points, config.data.resolution)
    target = encode(points, visible, config.data.resolution, config.data.heatmap_sigma)
    compute_loss = training_loss(config.loss)
    hidden = {id(weight) for weight in hidden_weights(network)}
    layers = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d) and id(module.weight) in hidden
    }
    order: list[str] = []
    handles = [
        module.register_forward_pre_hook(lambda module, inputs, name=name: order.append(name))
        for name, module in layers.items()
    ]
    statistics = {
        name: value.clone() for name, value in network.state_dict().items() if "running" in name or "tracked" in name
    }
    was_training = network.training
    try:
        network.train()
        network.zero_grad(set_to_none=True)
        outputs = network(inputs.contiguous(memory_format=torch.channels_last))
        loss = torch.stack([compute_loss(output, target, visible) for output in outputs]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
    finally:
        network.train(was_training)
        network.load_state_dict(statistics, strict=False)
        for handle in handles:
            handle.remove()
    found = [
        LayerGradient(name, gradient_size([layers[name].weight]), layers[name].weight.numel())
        for name in dict.fromkeys(order)
    ]
    network.zero_grad(set_to_none=True)
    return found
