"""What a network is made of: units, shortcuts, parallel copies, and blocks drawn anew."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import blocks
from blocks.catalogue import plan_block
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
