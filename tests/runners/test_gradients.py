"""Gradients layer by layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from blocks.build import build
from runners.diagnostics import hidden_weights
from runners.gradients import layer_gradients
from tasks.augmentation import centre_input
from tasks.heatmaps import encode
from tasks.losses import make_loss
from tasks.pose import open_validation
from tests.small import small_config


@pytest.mark.parametrize(
    "changes", [{}, {"model__binary": False, "loss__name": "l2"}, {"model__stacks": 2, "block__type": "hierarchical"}]
)
def test_they_are_those_of_a_training_step(tmp_path, changes) -> None:
    config = small_config(**changes)
    split = open_validation(config.data, None, tmp_path)
    torch.manual_seed(0)
    network = build(config.model).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = layer_gradients(network, config, split, 4)

    assert not network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())

    network.train()
    crops, points, visible = split.batch(torch.arange(4))
    images, points = centre_input(crops, points, 32)
    target = encode(points, visible, 32, config.data.heatmap_sigma)
    images = images.contiguous(memory_format=torch.channels_last)  # another order of sums can turn a sign
    sum(make_loss(config.loss.name)(output, target, visible) for output in network(images)).backward()
    weights = hidden_weights(network)
    assert len(found) == len(weights)
    assert sum(layer.weights for layer in found) == sum(weight.numel() for weight in weights)
    expected = {id(weight): float(weight.grad.abs().mean()) for weight in weights}
    for layer in found:
        own = network.get_parameter(f"{layer.layer}.weight")
        assert layer.size == pytest.approx(expected[id(own)], rel=1e-3, abs=1e-12)
    assert np.isfinite([layer.size for layer in found]).all()


def test_layers_come_in_the_order_in_which_they_run(tmp_path) -> None:
    config = small_config()
    torch.manual_seed(0)
    found = layer_gradients(build(config.model), config, open_validation(config.data, None, tmp_path), 4)
    names = [layer.layer for layer in found]
    assert names[0] == "stem.block1.units.reduce.conv"
    assert names[-1] == "stacks.0.mix.conv"
    places = [names.index(f"stacks.0.hourglass.{part}.units.reduce.conv") for part in ("down", "inner.down", "up")]
    assert places == sorted(places)
