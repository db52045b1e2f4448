"""`docs/networks.md` against the code: its table of counts, its keys, and its worked example, which is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import blocks
from blocks import catalogue, count
from blocks.layers import network_layers
from blocks.measure import measure_layers
from blocks.plan import BlockFunction
from blocks.residual import ResidualBlock
from search_space.config import BlockConfig, ModelConfig
from search_space.keys import all_keys, assemble
from tests.blocks.published import NETWORKS, table_lines

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")


def test_the_table_of_counts_is_what_is_computed() -> None:
    lines = DOCS.splitlines()
    computed = table_lines()
    start = lines.index(computed[0])
    assert lines[start : start + len(computed)] == computed
    assert not lines[start + len(computed)].startswith("|")  # and no line more
    assert len(computed) == len(NETWORKS) + 2


def docs_settings() -> list[tuple[str, Any]]:
    """Every setting that the docs write as code, `key: value`, once; those of the worked example aside."""
    found = dict.fromkeys(re.findall(r"`([a-z0-9]+(?:\.[a-z0-9_]+)+): ([^`]+)`", DOCS))
    return [(key, yaml.safe_load(value)) for key, value in found if value != "plain"]


@pytest.mark.parametrize(("key", "value"), docs_settings())
def test_every_setting_of_the_docs_can_be_set(key: str, value: Any) -> None:
    assemble({key: value})


def test_the_docs_name_every_choice_of_a_network() -> None:
    settings = docs_settings()
    for key in ("block.type", "model.hourglass"):
        assert {value for name, value in settings if name == key} == set(all_keys()[key].choices or ())
    named = set(re.findall(r"`([a-z]+\.[a-z0-9_]+)[:`]", DOCS))
    of_networks = {key for key in all_keys() if key.startswith(("block.", "model."))}
    assert of_networks - named == {"model.stem_features"}  # a size, explained in words


def test_what_the_docs_say_that_levels_cost() -> None:
    table = DOCS.partition("| levels | M | binary MACs, G |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
    assert len(rows) == 5
    for settings, params, macs in [("`block.type: hierarchical`", "6.24", "8.04"), *rows]:
        keys = {key: yaml.safe_load(value) for key, value in re.findall(r"`([a-z0-9_.]+): ([^`]+)`", settings)}
        counts = count(assemble({"block.type": "hierarchical", **keys}).model, 256)
        assert (f"{counts.params / 1e6:.2f}", f"{counts.binary_macs / 1e9:.2f}") == (params, macs)
    assert "6.24 M parameters and 8.04 G binary" in DOCS


def example() -> tuple[str, str, str]:
    """The worked example's three pieces of code: the block, its line in the catalogue, its name."""
    block, line, name = re.findall(r"```python\n(.*?)```", DOCS.partition("## Add a block")[2], re.DOTALL)
    return block, line, name


@pytest.fixture
def plain() -> BlockFunction:
    """The block of the worked example, from its own text."""
    namespace: dict[str, Any] = {}
    exec(compile(example()[0], "docs/networks.md", "exec"), namespace)
    return namespace["plain"]


@pytest.fixture
def plain_model(plain: BlockFunction, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelConfig]:
    """The network of the worked example, as it is once the block stands in the catalogue and in `BlockType`."""
    monkeypatch.setattr(catalogue, "BLOCKS", {**catalogue.BLOCKS, "plain": plain})
    yield ModelConfig.model_construct(block=BlockConfig.model_construct(type="plain"))
    catalogue.plan_block.cache_clear()


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("inputs", [8, 16])
def test_the_block_of_the_worked_example_runs(inputs: int, binary: bool, plain: BlockFunction) -> None:
    plan = plain(inputs, 16, BlockConfig(), binary)
    assert [(unit.inputs, unit.outputs, unit.kernel) for unit in plan.units] == [(inputs, 16, 3), (16, 16, 3)]
    block = ResidualBlock(plan, binary=binary)
    x = torch.randn(2, inputs, 8, 8, requires_grad=True)
    y = block(x)
    assert y.shape == (2, 16, 8, 8)
    expected = block.units["second"](block.units["first"](x)) + block.shortcut(x)
    torch.testing.assert_close(y, expected)
    y.square().mean().backward()
    assert all(parameter.grad is not None for parameter in block.parameters())


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
def test_the_worked_example_is_all_that_a_network_needs(hourglass: str, plain_model: ModelConfig) -> None:
    small = plain_model.model_copy(update={"features": 8, "stem_features": 4, "order": 1, "hourglass": hourglass})
    assert blocks.check_model(small, 32) == []
    network = blocks.build(small)
    assert measure_layers(network, 32) == list(network_layers(small, 32))
    assert network(torch.rand(2, 3, 32, 32))[0].shape == (2, 16, 8, 8)


def test_the_cost_that_the_docs_give_the_worked_example(plain_model: ModelConfig) -> None:
    counts = count(plain_model, 256)
    cost = f"{counts.params / 1e6:.2f} M parameters and {counts.binary_macs / 1e9:.2f} G binary multiply-accumulates"
    assert f"`block.type: plain` is a network of {cost}" in DOCS


def test_the_lines_that_the_docs_add_look_like_those_that_are_there() -> None:
    _, line, name = example()
    source = Path(catalogue.__file__).read_text(encoding="utf-8")
    assert line.replace("plain", "multi_scale") in source
    before = name.replace(', "plain"', "")
    assert before != name
    assert before in (ROOT / "search_space" / "config.py").read_text(encoding="utf-8")
