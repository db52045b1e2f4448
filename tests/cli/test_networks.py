"""What is read off built networks for `hglab diff`, against what `hglab inspect` finds at full size."""

from __future__ import annotations

from collections import Counter

import pytest

from blocks.layers import network_layers
from blocks.parts import hourglass_block
from blocks.receptive_field import receptive_field
from cli.networks import built_parts, network_facts
from search_space import expand, read_study
from tests.small import small_config


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"block.type": "hierarchical", "block.depth": 4},
        {"block.type": "hierarchical", "block.cardinality": 2, "model.features": 32},
        {"model.upsampling": "bilinear", "model.pooling": "average"},
        {"model.hourglass": "improved", "model.stacks": 2},
        {"model.binary": False, "block.type": "multi_scale"},
    ],
)
def test_receptive_fields_and_layers(changes: dict[str, object]) -> None:
    config = small_config(**{key.replace(".", "__"): value for key, value in changes.items()})
    facts = network_facts(config.model)
    parts = built_parts(config.model, 64)  # larger than the smallest image, on which `network_facts` looks
    block = hourglass_block(parts.network)
    assert facts.receptive_field == parts.receptive_field
    assert facts.block_receptive_field == receptive_field(parts.trace.part(block), block)
    counted = Counter(
        "BatchNorm" if layer.kind == "batch_norm" else ("binary" if layer.binary else "real", layer.kernel)
        for layer in network_layers(config.model, 64)
    )
    assert facts.layers["BatchNorm"] == counted.pop("BatchNorm")
    found: Counter[object] = Counter()
    for name, number in facts.layers.items():
        if "convolution" in name:
            kind, size = name.split()[:2]
            found[kind, int(size.partition("×")[0])] += number
    assert found == counted


def test_layers_are_named_by_what_they_do(studies) -> None:
    path = next(path for path in studies if path.stem == "quickstart")
    binary, _, real = (network_facts(each.config.model).layers for each in expand(read_study(path), "tiny").variants)
    assert {"binary 1×1 convolution", "real 7×7 convolution, stride 2", "max pooling", "nearest upsampling"} <= set(
        binary
    )
    assert not any("binary" in name for name in real)
    assert real["ReLU"] > binary["ReLU"]
