"""The whole network: shapes, gradients, determinism, stacks, what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

import blocks
from blocks.binary import BinaryConv2d
from blocks.plan import WidthError

EVERY_BLOCK = [
    {"block_type": "bottleneck"},
    {"block_type": "bottleneck", "block_width": 1.0},
    {"block_type": "bottleneck", "block_width": 0.3125, "block_remove_1x1": True},
    {"block_type": "multi_scale"},
    {"block_type": "multi_scale", "block_remove_1x1": True},
    {"block_type": "hierarchical"},
    {"block_type": "hierarchical", "block_depth": 2},
    {"block_type": "hierarchical", "block_depth": 4, "block_cardinality": 2},
]
EVERY_CHOICE = [
    {},
    {"binary": False},
    {"relu": True},
    {"pooling": "average", "upsampling": "bilinear"},
    {"stacks": 3},
    {"stacks": 2, "binary": False},
    {"width": 2.0},
    {"order": 1},
    {"order": 3},
    {"hourglass": "improved"},
    {"hourglass": "improved", "stacks": 2, "binary": False, "pooling": "average", "upsampling": "bilinear"},
]


@pytest.mark.parametrize("choice", EVERY_CHOICE, ids=str)
@pytest.mark.parametrize("block", EVERY_BLOCK, ids=str)
@pytest.mark.parametrize("training", [True, False])
def test_a_heatmap_of_a_quarter_for_each_landmark_and_stack(block, choice, training, make_model) -> None:
    torch.manual_seed(0)
    model = make_model(tiny=True, **block, **choice)
    network = blocks.build(model, landmarks=5).train(training)
    outputs = network(torch.rand(2, 3, 64, 128))
    assert [tuple(output.shape) for output in outputs] == [(2, 5, 16, 32)] * model.stacks
    assert all(torch.isfinite(output).all() for output in outputs)


def make_loss(network: torch.nn.Module) -> Callable[[], torch.Tensor]:
    """The loss of a network with 3 landmarks on four images with targets, the same at every call."""
    images, targets = torch.rand(4, 3, 32, 32), torch.rand(4, 3, 8, 8).round()
    return lambda: torch.stack([F.binary_cross_entropy_with_logits(y, targets) for y in network(images)]).sum()


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("choice", [{}, {"binary": False}, {"relu": True, "features": 32}], ids=str)
@pytest.mark.parametrize("block", EVERY_BLOCK, ids=str)
def test_the_gradient_reaches_every_weight(block, choice, hourglass, make_model) -> None:
    # Two channels of a multi-scale block at 16 features can both be dead after a ReLU: 32 features leave some alive.
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, stacks=2, hourglass=hourglass, **choice, **block), landmarks=3)
    make_loss(network)().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        # A bias that a BatchNorm follows has no effect; everything else must learn.
        if name.endswith("weight"):
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("block", EVERY_BLOCK, ids=str)
def test_one_step_lowers_the_loss_of_a_real_network(block, hourglass, make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, binary=False, stacks=2, hourglass=hourglass, **block), landmarks=3)
    loss = make_loss(network)
    before = loss()
    before.backward()
    torch.optim.SGD(network.parameters(), lr=1e-2).step()
    assert loss() < before


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bottleneck", "hierarchical"])
def test_binary_weights_learn_along_their_gradient_and_not_against_it(kind, make_model) -> None:
    # A single step proves nothing in a network as small as this: a sign that flips is a jump which the straight-through
    # gradient does not see, and a step lowers the loss about as often as one in a random direction. Many steps do. All
    # else is frozen, because the real layers lower the loss nearly as far without the binary ones.
    def change(direction: float) -> float:
        torch.manual_seed(0)
        network = blocks.build(make_model(tiny=True, stacks=2, block_type=kind), landmarks=3)
        loss = make_loss(network)
        weights = [module.weight for module in network.modules() if isinstance(module, BinaryConv2d)]
        optimiser = torch.optim.RMSprop(weights, lr=1e-3)
        before = loss().item()
        for _ in range(40):
            network.zero_grad()
            (direction * loss()).backward()
            optimiser.step()
        return loss().item() - before

    assert change(1.0) < 0 < change(-1.0)


@pytest.mark.parametrize("binary", [True, False])
def test_the_same_seed_builds_the_same_network_and_learns_the_same(binary, make_model) -> None:
    def train() -> dict[str, torch.Tensor]:
        torch.manual_seed(7)
        network = blocks.build(make_model(tiny=True, binary=binary, block_type="hierarchical"))
        optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-3)
        images = torch.rand(2, 3, 32, 32)
        for _ in range(2):
            optimiser.zero_grad()
            network(images)[-1].square().mean().backward()
            optimiser.step()
        return network.state_dict()

    first, second = train(), train()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_builds_another_network(make_model) -> None:
    torch.manual_seed(1)
    one = blocks.build(make_model(tiny=True)).state_dict()
    torch.manual_seed(2)
    other = blocks.build(make_model(tiny=True)).state_dict()
    assert not torch.equal(one["stem.conv.weight"], other["stem.conv.weight"])


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("block", EVERY_BLOCK, ids=str)
def test_evaluation_is_the_same_every_time(block, hourglass, make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, stacks=2, hourglass=hourglass, **block))
    images = torch.rand(4, 3, 32, 32)
    network(images)  # moves the running statistics
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for first, again in zip(network(images), network(images), strict=True):
        assert torch.equal(first, again)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    "keys", [*EVERY_BLOCK, {"binary": False, "stacks": 2}, {"hourglass": "improved", "stacks": 2}], ids=str
)
def test_state_dict_goes_round(keys, make_model) -> None:
    model = make_model(tiny=True, **keys)
    torch.manual_seed(1)
    first = blocks.build(model)
    first(torch.rand(2, 3, 32, 32))  # moves the running statistics
    torch.manual_seed(2)
    second = blocks.build(model)
    second.load_state_dict(first.state_dict())
    images = torch.rand(2, 3, 32, 32)
    for a, b in zip(first.eval()(images), second.eval()(images), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "keys",
    [
        {"block_type": "hierarchical"},
        {"block_type": "hierarchical", "hourglass": "improved", "upsampling": "bilinear"},
        {"block_type": "multi_scale", "hourglass": "improved"},
    ],
    ids=str,
)
@pytest.mark.parametrize("binary", [True, False])
def test_channels_last_gives_the_same(binary, keys, make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, binary=binary, **keys)).double()
    if binary:
        # Sums of +-1 often lie exactly on their mean; the last bit of a batch's statistics then decides a sign, and it
        # may differ between layouts. Fixed statistics leave no such ties.
        network.eval()
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    expected = network(images)[0]
    expected.square().mean().backward()
    gradients = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    network.zero_grad()
    network.to(memory_format=torch.channels_last)
    # What is not channels-last inside would not fail: it would be converted, and slow.
    seen: list[bool] = []

    def look(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(inputs[0].is_contiguous(memory_format=torch.channels_last))

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_pre_hook(look)
    result = network(images.to(memory_format=torch.channels_last))[0]
    result.square().mean().backward()
    torch.testing.assert_close(result, expected, rtol=1e-9, atol=1e-9)
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-6, atol=1e-9)
    assert len(seen) == sum(isinstance(module, torch.nn.Conv2d) for module in network.modules())
    assert all(seen)


def test_he_initialisation(make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(block_type="hierarchical", block_cardinality=2))
    for name, parameter in network.named_parameters():
        if parameter.ndim == 4 and parameter.numel() > 2000:
            expected = math.sqrt(2 / parameter[0].numel())
            assert parameter.std().item() == pytest.approx(expected, rel=0.1), name
        elif ".norm.weight" in name:
            assert torch.equal(parameter, torch.ones_like(parameter)), name
        elif parameter.ndim == 1:
            assert torch.equal(parameter, torch.zeros_like(parameter)), name


def test_later_stacks_see_the_heatmaps_of_earlier_ones(make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, stacks=2)).eval()
    images = torch.rand(1, 3, 32, 32)
    first, second = network(images)
    with torch.no_grad():
        network.stacks[0].output.bias.add_(1.0)
    first_moved, second_moved = network(images)
    torch.testing.assert_close(first_moved, first + 1)
    assert not torch.equal(second, second_moved)


@pytest.mark.parametrize("shape", [(2, 3, 40, 32), (2, 3, 32, 36)])
def test_a_resolution_that_cannot_be_pooled_is_refused(shape, make_model) -> None:
    network = blocks.build(make_model(tiny=True))
    with pytest.raises(ValueError, match="multiple of 16"):
        network(torch.rand(shape))


def test_building_an_impossible_network_is_refused_with_every_problem(make_model) -> None:
    with pytest.raises(WidthError) as caught:
        blocks.build(make_model(block_type="hierarchical", block_depth=8, features=100, stem_features=6))
    assert "model.features 100" in str(caught.value)
    assert "model.stem_features 6" in str(caught.value)
    with pytest.raises(ValueError, match="at least 1 landmark"):
        blocks.build(make_model(tiny=True), landmarks=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "keys", [{"block_type": "hierarchical"}, {"block_type": "multi_scale", "hourglass": "improved"}], ids=str
)
def test_a_whole_network_compiles_in_one_graph(keys, make_model) -> None:
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, order=1, **keys))
    images = torch.rand(2, 3, 32, 32)
    expected = network(images)[0]
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(images)[0], expected)
