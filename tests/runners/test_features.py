"""Feature maps of a network, and maps around its 1x1 layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from blocks.build import build
from runners.features import layer_maps, one_by_one_layers, one_by_one_pairs, shown_layers
from tests.small import small_config


def _network(**changes: object):
    torch.manual_seed(0)
    return build(small_config(**changes).model).eval()


def _image() -> torch.Tensor:
    return torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("changes", [{}, {"model__binary": False}, {"model__hourglass": "improved"}])
def test_the_liveliest_maps_of_a_first_a_middle_and_a_last_layer(changes) -> None:
    network = _network(**changes)
    layers = shown_layers(network)
    maps = layer_maps(network, _image(), layers, 3)
    assert [found.shape for found in maps.values()] == [(3, 16, 16), (3, 8, 8), (3, 8, 8)]
    with torch.inference_mode():
        expected = network.stem.norm(network.stem.conv(_image()[None]))[0].numpy()  # before the ReLU writes over it
    order = np.argsort(-expected.reshape(len(expected), -1).std(axis=1))[:3]
    np.testing.assert_allclose(maps["stem.norm"], expected[order], rtol=1e-5, atol=1e-6)


def test_the_last_layer_of_stacks_is_the_last_stacks() -> None:
    assert shown_layers(_network(model__stacks=3)) == ("stem.norm", "stacks.1.hourglass", "stacks.2.norm")


@pytest.mark.parametrize("name", ["nowhere", "stacks"])
def test_a_name_that_gives_no_maps(name) -> None:
    with pytest.raises(KeyError, match=name):
        layer_maps(_network(), _image(), [name], 3)


def test_a_1x1_layer_that_copies_its_input_has_correlation_one() -> None:
    network = _network(model__binary=False)
    mix = network.stacks[0].mix
    with torch.no_grad():
        mix.weight.zero_()
        mix.bias.zero_()
        for channel in range(len(mix.weight)):
            mix.weight[channel, -1 - channel] = -2.0 if channel % 2 else 2.0
    (pairs,) = one_by_one_pairs(network, _image(), ["stacks.0.mix"], 4).values()
    assert len(pairs) == 4
    for pair in pairs:
        assert abs(pair.correlation) == pytest.approx(1.0, abs=1e-5)
        np.testing.assert_allclose(pair.after, np.sign(pair.correlation) * 2 * pair.before, rtol=1e-4, atol=1e-5)


def test_1x1_layers_are_units_and_plain_convolutions_inside() -> None:
    binary = one_by_one_layers(_network())
    assert "stacks.0.mix" in binary
    assert "stem.block1.units.reduce" in binary
    assert not [name for name in binary if name.endswith((".conv", ".output", ".middle"))]
    hierarchical = one_by_one_layers(_network(block__type="hierarchical"))
    assert all(name.endswith((".mix", ".shortcut")) for name in hierarchical)
    assert "stacks.0.mix" in one_by_one_layers(_network(model__binary=False))
    with pytest.raises(KeyError):
        one_by_one_pairs(_network(), _image(), ["stem.conv"], 4)
