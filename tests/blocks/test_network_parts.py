"""The parts of a network: nothing left out, nothing counted twice."""

from __future__ import annotations

import pytest
import torch

import blocks
from blocks.count import Counts, count
from blocks.parts import hourglass_block, network_parts

pytestmark = pytest.mark.slow

NETWORKS = [
    {},
    {"block_type": "hierarchical", "block_cardinality": 4, "stacks": 2},
    {"block_type": "multi_scale", "hourglass": "improved", "upsampling": "bilinear"},
    {"block_type": "hierarchical", "hourglass": "improved", "relu": True, "pooling": "average"},
    {"binary": False, "stacks": 2},
]


def _parts(model, resolution: int = 64, layers: bool = False):
    with torch.device("meta"):
        network = blocks.build(model)
    return network_parts(network, resolution, layers=layers)


@pytest.mark.parametrize("layers", [False, True])
@pytest.mark.parametrize("keys", NETWORKS)
def test_the_parts_together_are_the_network(make_model, keys, layers) -> None:
    model = make_model(features=64, stem_features=32, order=3, **keys)
    parts = _parts(model, layers=layers)
    assert parts.total == sum((part.counts for part in parts.parts), start=Counts()) == count(model, 64)
    assert len({part.name for part in parts.parts}) == len(parts.parts)
    assert parts.parts[-1].receptive_field == parts.receptive_field
    assert (parts.parts[-1].channels, parts.parts[-1].side) == (16, 16)


def test_what_a_part_is_called_and_does(make_model) -> None:
    model = make_model(features=64, stem_features=32, order=1, block_type="hierarchical", upsampling="bilinear")
    shown = [(".".join(part.path), part.what, part.channels, part.side) for part in _parts(model).parts]
    assert shown == [
        ("stem.conv", "7x7 /2", 32, 32),
        ("stem.norm", "norm", 32, 32),
        ("stem.block1", "block", 64, 32),
        ("stem.pool", "max 2x2", 64, 16),
        ("stem.block2", "block", 64, 16),
        ("stem.block3", "block", 64, 16),
        ("stacks.0.hourglass.skip", "block", 64, 16),
        ("stacks.0.hourglass.pool", "max 2x2", 64, 8),
        ("stacks.0.hourglass.down", "block", 64, 8),
        ("stacks.0.hourglass.inner", "block", 64, 8),
        ("stacks.0.hourglass.up", "block", 64, 8),
        ("stacks.0.hourglass.upsample", "bilinear x2", 64, 16),
        ("stacks.0.block", "block", 64, 16),
        ("stacks.0.mix", "1x1", 64, 16),
        ("stacks.0.norm", "norm", 64, 16),
        ("stacks.0.output", "1x1", 16, 16),
    ]


def test_layers_of_a_block(make_model) -> None:
    keys = {"block_type": "hierarchical", "block_cardinality": 2, "features": 64, "stem_features": 32, "order": 1}
    parts = _parts(make_model(**keys), layers=True).parts
    found = [(part.path[-1], part.what, part.channels) for part in parts if "block1" in part.path]
    assert found == [
        ("units.scale1_copy1", "3x3", 16),
        ("units.scale1_copy2", "3x3", 16),
        ("concat", "concat", 32),
        ("units.scale2", "3x3 g2", 16),
        ("units.scale3", "3x3 g2", 16),
        ("concat2", "concat", 64),
        ("shortcut", "1x1", 64),
    ]


@pytest.mark.parametrize(("keys", "name"), [({}, "skip"), ({"hourglass": "improved"}, "down")])
def test_the_block_of_the_hourglass(make_model, keys, name) -> None:
    assert hourglass_block(_parts(make_model(tiny=True, **keys), 32).network) == f"stacks.0.hourglass.{name}"
