"""Binary filters counted by pattern."""

from __future__ import annotations

import pytest
import torch

from blocks.build import build
from runners.filters import PATTERNS, filter_layers, layer_filters
from tests.small import small_config


def _network(**changes: object):
    torch.manual_seed(0)
    return build(small_config(**changes).model)


def test_known_filters_are_counted() -> None:
    network = _network()
    name = filter_layers(network)[0]
    weight = network.get_parameter(f"{name}.weight")
    with torch.no_grad():
        weight.fill_(0.3)  # all +1
        weight[0, 0] = -0.2  # all -1
        weight[0, 1] = torch.tensor([[-1.0, 1, 1], [1, 0, 1], [1, 1, -1]])  # sign(0) is +1
        weight[1, 0] = weight[0, 1]
    found = layer_filters(network, name)
    assert found.total == weight.shape[0] * weight.shape[1]
    assert found.counts.tolist() == [found.total - 3, 2, 1]
    assert found.patterns[0].tolist() == [[1, 1, 1]] * 3
    assert found.patterns[1].tolist() == [[-1, 1, 1], [1, 1, 1], [1, 1, -1]]
    assert found.patterns[2].tolist() == [[-1, -1, -1]] * 3


def test_patterns_are_different_ones() -> None:
    network = _network(block__type="hierarchical")
    for name in filter_layers(network):
        found = layer_filters(network, name)
        assert len({tuple(pattern.reshape(-1)) for pattern in found.patterns}) == len(found.counts) <= PATTERNS
        assert (found.counts[:-1] >= found.counts[1:]).all()


def test_only_binary_3x3_layers_have_filters() -> None:
    assert all(".middle." in name for name in filter_layers(_network()))
    assert filter_layers(_network(model__binary=False)) == []
    with pytest.raises(KeyError):
        layer_filters(_network(), "stem.conv")
