"""ReLU before a unit's BatchNorm: ReLU -> BatchNorm -> sign -> convolution, and in real networks without the sign."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import blocks
from blocks import count
from blocks.binary import sign
from blocks.measure import measure
from blocks.parts import network_parts
from blocks.unit import Binarisation, Unit


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_the_relu_stands_before_the_norm(binary: bool, training: bool) -> None:
    torch.manual_seed(0)
    unit = Unit(4, 6, 3, binary=binary, relu=binary, relu_first=True).train(training)
    with torch.no_grad():
        unit.norm.weight.uniform_(0.5, 2)
        unit.norm.bias.uniform_(-1, 1)
    x = torch.randn(2, 4, 5, 5)
    before = x.clone()
    norm = nn.BatchNorm2d(4).train(training)
    norm.load_state_dict(unit.norm.state_dict())
    normed = norm(x.clamp(min=0))
    expected = F.conv2d(sign(normed) if binary else normed, unit.conv._scaled_weights() if binary else unit.conv.weight,
                        padding=1)  # fmt: skip
    torch.testing.assert_close(unit(x), expected)
    assert torch.equal(x, before)  # the block's input is read by the shortcut, too
    assert (expected < 0).any()  # no ReLU after it


def test_without_a_relu_there_is_none_to_move() -> None:
    torch.manual_seed(0)
    plain, other = Unit(4, 6, 3, binary=True), Unit(4, 6, 3, binary=True, relu_first=True)
    other.load_state_dict(plain.state_dict())
    x = torch.randn(2, 4, 5, 5)
    assert torch.equal(plain(x), other(x))


def test_a_prelu_moves_too_and_has_a_slope_for_each_input() -> None:
    torch.manual_seed(0)
    unit = Unit(4, 6, 3, binary=True, relu=True, relu_first=True, binarisation=Binarisation(activation="prelu"))
    slopes = torch.tensor([0.0, 0.5, 1.0, -1.0])
    with torch.no_grad():
        unit.prelu.weight.copy_(slopes)
    x = torch.randn(2, 4, 5, 5)
    sloped = torch.where(x >= 0, x, slopes.reshape(1, -1, 1, 1) * x)
    normed = F.batch_norm(sloped, None, None, training=True)
    torch.testing.assert_close(unit(x), F.conv2d(sign(normed), unit.conv._scaled_weights(), padding=1))


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("keys", [{"relu": True}, {"relu": True, "activation": "prelu"}, {"binary": False}], ids=str)
@pytest.mark.parametrize("block_type", ["bottleneck", "multi_scale", "hierarchical"])
def test_counts_agree_and_gradients_reach_all(block_type, keys, hourglass, make_model) -> None:
    torch.manual_seed(0)
    keys = {"tiny": True, "block_type": block_type, "hourglass": hourglass, **keys}
    model, plain = make_model(**keys, relu_first=True), make_model(**keys)
    network = blocks.build(model, landmarks=3)
    counts = count(model, 32, 3)
    assert measure(network, 32) == counts
    assert sum(parameter.numel() for parameter in network.parameters()) == counts.params
    slopes = counts.params - count(plain, 32, 3).params
    assert (slopes != 0) == ("activation" in keys)  # a block's inputs and outputs differ in number
    network(torch.rand(2, 3, 32, 32))[0].square().mean().backward()
    assert not [name for name, each in network.named_parameters() if each.grad is None]
    for layers in (False, True):
        assert network_parts(network, 32, layers=layers).total == measure(network, 32)


@pytest.mark.parametrize("binary", [True, False])
def test_networks_that_differ_in_it_begin_from_the_same_weights(binary: bool, make_model) -> None:
    images = torch.rand(2, 3, 32, 32)
    states, outputs = [], []
    for first in (False, True):
        torch.manual_seed(0)
        network = blocks.build(make_model(tiny=True, binary=binary, relu=binary, relu_first=first), landmarks=3)
        states.append(copy.deepcopy(network.state_dict()))
        outputs.append(network(images)[0])  # of an untrained BatchNorm in evaluation the place does not matter
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert list(states[0]) == list(states[1])
    assert not torch.equal(*outputs)
