"""Receptive fields: the paper's figures, and what really depends on what."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import blocks
from blocks.catalogue import plan_block
from blocks.receptive_field import Field, receptive_field, receptive_fields, united, upsampled, window
from blocks.residual import ResidualBlock
from blocks.trace import Trace, UntraceableError, trace

pytestmark = pytest.mark.slow

BLOCKS = [
    *[({"block_type": "hierarchical", "block_depth": depth}, 2 * depth + 1) for depth in range(2, 9)],
    ({"block_type": "hierarchical", "block_cardinality": 4}, 7),
    ({}, 3),
    ({"block_width": 1.0}, 3),
    ({"block_remove_1x1": True, "block_width": 1.0}, 5),
    # Two 3x3 at half the resolution see 2 + 4 + 4 pixels; of two positions between which it lies, an upsampled one
    # sees both: 2 more.
    ({"block_type": "multi_scale"}, 12),
    ({"block_type": "multi_scale", "block_remove_1x1": True}, 12),
]


def _block(make_model, binary: bool = True, width: int = 128, **keys: object) -> ResidualBlock:
    return ResidualBlock(plan_block(width, width, make_model(**keys).block, binary), binary=binary)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(("keys", "size"), BLOCKS)
def test_the_field_of_a_block(make_model, keys, size, binary) -> None:
    assert receptive_field(trace(_block(make_model, binary, **keys), 128, 16)) == size


@pytest.mark.parametrize(("keys", "size"), BLOCKS)
def test_the_field_of_a_block_inside_of_a_network_is_its_own(make_model, keys, size) -> None:
    with torch.device("meta"):
        network = blocks.build(make_model(features=128, order=2, **keys))
    part = trace(network, 3, 64).part("stacks.0.hourglass.down")
    assert receptive_field(part, "stacks.0.hourglass.down") == size


def _all_positive(module: nn.Module) -> nn.Module:
    """The module in evaluation, with positive weights: then a larger input makes every value that sees it larger."""
    torch.manual_seed(0)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.Conv2d):
                part.weight.uniform_(0.5, 1).div_(part.weight[0].numel())
    return module.double().eval()


@pytest.mark.parametrize(
    ("keys", "width"),
    [(keys, 128 if keys.get("block_depth", 0) == 8 else 16) for keys, _ in BLOCKS if keys.get("block_depth", 0) < 6],
)
def test_a_block_depends_on_its_field_and_nothing_else(make_model, keys, width) -> None:
    side = 32
    block = _block(make_model, binary=False, width=width, **keys)
    fields = receptive_fields(trace(block, width, side))
    _all_positive(block)
    base = torch.rand(1, width, side, side, dtype=torch.float64)
    row = side // 2
    changed = base.repeat(side, 1, 1, 1)  # image j has a larger pixel j in the middle row
    changed[torch.arange(side), :, row, torch.arange(side)] += 10
    with torch.no_grad():
        depends = (block(changed) != block(base)).any(dim=1)[:, row]  # pixel, position
    for position in range(10, 22):
        seen = depends[:, position].nonzero().flatten().tolist()
        assert (seen[0], seen[-1]) == fields[-1].at(position)
        assert len(seen) == seen[-1] - seen[0] + 1


def _seen(output: Tensor, image: Tensor, position: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last row and column of the image on which the value at (position, position) depends."""
    (gradient,) = torch.autograd.grad(output[0, :, position, position].sum(), image, retain_graph=True)
    seen = gradient[0].abs().sum(dim=0)
    rows, columns = seen.sum(dim=1).nonzero().flatten(), seen.sum(dim=0).nonzero().flatten()
    return (int(rows[0]), int(rows[-1])), (int(columns[0]), int(columns[-1]))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"upsampling": "bilinear"},
        {"block_type": "hierarchical", "block_depth": 2},
        {"hourglass": "improved"},
        {"hourglass": "improved", "upsampling": "bilinear", "order": 2, "block_width": 0.25},
    ],
)
def test_a_network_depends_on_its_field_and_nothing_else(make_model, keys) -> None:
    model = make_model(**{"features": 8, "stem_features": 4, "order": 1, **keys}, binary=False, pooling="average")
    side = 512 if model.order == 2 else 256
    network = blocks.build(model, landmarks=1)
    field = receptive_fields(trace(network, 3, side))[-1]
    assert field.size < side
    _all_positive(network)
    image = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    output = network(image)[-1]
    middle = side // 8
    for position in range(middle, middle + min(field.period, 4)):
        assert _seen(output, image, position) == (field.at(position), field.at(position))


@st.composite
def chains(draw: st.DrawFn) -> nn.Sequential:
    """A few windows and upsamplings, one after the other."""
    layers: list[nn.Module] = []
    for _ in range(draw(st.integers(1, 4))):
        kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        kind = draw(st.sampled_from(["convolution", "pool", "nearest", "bilinear"]))
        if kind == "convolution":
            padding, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 2))
            layers.append(nn.Conv2d(1, 1, kernel, stride, padding, dilation=dilation, bias=False))
        elif kind == "pool":
            layers.append(nn.AvgPool2d(kernel, stride, draw(st.integers(0, kernel // 2))))
        else:
            layers.append(nn.Upsample(scale_factor=draw(st.integers(2, 3)), mode=kind))
    return nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), *layers)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(chain=chains())
def test_chains_of_windows_and_upsamplings(chain: nn.Sequential) -> None:
    side = 48
    try:
        field = receptive_fields(trace(chain, 1, side))[-1]
    except RuntimeError:  # the map is used up
        assume(False)
    _all_positive(chain)
    image = torch.rand(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    output = chain(image)
    for position in range(output.shape[-1]):
        first, last = field.at(position)
        if first > 0 and last < side - 1:  # elsewhere the border cuts the field, or an upsampling repeats it
            assert _seen(output, image, position) == ((first, last), (first, last))


def test_a_field_never_shrinks_on_the_way(make_model) -> None:
    for keys in ({}, {"hourglass": "improved"}, {"block_type": "multi_scale", "upsampling": "bilinear"}):
        with torch.device("meta"):
            network = blocks.build(make_model(features=16, stem_features=8, order=2, stacks=2, **keys))
        passed = trace(network, 3, 64)
        fields = receptive_fields(passed)
        for step, field in zip(passed.operations, fields, strict=True):
            assert all(field.size >= fields[source].size for source in step.sources)
        ends = [fields[passed.results[f"stacks.{number}"]].size for number in (0, 1)]
        assert fields[0].size == 1 < ends[0] < ends[1] == fields[-1].size


def test_fields_by_hand() -> None:
    stem = window(Field(), 7, stride=2, padding=3)
    assert (stem.at(0), stem.at(5), stem.size) == ((-3, 3), (7, 13), 7)
    pooled = window(stem, 2, stride=2)
    assert (pooled.advance, pooled.at(1), pooled.size) == (4, (1, 9), 9)
    nearest = upsampled(pooled, 2, bilinear=False)
    assert [nearest.at(position) for position in (2, 3)] == [(1, 9), (1, 9)]
    bilinear = upsampled(pooled, 2, bilinear=True)
    assert [bilinear.at(position) for position in (2, 3)] == [(-3, 9), (1, 13)]
    assert united([stem, nearest]).at(3) == (1, 9)


def test_maps_of_different_strides_do_not_meet() -> None:
    with pytest.raises(ValueError, match="different strides"):
        united([Field(), window(Field(), 2, stride=2)])


class _Unknown(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(self.conv(x)).real


def test_a_function_that_is_not_known_is_named() -> None:
    network = nn.Sequential(_Unknown())
    with pytest.raises(UntraceableError, match="module '0' calls torch's 'fft_fft2'"):
        trace(network, 3, 8)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_trace_is_a_graph_and_leaves_the_network_as_it_was(make_model) -> None:
    network = blocks.build(make_model(tiny=True, stacks=2))
    network.stem.norm.eval()
    before = {name: module.training for name, module in network.named_modules()}
    passed = trace(network, 3, 32)
    assert {name: module.training for name, module in network.named_modules()} == before
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert all(source < number for number, step in enumerate(passed.operations) for source in step.sources)
    convolutions = sum(isinstance(module, nn.Conv2d) for module in network.modules())
    assert sum(step.kind == "convolution" for step in passed.operations) == convolutions
    assert _reads_all(passed)
    # An identity hands on what it reads.
    assert passed.results["stem.block2.shortcut"] == passed.results["stem.pool"]


def _reads_all(passed: Trace) -> bool:
    """Every result is read, but for the logits of each stack."""
    read = {source for step in passed.operations for source in step.sources}
    unread = [step.module for number, step in enumerate(passed.operations) if number not in read]
    return unread == ["stacks.1.output"]


def test_parts_of_a_trace(make_model) -> None:
    with torch.device("meta"):
        network = blocks.build(make_model(tiny=True))
    passed = trace(network, 3, 32)
    part = passed.part("stem.block1")
    assert [step.kind for step in part.operations].count("input") == 1
    assert part.operations[part.results["stem.block1"]].channels == 16
    for name in ("stem.block9", "stem.block2.shortcut"):  # not there; computes nothing
        with pytest.raises(KeyError):
            passed.part(name)


def test_the_receptive_field_does_not_depend_on_the_resolution(make_model) -> None:
    with torch.device("meta"):
        network = blocks.build(make_model(tiny=True, block_type="multi_scale"))
    small, large = (receptive_fields(trace(network, 3, side))[-1] for side in (32, 96))
    assert small == large
