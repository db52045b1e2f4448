"""What networks may have beyond the paper: scales, PReLU, real projections. By default they have nothing of it."""

from __future__ import annotations

import copy
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import blocks
from blocks import count
from blocks.binary import BinaryConv2d, scaling_factors, sign
from blocks.grouped import binarised_together
from blocks.measure import measure
from blocks.parts import network_parts
from blocks.unit import Binarisation, Unit

EVERY = {"sign_gradient": "swish", "weight_scale": "learned", "relu": True, "activation": "prelu"}


def convolutions(network: nn.Module) -> list[BinaryConv2d]:
    return [module for module in network.modules() if isinstance(module, BinaryConv2d)]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_learned_scale_multiplies_each_filter_and_learns(groups: int, training: bool) -> None:
    torch.manual_seed(1)
    conv = BinaryConv2d(4, 6, 3, padding=1, groups=groups, weight_scale="learned").double().train(training)
    with torch.no_grad():
        conv.alpha.copy_(torch.tensor([0.5, -1.0, 2.0, 0.0, 3.0, 1.0]))
    x = torch.randn(2, 4, 5, 5, dtype=torch.float64)
    y = conv(x)
    above = torch.randn_like(y)
    y.backward(above)
    sums = F.conv2d(sign(x), sign(conv.weight.detach()), padding=1, groups=groups)
    torch.testing.assert_close(y, sums * conv.alpha.reshape(1, -1, 1, 1))
    torch.testing.assert_close(conv.alpha.grad, (above * sums).sum(dim=(0, 2, 3)))
    # The weights learn through the sign alone: their sizes are no part of the scale any more.
    through = torch.nn.grad.conv2d_weight(
        sign(x), conv.weight.shape, above * conv.alpha.detach().reshape(1, -1, 1, 1), padding=1, groups=groups
    )
    torch.testing.assert_close(conv.weight.grad, torch.where(conv.weight.detach().abs() <= 1, through, 0.0))


@pytest.mark.parametrize("training", [True, False])
def test_no_scale_leaves_whole_numbers(training: bool) -> None:
    torch.manual_seed(2)
    conv = BinaryConv2d(4, 6, 3, padding=1, weight_scale="none").train(training)
    x = torch.randn(2, 4, 5, 5)
    y = conv(x)
    assert torch.equal(y, F.conv2d(sign(x), sign(conv.weight), padding=1))
    assert torch.equal(y, y.round())
    y.sum().backward()
    assert conv.weight.grad.abs().max() > 0


def test_a_network_with_learned_scales_begins_as_that_with_mean_scales(make_model) -> None:
    networks = []
    for scale in ("mean", "learned"):
        torch.manual_seed(3)
        networks.append(blocks.build(make_model(tiny=True, block_type="hierarchical", weight_scale=scale), landmarks=3))
    mean, learned = networks
    for layer in convolutions(learned):
        assert torch.equal(layer.alpha, scaling_factors(layer.weight).flatten())
    own = {name for name in learned.state_dict() if name.endswith("conv.alpha")}
    assert len(own) == len(convolutions(learned))
    assert set(learned.state_dict()) - own == set(mean.state_dict())
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(mean.eval()(images)[0], learned.eval()(images)[0])
    torch.testing.assert_close(mean.train()(images)[0], learned.train()(images)[0], rtol=1e-4, atol=1e-4)


def test_a_prelu_stands_where_the_relu_stood() -> None:
    torch.manual_seed(0)
    plain = Unit(4, 6, 3, binary=True)
    sloped = Unit(4, 6, 3, binary=True, relu=True, binarisation=Binarisation(activation="prelu"))
    missing = sloped.load_state_dict(plain.state_dict(), strict=False)
    assert missing.missing_keys == ["prelu.weight"]
    assert sloped.prelu.weight.tolist() == [0.25] * 6
    with torch.no_grad():
        sloped.prelu.weight.copy_(torch.arange(6) / 10)
    x = torch.randn(2, 4, 5, 5)
    y = plain(x)
    slopes = (torch.arange(6) / 10).reshape(1, -1, 1, 1)
    torch.testing.assert_close(sloped(x), torch.where(y >= 0, y, slopes * y))


@pytest.mark.parametrize("real", [True, False])
def test_without_a_relu_or_in_a_real_unit_there_is_no_prelu(real: bool) -> None:
    unit = Unit(4, 6, 3, binary=not real, relu=real, binarisation=Binarisation("swish", 5.0, "learned", "prelu"))
    assert unit.prelu is None
    assert any(name.endswith("alpha") for name in unit.state_dict()) == (not real)


@pytest.mark.parametrize("keys", [{}, {"block_type": "hierarchical"}, {"binary": False}])
def test_by_default_a_network_has_the_parameters_it_always_had(keys, make_model) -> None:
    model = make_model(tiny=True, **keys)
    network = blocks.build(model)
    assert not any(name.endswith(("alpha", "prelu.weight")) for name in network.state_dict())
    assert all(
        (layer.sign_gradient, layer.weight_scale) == ("straight_through", "mean") for layer in convolutions(network)
    )
    real = make_model(tiny=True, **{**keys, "binary": False})
    assert count(make_model(tiny=True, **{**keys, **EVERY, "binary": False}), 32) == count(real, 32)


@pytest.mark.slow
@pytest.mark.parametrize("hourglass", ["standard", "improved"])
def test_what_learned_scales_and_prelu_cost(hourglass, make_model) -> None:
    keys = {"block_type": "hierarchical", "hourglass": hourglass, "stacks": 2}
    plain = make_model(**keys)
    with torch.device("meta"):
        filters = sum(layer.out_channels for layer in convolutions(blocks.build(plain)))
    base = count(plain, 256)

    def cost(**more: object) -> tuple[int, int, int, int, int]:
        model = make_model(**keys, **more)
        counts = count(model, 256)
        with torch.device("meta"):
            network = blocks.build(model)
        assert sum(parameter.numel() for parameter in network.parameters()) == counts.params
        assert measure(network, 256) == counts
        return (
            counts.params - base.params,
            counts.binary_params - base.binary_params,
            counts.binary_macs - base.binary_macs,
            counts.real_macs - base.real_macs,
            counts.size_bytes - base.size_bytes,
        )

    assert cost(sign_gradient="polynomial") == cost(sign_gradient="swish", sign_beta=2.0) == (0, 0, 0, 0, 0)
    assert cost(weight_scale="learned") == (filters, 0, 0, 0, 0)  # a scale is stored in any case
    assert cost(weight_scale="none") == (0, 0, 0, 0, -4 * filters)
    assert cost(relu=True) == (0, 0, 0, 0, 0)
    assert cost(relu=True, activation="prelu") == (filters, 0, 0, 0, 4 * filters)
    assert cost(**EVERY) == (2 * filters, 0, 0, 0, 4 * filters)


@pytest.mark.parametrize("block_type", ["bottleneck", "multi_scale", "hierarchical"])
def test_a_real_projection_is_a_plain_convolution_where_widths_differ(block_type: str, make_model) -> None:
    torch.manual_seed(0)
    keys = {"tiny": True, "block_type": block_type}
    plain, model = make_model(**keys), make_model(**keys, shortcut_projection="real")
    network = blocks.build(model)
    block, other = network.stem.block1, network.stem.block2
    assert type(block.shortcut) is nn.Conv2d
    assert block.shortcut.bias is None
    assert block.shortcut.kernel_size == (1, 1)
    assert isinstance(other.shortcut, nn.Identity)  # its widths agree
    x = torch.randn(2, 8, 8, 8)
    block.eval()
    path = block(x) - F.conv2d(x, block.shortcut.weight)
    with torch.no_grad():
        block.shortcut.weight.zero_()
    torch.testing.assert_close(block(x), path, rtol=1e-4, atol=1e-4)
    # 8 to 16 channels on maps of 16 x 16, of a network of 32 x 32: the weights stay, the BatchNorm of the unit goes.
    before, after = count(plain, 32), count(model, 32)
    assert measure(network, 32) == after
    assert before.params - after.params == 2 * 8
    assert before.binary_params - after.binary_params == 8 * 16
    assert before.binary_macs - after.binary_macs == after.real_macs - before.real_macs == 8 * 16 * 16**2
    assert after.size_bytes - before.size_bytes == 4 * 8 * 16 - (8 * 16 // 8 + 4 * 16) - 16 * 8


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
def test_real_projections_change_nothing_of_a_real_network(hourglass: str, make_model) -> None:
    keys = {"tiny": True, "block_type": "hierarchical", "hourglass": hourglass, "binary": False}
    plain, other = (blocks.build(make_model(**keys, shortcut_projection=kind)) for kind in ("binary", "real"))
    assert list(plain.state_dict()) == list(other.state_dict())


@pytest.mark.parametrize("layers", [True, False])
def test_parts_add_up_to_the_network(layers: bool, make_model) -> None:
    network = blocks.build(make_model(tiny=True, block_type="hierarchical", **EVERY))
    found = network_parts(network, 64, layers=layers)
    assert found.total == measure(network, 64)
    assert sum(part.counts.params for part in found.parts) == found.total.params
    plain = network_parts(blocks.build(make_model(tiny=True, block_type="hierarchical")), 64, layers=layers)
    assert found.receptive_field == plain.receptive_field


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(
    "keys",
    [
        {"sign_gradient": "polynomial"},
        {"sign_gradient": "swish"},
        {"weight_scale": "learned"},
        {"weight_scale": "none"},
        {"relu": True, "activation": "prelu"},
        {"shortcut_projection": "real"},
        EVERY,
    ],
    ids=str,
)
def test_a_network_trains_as_if_each_layer_binarised_its_own(keys, channels_last, make_model, monkeypatch) -> None:
    layout = torch.channels_last if channels_last else torch.contiguous_format
    torch.manual_seed(0)
    network = blocks.build(make_model(tiny=True, block_type="hierarchical", **keys), landmarks=3)
    network.to(memory_format=layout)
    before = copy.deepcopy(network.state_dict())
    images = torch.rand(2, 3, 32, 32).to(memory_format=layout)

    def train(network: nn.Module) -> dict[str, Tensor]:
        optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-3)
        for _ in range(2):
            optimiser.zero_grad()
            network(images)[0].square().mean().backward()
            optimiser.step()
        return network.state_dict()

    alone = copy.deepcopy(network)
    together = train(network)
    monkeypatch.setattr("blocks.network.binarised_together", nullcontext)
    apart = train(alone)
    for name, value in together.items():
        assert torch.equal(value, apart[name]), name
    learned = [name for name, _ in network.named_parameters() if not name.endswith(("bias", "norm.weight"))]
    assert all(not torch.equal(together[name], before[name]) for name in learned)


def test_only_layers_with_a_mean_scale_are_prepared() -> None:
    layers = nn.Sequential(*(BinaryConv2d(4, 4, 1, weight_scale=scale) for scale in ("mean", "learned", "none")))
    with binarised_together(layers):
        assert [layer.prepared is None for layer in convolutions(layers)] == [False, True, True]


@pytest.mark.slow
def test_a_network_with_all_of_it_compiles_in_one_graph_and_trains_the_same(make_model) -> None:
    torch.manual_seed(0)
    for gradient in ("polynomial", "swish"):
        keys = {**EVERY, "sign_gradient": gradient}
        network = blocks.build(make_model(tiny=True, order=1, **keys), landmarks=3)
        images = torch.rand(2, 3, 32, 32)
        plain = copy.deepcopy(network)
        compiled = torch.compile(network, backend="eager", fullgraph=True)
        for each in (compiled, plain):
            each(images)[0].square().mean().backward()
        for one, other in zip(network.parameters(), plain.parameters(), strict=True):
            assert torch.equal(one.grad, other.grad)
