"""Counts: of every network of the paper, and of the parts that decide them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import blocks
from blocks import count
from blocks.count import count_layers
from blocks.layers import Layer, link_layers, network_layers
from blocks.measure import measure
from search_space.published import published_tables
from tests.blocks.published import NETWORKS, Network, rounds_to

BOTTLENECK = {"block_type": "bottleneck"}
HIERARCHICAL = {"block_type": "hierarchical"}

every_network = pytest.mark.parametrize("network", NETWORKS, ids=[network.name for network in NETWORKS])


@every_network
def test_params_to_the_last_one(network: Network) -> None:
    assert network.counts.params == network.params


@every_network
def test_the_built_module_costs_what_is_counted(network: Network) -> None:
    with torch.device("meta"):  # shapes alone: nothing is computed, nothing kept
        module = blocks.build(network.model)
    assert sum(parameter.numel() for parameter in module.parameters()) == network.params
    assert measure(module, 256) == network.counts


@every_network
def test_params_of_network_spec_to_every_digit(network: Network) -> None:
    # At depth 4 the layers of network_spec add up to 6,094,736, which is 6.09 and not the 6.10 that it prints.
    assert rounds_to(network.params, network.spec) == (network.settings.get("block.depth") != 4)


@every_network
def test_a_difference_to_the_paper_has_a_reason_and_nothing_else_has(network: Network) -> None:
    printed = [network.spec, *([] if network.paper is None else [network.paper])]
    assert bool(network.why) == (not all(rounds_to(network.params, figure) for figure in printed))


@pytest.mark.parametrize("network", [n for n in NETWORKS if n.macs], ids=lambda network: network.name)
def test_multiply_accumulates_of_network_spec(network: Network) -> None:
    counts = network.counts
    assert (f"{counts.binary_macs / 1e9:.2f}", f"{counts.real_macs / 1e9:.3f}") == network.macs


def test_the_table_has_every_figure_that_the_paper_prints() -> None:
    printed = {
        table.value(row, "params")
        for table in published_tables().values()
        if "params" in table.columns
        for row in table.rows
    }
    # Table 5 prints 6 where Tables 2 and 3 print 6.2; null stands where nothing is printed.
    assert {float(network.paper) for network in NETWORKS if network.paper} == printed - {6, None}


def test_what_the_reasons_say(make_model) -> None:
    wide = count(make_model(**HIERARCHICAL, binary=False, stacks=8), 256)
    assert rounds_to(wide.params, "46.59")
    sixteenths = {
        width: count(make_model(block_width=width / 16, block_remove_1x1=True), 256).params for width in range(1, 17)
    }
    assert min(sixteenths, key=lambda width: abs(sixteenths[width] - 5.8e6)) == 5
    steps = [
        count(make_model(**HIERARCHICAL, stacks=n + 1), 256).params
        - count(make_model(**HIERARCHICAL, stacks=n), 256).params
        for n in (1, 2)
    ]
    assert [rounds_to(step, "5.76") for step in steps] == [True, True]


def test_pooling_relu_and_upsampling_do_not_change_the_size(make_model) -> None:
    changed = count(make_model(**HIERARCHICAL, relu=True, pooling="average", upsampling="bilinear"), 256)
    assert changed == count(make_model(**HIERARCHICAL), 256)  # Table 4


def test_only_the_first_and_last_convolution_stay_real(make_model) -> None:
    layers = list(network_layers(make_model(**HIERARCHICAL), 256))
    real = [layer for layer in layers if layer.kind == "convolution" and not layer.binary]
    assert [layer.name for layer in real] == ["stem.conv", "stacks.0.output"]
    assert sum(layer.params for layer in real) == 13_584
    # The paper's "less than 0.01 percent" holds as a fraction: 0.22 percent.
    assert f"{13_584 / sum(layer.params for layer in layers):.2%}" == "0.22%"


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


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
def test_counting_does_not_grow_with_the_number_of_stacks(hourglass, make_model) -> None:
    # No timed test: the number of layers that are described is what costs, and it is that of one stack and one link.
    keys = {**HIERARCHICAL, "hourglass": hourglass}
    one = count(make_model(**keys), 256)
    eight = count(make_model(**keys, stacks=8), 256)
    two = count(make_model(**keys, stacks=2), 256)
    assert eight.params == one.params + 7 * (two.params - one.params)
    assert eight == count_layers(network_layers(make_model(**keys, stacks=8), 256))


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
