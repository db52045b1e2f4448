"""Counts against network_spec, and the description against the built module."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import blocks
from blocks import count
from blocks.count import count_layers
from blocks.layers import Layer, link_layers, network_layers
from blocks.measure import measure, measure_layers
from blocks.widths import STRIDE, check_model, hourglass_features
from search_space.config import BlockConfig, ModelConfig

BOTTLENECK = {"block_type": "bottleneck"}
HIERARCHICAL = {"block_type": "hierarchical"}

# network_spec in millions: "Blocks", "Depth", "Cardinality", stacks. The figure, the keys. One figure is not that of
# network_spec: at depth 4 its layers add up to 6,094,736, where it prints 6.10.
PUBLISHED_PARAMS = [
    ("3.42", BOTTLENECK),
    ("11.28", BOTTLENECK | {"block_width": 1.0}),
    ("6.24", HIERARCHICAL),
    ("3.63", HIERARCHICAL | {"width": 0.75}),
    ("3.63", HIERARCHICAL | {"features": 192}),
    ("7.04", BOTTLENECK | {"block_width": 196 / 256, "binary": False}),
    *[
        (params, HIERARCHICAL | {"block_depth": depth})
        for depth, params in enumerate(["6.81", "6.24", "6.09", "6.06", "6.05", "6.05", "6.05"], start=2)
    ],
    *[
        (params, HIERARCHICAL | {"block_cardinality": cardinality})
        for cardinality, params in zip([1, 2, 4, 8, 16], ["6.24", "5.39", "4.97", "4.79", "4.75"], strict=True)
    ],
    *[(p, HIERARCHICAL | {"stacks": stacks}) for stacks, p in enumerate(["6.24", "12.00", "17.77"], start=1)],
    ("25.43", BOTTLENECK | {"binary": False, "stacks": 8}),
    ("26.35", HIERARCHICAL | {"binary": False, "stacks": 8, "width": 0.75}),
    # Table 4: pooling, ReLU and upsampling do not change the network's size.
    ("6.24", HIERARCHICAL | {"relu": True, "pooling": "average", "upsampling": "bilinear"}),
]


@pytest.mark.parametrize(("millions", "keys"), PUBLISHED_PARAMS)
def test_params_of_network_spec_to_every_digit(millions, keys, make_model) -> None:
    assert f"{count(make_model(**keys), 256).params / 1e6:.2f}" == millions


# To the last parameter, as network_spec's layers add up (convolution weights, real biases, BatchNorm affine). With the
# 1x1 layer before the output real, as in the real twin, the hierarchical network has 6,236,304 parameters; with the
# binary 1x1 layer that network_spec describes it has 6,236,560.
EXACT_PARAMS = [
    (BOTTLENECK, 3_418_512),
    (BOTTLENECK | {"block_width": 1.0}, 11_278_736),
    (HIERARCHICAL, 6_236_560),
    # In real networks BatchNorm -> sign before the 1x1 layer goes (-512) and a bias comes (+256).
    (HIERARCHICAL | {"binary": False}, 6_236_304),
    (BOTTLENECK | {"binary": False}, 3_426_448),
    (HIERARCHICAL | {"width": 0.75}, 3_626_224),
    (BOTTLENECK | {"block_width": 196 / 256, "binary": False}, 7_035_208),
]


@pytest.mark.parametrize(("keys", "params"), EXACT_PARAMS)
def test_params_to_the_last_one(keys, params, make_model) -> None:
    assert count(make_model(**keys), 256).params == params


@pytest.mark.parametrize(
    ("keys", "binary", "real"),
    [
        (BOTTLENECK, "4.98", "0.171"),
        (BOTTLENECK | {"block_width": 1.0}, "15.76", "0.171"),
        (HIERARCHICAL, "8.04", "0.171"),
        (HIERARCHICAL | {"width": 0.75}, "5.37", "0.167"),
        (HIERARCHICAL | {"stacks": 2}, "13.29", "0.204"),
        (HIERARCHICAL | {"stacks": 3}, "18.53", "0.238"),
    ],
)
def test_multiply_accumulates_of_network_spec(keys, binary, real, make_model) -> None:
    counts = count(make_model(**keys), 256)
    assert f"{counts.binary_macs / 1e9:.2f}" == binary
    assert f"{counts.real_macs / 1e9:.3f}" == real


def test_only_the_first_and_last_convolution_stay_real(make_model) -> None:
    layers = network_layers(make_model(**HIERARCHICAL), 256)
    real = [layer for layer in layers if layer.kind == "convolution" and not layer.binary]
    assert [layer.name for layer in real] == ["stem.conv", "stacks.0.output"]
    assert sum(layer.params for layer in real) == 13_584


def test_a_real_network_has_no_binary_part(make_model) -> None:
    counts = count(make_model(**HIERARCHICAL, binary=False), 256)
    assert (counts.binary_params, counts.binary_macs) == (0, 0)
    assert counts.real_macs == 8_213_299_200  # binary and real of the binary network together
    binary = count(make_model(**HIERARCHICAL), 256)
    assert counts.real_macs == binary.real_macs + binary.binary_macs


def test_size_of_a_layer_is_what_the_docstring_says() -> None:
    conv = Layer("c", "convolution", 3, 5, 8, kernel=3, binary=True)  # 135 weights: 17 bytes, and 5 alphas
    assert count_layers([conv]).size_bytes == 17 + 5 * 4
    real = Layer("r", "convolution", 3, 5, 8, kernel=3, bias=True)
    assert count_layers([real]).size_bytes == (135 + 5) * 4
    assert count_layers([Layer("n", "batch_norm", 5, 5, 8)]).size_bytes == 4 * 5 * 4


def test_newells_wiring_has_a_1x1_on_the_features_between_stacks(make_model) -> None:
    def names(**keys: object) -> list[str]:
        return [layer.name for layer in link_layers(make_model(**keys), 256, 16, "link")]

    assert names(**BOTTLENECK, binary=False) == ["link.features", "link.heatmaps"]
    assert names(**BOTTLENECK) == ["link.heatmaps"]
    assert names(**HIERARCHICAL, binary=False) == ["link.heatmaps"]


@st.composite
def models(draw: st.DrawFn) -> ModelConfig:
    """Any network that can be built: narrow, everything else over its whole range."""
    if draw(st.booleans()):
        block = BlockConfig(type="bottleneck", width=draw(st.sampled_from([0.25, 0.5, 0.75, 1.0, 2.0])))
        multiple = 4
    else:
        depth = draw(st.integers(2, 8))
        # The narrowest convolution must hold a channel for each copy: a deep block is wide, and then has fewer copies.
        cardinality = draw(st.sampled_from([c for c in (1, 2, 3, 4, 8, 16) if 2 ** (depth - 1) * c <= 128]))
        block = BlockConfig(type="hierarchical", depth=depth, cardinality=cardinality)
        multiple = 2 ** (depth - 1) * cardinality
    wide = multiple >= 64
    return ModelConfig(
        block=block,
        binary=draw(st.booleans()),
        features=max(4, multiple * draw(st.integers(1, 1 if wide else 3))),
        width=draw(st.sampled_from([1.0, 2.0])),
        stem_features=max(4, multiple // 2 * draw(st.integers(1, 2))),
        order=draw(st.integers(1, 2 if wide else 6)),
        stacks=draw(st.integers(1, 2 if wide else 8)),
        pooling=draw(st.sampled_from(["max", "average"])),
        upsampling=draw(st.sampled_from(["nearest", "bilinear"])),
        relu=draw(st.booleans()),
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


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=models(), landmarks=st.sampled_from([1, 16, 68]))
def test_description_is_the_built_module(model: ModelConfig, landmarks: int) -> None:
    check_description(model, STRIDE * 2**model.order, landmarks)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(model=models(), landmarks=st.integers(1, 100), multiple=st.integers(1, 3))
def test_description_is_the_built_module_over_more_of_the_space(
    model: ModelConfig, landmarks: int, multiple: int
) -> None:
    check_description(model, STRIDE * 2**model.order * multiple, landmarks)


@pytest.mark.parametrize(("keys", "params"), EXACT_PARAMS)
def test_description_is_the_built_module_at_the_papers_width(keys, params, make_model) -> None:
    check_description(make_model(**keys), 64, 16)


def test_measuring_restores_the_modes_and_leaves_no_hooks(make_model) -> None:
    network = blocks.build(make_model(tiny=True))
    network.stem.norm.eval()
    before = {name: module.training for name, module in network.named_modules()}
    measure(network, 32)
    assert {name: module.training for name, module in network.named_modules()} == before
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize(
    "statement", ["import blocks", "import blocks.count", "import blocks.widths", "from blocks import build"]
)
def test_importing_and_counting_needs_no_torch(statement: str) -> None:
    program = (
        f"{statement}; import sys; from blocks import count; from search_space.config import ModelConfig; "
        "assert count(ModelConfig(), 256).params == 3418512; assert 'torch' not in sys.modules, 'torch was imported'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_public_names_are_functions_after_their_modules_are_imported() -> None:
    import blocks.build
    import blocks.count

    assert callable(blocks.build)
    assert callable(blocks.count)


def test_counting_does_not_grow_with_the_number_of_stacks(make_model) -> None:
    # No timed test: the number of layers that are described is what costs, and it is that of one stack and one link.
    one = count(make_model(**HIERARCHICAL), 256)
    eight = count(make_model(**HIERARCHICAL, stacks=8), 256)
    two = count(make_model(**HIERARCHICAL, stacks=2), 256)
    assert eight.params == one.params + 7 * (two.params - one.params)
    assert eight == count_layers(network_layers(make_model(**HIERARCHICAL, stacks=8), 256))
