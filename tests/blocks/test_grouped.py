"""Weights binarised together are those binarised one by one, bit for bit, and are there for one pass only."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

import blocks
from blocks.binary import BinaryConv2d, binarise_weights
from blocks.grouped import binarised_together

NETWORKS = [
    {"block_type": "bottleneck"},
    {"block_type": "bottleneck", "relu": True, "stacks": 2},
    {"block_type": "multi_scale"},
    {"block_type": "hierarchical"},
    {"block_type": "hierarchical", "block_depth": 4, "block_cardinality": 2},
    {"block_type": "hierarchical", "hourglass": "improved"},
]


def convolutions(network: nn.Module) -> list[BinaryConv2d]:
    return [module for module in network.modules() if isinstance(module, BinaryConv2d)]


def several() -> nn.Sequential:
    """Layers of several shapes, three of them alike, one grouped; weights beyond 1 and exact zeros among them."""
    torch.manual_seed(0)
    layers = [
        BinaryConv2d(6, 6, 3, padding=1),
        BinaryConv2d(6, 4, 3, padding=1),
        BinaryConv2d(4, 6, 1),
        BinaryConv2d(6, 6, 3, padding=1),
        BinaryConv2d(6, 12, 3, padding=1, groups=3),
        BinaryConv2d(12, 8, 3, padding=1, groups=4),
    ]
    for layer in layers:
        with torch.no_grad():
            nn.init.normal_(layer.weight)
            layer.weight.flatten()[:5] = torch.tensor([0.0, -0.0, 1.0, -1.0, 2.0])
    return nn.Sequential(*layers)


def train(network: nn.Module, images: Tensor, steps: int = 2) -> list[Tensor]:
    """The last outputs, and all gradients of each of a few steps of training."""
    optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-3)
    seen: list[Tensor] = []
    for _ in range(steps):
        outputs = network(images)
        optimiser.zero_grad()
        torch.stack([output.square().mean() for output in outputs]).sum().backward()
        optimiser.step()
        seen += [parameter.grad.clone() for parameter in network.parameters()]
    return [*outputs, *seen]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("keys", NETWORKS, ids=str)
def test_a_network_trains_as_if_each_layer_binarised_its_own(keys, channels_last, make_model, monkeypatch) -> None:
    layout = torch.channels_last if channels_last else torch.contiguous_format
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, **keys), landmarks=3).to(memory_format=layout)
    images = torch.rand(2, 3, 32, 32).to(memory_format=layout)
    alone = copy.deepcopy(network)
    together = train(network, images)
    monkeypatch.setattr("blocks.network.binarised_together", nullcontext)
    apart = train(alone, images)
    assert all(torch.equal(one, other) for one, other in zip(together, apart, strict=True))


@pytest.mark.parametrize("limit", [1, 700, 2**17])
@pytest.mark.parametrize("channels_last", [False, True])
def test_values_gradients_and_strides_are_those_of_single_layers(channels_last, limit, monkeypatch) -> None:
    monkeypatch.setattr("blocks.grouped._CPU_GROUP", limit)
    layers = several().to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    upstream = [torch.randn_like(layer.weight) for layer in convolutions(layers)]
    with binarised_together(layers):
        prepared = [layer.prepared for layer in convolutions(layers)]
    torch.autograd.backward(prepared, upstream)
    for layer, binary, gradient in zip(convolutions(layers), prepared, upstream, strict=True):
        single = layer.weight.detach().clone().requires_grad_()
        expected = binarise_weights(single)
        expected.backward(gradient)
        assert torch.equal(binary, expected)
        assert torch.equal(layer.weight.grad, single.grad)
        assert binary.stride() == layer.weight.stride() == layer.weight.grad.stride()


def operations(function: Callable[[], object]) -> int:
    """How many torch operations a call takes."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        function()
    return sum(event.count for event in profile.key_averages() if event.key in ("aten::copysign", "aten::mean"))


def test_layers_that_are_alike_take_the_kernels_of_one() -> None:
    def forward(layers: nn.Module) -> None:
        with binarised_together(layers):
            pass

    assert operations(lambda: forward(nn.Sequential(*(BinaryConv2d(4, 4, 3) for _ in range(9))))) == 2
    assert operations(lambda: forward(several())) == 2 * 4


def test_nothing_is_left_behind() -> None:
    layers = several()
    with pytest.raises(RuntimeError, match="channels"), binarised_together(layers):
        layers(torch.rand(2, 5, 8, 8))
    assert all(layer.prepared is None for layer in convolutions(layers))


def test_no_stale_weights(make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, block_type="hierarchical"), landmarks=3)
    images = torch.rand(2, 3, 32, 32)
    network(images)
    with torch.no_grad():
        for layer in convolutions(network):
            layer.weight.normal_()
    fresh = blocks.build(make_model(tiny=True, block_type="hierarchical"), landmarks=3)
    fresh.load_state_dict(network.state_dict())
    assert torch.equal(network(images)[0], fresh(images)[0])


def test_the_saved_network_is_as_before(make_model) -> None:
    network = blocks.build(make_model(tiny=True), landmarks=3)
    names = list(network.state_dict())
    network(torch.rand(2, 3, 32, 32))[0].sum().backward()
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert list(other.state_dict()) == names
        assert all(layer.prepared is None for layer in convolutions(other))


def test_a_layer_without_a_gradient_has_none() -> None:
    # As where the loss reads the first of two stacks. With zeros for a gradient, momentum would still move the weights.
    layers, alone = several(), several()
    x = torch.randn(2, 6, 5, 5)
    with binarised_together(layers):
        layers[0](x).sum().backward()
    alone[0](x).sum().backward()
    assert torch.equal(layers[0].weight.grad, alone[0].weight.grad)
    assert all(layer.weight.grad is None for layer in convolutions(layers)[1:])


def test_frozen_layers_are_binarised_but_nothing_computes_their_gradients() -> None:
    layers = several()
    layers[0].weight.requires_grad_(False)
    with binarised_together(layers):
        assert not layers[0].prepared.requires_grad
        assert layers[3].prepared.requires_grad
        assert torch.equal(layers[0].prepared, binarise_weights(layers[0].weight))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients(mode) -> None:
    layers = several()
    x = torch.randn(2, 6, 5, 5)
    expected = layers(x)
    with mode(), binarised_together(layers):
        assert not any(layer.prepared.requires_grad for layer in convolutions(layers))
        assert torch.equal(layers(x), expected)


def test_layers_in_evaluation_mode_prepare_nothing() -> None:
    layers = several()
    layers[3].eval()
    with binarised_together(layers):
        assert [layer.prepared is None for layer in convolutions(layers)] == [False, False, False, True, False, False]
    with binarised_together(layers.eval()):
        assert all(layer.prepared is None for layer in convolutions(layers))


def test_a_stack_in_evaluation_mode_inside_a_network_in_training(make_model, monkeypatch) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, stacks=2), landmarks=3)
    for part in (network.stem, network.stacks[0]):
        part.eval().requires_grad_(False)
    images = torch.rand(2, 3, 32, 32)
    grouped = network(images)[1]
    monkeypatch.setattr("blocks.network.binarised_together", nullcontext)
    assert torch.equal(grouped, network(images)[1])


def test_a_block_within_a_block_gives_back_what_was_there() -> None:
    layers = several()
    with binarised_together(layers):
        outer = [layer.prepared for layer in convolutions(layers)]
        with torch.no_grad(), binarised_together(layers[1:]):
            assert layers[0].prepared is outer[0]
            assert layers[1].prepared is not outer[1]
        assert all(layer.prepared is was for layer, was in zip(convolutions(layers), outer, strict=True))


def test_networks_in_several_threads_do_not_mix(make_model) -> None:
    def build() -> nn.Module:
        torch.manual_seed(0)
        return blocks.build(make_model(tiny=True, block_type="hierarchical"), landmarks=3)

    images = [torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(number)) for number in range(3)]
    expected = [train(build(), batch) for batch in images]
    networks, found = [build() for _ in images], {}

    def work(number: int) -> None:
        torch.set_num_threads(1)
        found[number] = train(networks[number], images[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, tensors in enumerate(expected):
        assert all(torch.equal(one, other) for one, other in zip(found[number], tensors, strict=True))


@pytest.mark.slow
def test_a_network_in_channels_last_compiles_in_one_graph_and_trains_the_same(make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, order=1, block_type="hierarchical", block_cardinality=2), landmarks=3)
    network.to(memory_format=torch.channels_last)
    images = torch.rand(2, 3, 32, 32).to(memory_format=torch.channels_last)
    plain = copy.deepcopy(network)
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    for one, other in zip(compiled(images), plain(images), strict=True):
        assert torch.equal(one, other)
        one.square().mean().backward()
        other.square().mean().backward()
    for one, other in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)
    assert all(layer.prepared is None for layer in convolutions(network))
