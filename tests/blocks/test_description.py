"""The description of a network against the module that is built: layer by layer, for networks of every kind."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import blocks
from blocks import count
from blocks.checks import check_model, resolution_multiple
from blocks.count import count_layers
from blocks.layers import network_layers
from blocks.measure import measure, measure_layers
from blocks.widths import hourglass_features
from search_space.config import BlockConfig, ModelConfig


@st.composite
def any_block(draw: st.DrawFn) -> tuple[BlockConfig, int]:
    """A block of any kind, and what the widths of its network must be a multiple of."""
    kind = draw(st.sampled_from(["bottleneck", "multi_scale", "hierarchical"]))
    if kind == "bottleneck":
        width = draw(st.sampled_from([0.25, 0.5, 0.75, 1.0, 2.0]))
        return BlockConfig(type="bottleneck", width=width, remove_1x1=draw(st.booleans())), 4
    if kind == "multi_scale":
        without = draw(st.booleans())
        return BlockConfig(type="multi_scale", remove_1x1=without), 4 if without else 8
    depth = draw(st.integers(2, 8))
    # The narrowest convolution must hold a channel for each copy: a deep block is wide, and then has fewer copies.
    cardinality = draw(st.sampled_from([c for c in (1, 2, 3, 4, 8, 16) if 2 ** (depth - 1) * c <= 128]))
    return BlockConfig(type="hierarchical", depth=depth, cardinality=cardinality), 2 ** (depth - 1) * cardinality


@st.composite
def models(draw: st.DrawFn) -> ModelConfig:
    """Any network that can be built: narrow, everything else over its whole range."""
    block, multiple = draw(any_block())
    wide = multiple >= 64
    least = -(-8 // multiple)  # the stem is at least 8 channels wide
    return ModelConfig(
        block=block,
        binary=draw(st.booleans()),
        features=max(4, multiple * draw(st.integers(1, 1 if wide else 3))),
        width=draw(st.sampled_from([1.0, 2.0])),
        stem_features=multiple // 2 * draw(st.integers(least, least + 1)),
        # A block that pools halves once more, and 1024 pixels are enough.
        order=draw(st.integers(1, 2 if wide else 5 if block.type == "multi_scale" else 6)),
        stacks=draw(st.integers(1, 2 if wide else 8)),
        hourglass=draw(st.sampled_from(["standard", "improved"])),
        pooling=draw(st.sampled_from(["max", "average"])),
        upsampling=draw(st.sampled_from(["nearest", "bilinear"])),
        relu=draw(st.booleans()),
        activation=draw(st.sampled_from(["relu", "prelu"])),
        shortcut_projection=draw(st.sampled_from(["binary", "real"])),
        weight_scale=draw(st.sampled_from(["mean", "learned", "none"])),
    )


def check_description(model: ModelConfig, resolution: int, landmarks: int) -> None:
    """The description, the built module and what hooks see of it agree, layer by layer and in every count."""
    assert check_model(model, resolution) == []
    network = blocks.build(model, landmarks)

    described = list(network_layers(model, resolution, landmarks))
    assert measure_layers(network, resolution) == described  # names, order, shapes, groups, biases

    counts = count(model, resolution, landmarks)
    assert counts == measure(network, resolution) == count_layers(described)
    assert counts.params == sum(parameter.numel() for parameter in network.parameters())
    assert (counts.binary_macs == 0) == (not model.binary)
    assert described[-1].inputs == hourglass_features(model)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=models(), landmarks=st.sampled_from([1, 16, 68]))
def test_description_is_the_built_module(model: ModelConfig, landmarks: int) -> None:
    check_description(model, resolution_multiple(model), landmarks)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=models(), landmarks=st.integers(1, 100), multiple=st.integers(1, 3))
def test_description_is_the_built_module_over_more_of_the_space(
    model: ModelConfig, landmarks: int, multiple: int
) -> None:
    check_description(model, resolution_multiple(model) * multiple, landmarks)


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
@pytest.mark.parametrize("stacks", [1, 3])
def test_the_block_of_every_hourglass_has_its_own_name(hourglass, stacks, make_model) -> None:
    names = [layer.name for layer in network_layers(make_model(tiny=True, hourglass=hourglass, stacks=stacks), 64)]
    assert len(set(names)) == len(names)
    assert any(name.startswith(f"stacks.{stacks - 1}.hourglass.inner.up.") for name in names)
    assert any(".skip." in name for name in names) == (hourglass == "standard")


def test_measuring_restores_the_modes_and_leaves_no_hooks(make_model) -> None:
    network = blocks.build(make_model(tiny=True))
    network.stem.norm.eval()
    before = {name: module.training for name, module in network.named_modules()}
    measure(network, 32)
    assert {name: module.training for name, module in network.named_modules()} == before
    assert not any(module._forward_hooks for module in network.modules())
