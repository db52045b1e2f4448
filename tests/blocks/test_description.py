"""The description of a network against the module that is built: layer by layer, for networks of every kind."""

from __future__ import annotations

from math import lcm

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
from search_space.config import BlockConfig, LevelsConfig, ModelConfig


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


def multiple_of(block: BlockConfig) -> int:
    """What widths at which a block stands must be a multiple of, if its own width is in quarters."""
    if block.type == "hierarchical":
        return 2 ** (block.depth - 1) * block.cardinality
    return 8 if block.type == "multi_scale" and not block.remove_1x1 else 4


@st.composite
def any_levels(draw: st.DrawFn, block: BlockConfig) -> tuple[LevelsConfig, int]:
    """Levels of which each says some of its block, or nothing, and what all widths of the network must divide by."""
    own = {
        "type": st.sampled_from(["bottleneck", "multi_scale", "hierarchical"]),
        "remove_1x1": st.booleans(),
        "width": st.sampled_from([0.25, 0.75, 1.0]),
        "depth": st.integers(2, 4),
        "cardinality": st.sampled_from([1, 2]),
    }
    multiples, levels = [multiple_of(block)], {}
    for level in range(7):
        said = draw(st.fixed_dictionaries({}, optional=own)) if draw(st.booleans()) else {}
        multiples.append(multiple_of(block.model_copy(update=said)))
        width = {"width": draw(st.sampled_from([0.5, 1.0, 1.0, 1.5, 2.0]))} if level > 0 else {}
        levels[f"level{level}"] = {"block": said, **width}
    return LevelsConfig.model_validate(levels), lcm(4, *multiples)


@st.composite
def models(draw: st.DrawFn, levels: bool) -> ModelConfig:
    """Any network that can be built: narrow, everything else over its whole range; with `levels`, these differ."""
    block, multiple = draw(any_block().filter(lambda drawn: not levels or drawn[1] <= 16))
    own, multiple = draw(any_levels(block)) if levels else (LevelsConfig(), multiple)
    wide = multiple >= 64
    least = -(-8 // multiple)  # the stem is at least 8 channels wide
    pools = block.type == "multi_scale" or any(
        getattr(own, f"level{level}").block.type == "multi_scale" for level in range(7)
    )
    return ModelConfig(
        block=block,
        levels=own,
        binary=draw(st.booleans()),
        # Half as wide a level must divide, too.
        features=max(4, multiple * draw(st.integers(1, 1 if wide else 3)) * (2 if levels else 1)),
        width=1.0 if levels else draw(st.sampled_from([1.0, 2.0])),
        stem_features=multiple // 2 * draw(st.integers(least, least + 1)),
        # A block that pools halves once more, and 1024 pixels are enough.
        order=draw(st.integers(1, 2 if wide else 5 if pools else 6)),
        stacks=draw(st.integers(1, 2 if wide or levels else 8)),
        hourglass=draw(st.sampled_from(["standard", "improved"])),
        pooling=draw(st.sampled_from(["max", "average"])),
        upsampling=draw(st.sampled_from(["nearest", "bilinear"])),
        relu=draw(st.booleans()),
        relu_first=draw(st.booleans()),
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


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=models(levels=False), landmarks=st.sampled_from([1, 16, 68]))
def test_description_is_the_built_module(model: ModelConfig, landmarks: int) -> None:
    check_description(model, resolution_multiple(model), landmarks)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=models(levels=True))
def test_description_is_the_built_module_where_levels_differ(model: ModelConfig) -> None:
    check_description(model, resolution_multiple(model), landmarks=2)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=st.booleans().flatmap(models), landmarks=st.integers(1, 100), multiple=st.integers(1, 3))
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
