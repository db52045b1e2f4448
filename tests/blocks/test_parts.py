"""What a network is made of: units, shortcuts, parallel copies, and blocks drawn anew."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import blocks
from blocks.catalogue import plan_block
from blocks.count import count_layers
from blocks.layers import block_layers, stem_layers
from blocks.measure import measure_layers
from blocks.plan import Draft, WidthError
from blocks.residual import ResidualBlock
from blocks.unit import Unit


@pytest.mark.parametrize("cardinality", [2, 4])
@pytest.mark.parametrize("binary", [True, False])
def test_cardinality_is_that_many_separate_copies(cardinality, binary, make_model) -> None:
    torch.manual_seed(0)
    inputs, outputs = 24, 32
    config = make_model(block_type="hierarchical", block_cardinality=cardinality).block
    block = ResidualBlock(plan_block(inputs, outputs, config, binary), binary=binary).double()
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if "norm" in name:
                parameter.normal_(0.5)  # so that the copies' BatchNorms differ
    x = torch.randn(3, inputs, 6, 6, dtype=torch.float64)
    grouped = block(x) - block.shortcut(x)

    wide = [outputs // 2, outputs // 4, outputs // 4]
    scales: list[list[torch.Tensor]] = [[], [], []]
    for copy in range(cardinality):
        value, previous = x, inputs
        for number, width in enumerate(wide):
            own = width // cardinality
            unit = Unit(previous, own, 3, binary=binary).double()
            if number == 0:
                unit.load_state_dict(block.units[f"scale1_copy{copy + 1}"].state_dict())
            else:
                whole = block.units[f"scale{number + 1}"]
                channels = slice(copy * previous, (copy + 1) * previous)
                with torch.no_grad():
                    unit.norm.weight.copy_(whole.norm.weight[channels])
                    unit.norm.bias.copy_(whole.norm.bias[channels])
                    unit.conv.weight.copy_(whole.conv.weight[copy * own : (copy + 1) * own])
            value, previous = unit(value), own
            scales[number].append(value)
    separate = torch.cat([value for scale in scales for value in scale], dim=1)
    torch.testing.assert_close(grouped, separate, rtol=1e-9, atol=1e-9)


def test_a_unit_is_batch_norm_sign_convolution() -> None:
    torch.manual_seed(0)
    unit = Unit(4, 6, 3, binary=True)
    x = torch.randn(2, 4, 5, 5)
    expected = unit.conv(F.batch_norm(x, None, None, unit.norm.weight, unit.norm.bias, training=True))
    torch.testing.assert_close(unit(x), expected)


def test_relu_comes_after_the_convolution_and_adds_no_parameters(make_model) -> None:
    torch.manual_seed(0)
    plain = Unit(4, 6, 3, binary=True)
    active = Unit(4, 6, 3, binary=True, relu=True)
    active.load_state_dict(plain.state_dict())
    x = torch.randn(2, 4, 5, 5)
    expected = plain(x)
    assert (expected < 0).any()
    assert torch.equal(active(x), expected.clamp(min=0))


def test_a_unit_refuses_what_it_cannot_be() -> None:
    with pytest.raises(ValueError, match="no bias"):
        Unit(4, 4, 3, binary=True, bias=True)
    with pytest.raises(ValueError, match="odd"):
        Unit(4, 4, 2, binary=True)


def test_shortcuts(make_model) -> None:
    def shortcut(**keys: object) -> tuple[torch.nn.Module, torch.nn.Module]:
        stem = blocks.build(make_model(tiny=True, **keys)).stem
        return stem.block1.shortcut, stem.block2.shortcut

    for keys in ({}, {"block_type": "hierarchical"}, {"block_type": "hierarchical", "binary": False}):
        differ, agree = shortcut(**keys)
        assert isinstance(differ, Unit)
        assert differ.conv.bias is None
        assert isinstance(agree, torch.nn.Identity)
    newell, agree = shortcut(binary=False)
    assert isinstance(newell, torch.nn.Conv2d)
    assert newell.bias is not None
    assert isinstance(agree, torch.nn.Identity)


def multi_scale(inputs: int, outputs: int):
    """Fig. 7c, drawn as another block would be: two scales, one of them pooled."""
    draft = Draft(inputs)
    left = draft.unit("left2", draft.unit("left1", draft.input, outputs // 4, kernel=1), outputs // 4, kernel=3)
    pooled = draft.pool("pooled", draft.input)
    small = draft.unit("small", pooled, outputs // 8, kernel=3)
    large = draft.unit("large2", draft.unit("large1", pooled, outputs // 8, kernel=3), outputs // 8, kernel=3)
    right = draft.upsample("right", draft.concat("both", [small, large]))
    return draft.finish(draft.unit("expand", draft.concat("all", [left, right]), outputs, kernel=1))


def test_a_block_with_pooling_inside_can_be_drawn_counted_and_run(make_model) -> None:
    plan = multi_scale(32, 64)
    block = ResidualBlock(plan, binary=True)
    assert block(torch.randn(2, 32, 8, 8)).shape == (2, 64, 8, 8)
    described = list(block_layers(plan, 8, "block", make_model()))
    whole = torch.nn.Sequential()
    whole.add_module("first", torch.nn.Conv2d(3, 32, 1))
    whole.add_module("block", block)
    assert measure_layers(whole, 8)[1:] == described

    # The whole network with this block has 3.81 M parameters (network_spec, 7c).
    def params(inputs: int, outputs: int) -> int:
        return count_layers(block_layers(multi_scale(inputs, outputs), 64, "b", make_model())).params

    stem = sum(layer.params for layer in stem_layers(make_model(), 256) if ".block" not in layer.name)
    last = 256 * 256 + 4 * 256 + 16 * 256 + 16
    total = stem + params(64, 128) + params(128, 128) + params(128, 256) + 14 * params(256, 256) + last
    assert f"{total / 1e6:.2f}" == "3.81"


def test_a_draft_refuses_wiring_that_cannot_run() -> None:
    draft = Draft(8)
    draft.unit("a", draft.input, 8, kernel=3)
    with pytest.raises(ValueError, match="two steps"):
        draft.unit("a", draft.input, 8, kernel=3)
    small = draft.pool("small", draft.input)
    with pytest.raises(ValueError, match="different resolutions"):
        draft.concat("both", [draft.input, small])
    with pytest.raises(ValueError, match="another resolution"):
        draft.finish(small)
    with pytest.raises(WidthError, match="groups"):
        draft.unit("b", draft.input, 6, kernel=3, groups=4)
