from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.binary import BinaryConv2d, binarise_weights, scaling_factors, sign

EDGES = [-2.0, -1.0, -0.5, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 2.0]


def plain_sign(x: Tensor) -> Tensor:
    """The sign from ordinary operations: its value is the sign, its gradient that of x where |x| <= 1."""
    value = torch.where(x >= 0, 1.0, -1.0).to(x.dtype)
    passed = torch.where(x.abs() <= 1, x, torch.zeros_like(x))
    return (value - passed).detach() + passed


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_sign_is_plus_one_at_both_zeros(dtype: torch.dtype) -> None:
    signs = sign(torch.tensor([-0.0, 0.0, -1e-4, 1e-4], dtype=dtype))
    assert signs.tolist() == [1, 1, -1, 1]
    assert signs.dtype == dtype


def test_weights_are_plus_alpha_at_both_zeros() -> None:
    weight = torch.tensor([-0.0, 0.0, -3.0, 1.0]).reshape(1, 4, 1, 1)
    assert binarise_weights(weight).flatten().tolist() == [1, 1, -1, 1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_gradient_of_sign_passes_up_to_and_at_one(dtype: torch.dtype) -> None:
    beyond = 1 + torch.finfo(dtype).eps
    x = torch.tensor([-2, -beyond, -1, -0.5, -0.0, 0, 0.5, 1, beyond, 2], dtype=dtype, requires_grad=True)
    sign(x).backward(torch.arange(1, 11, dtype=dtype))
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0, 3, 4, 5, 6, 7, 8, 0, 0]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", [(3, 2, 3, 3), (4, 6, 1, 1), (2, 1, 3, 3)])
def test_gradient_of_weights_is_that_of_plain_autograd(shape: tuple[int, ...], channels_last: bool) -> None:
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=torch.float64)
    flat = weight.flatten()
    edges = torch.tensor(EDGES, dtype=torch.float64)[: min(len(EDGES), flat.numel() // 2)]
    flat[: len(edges)] = edges
    if channels_last:
        weight = weight.to(memory_format=torch.channels_last)
    upstream = torch.randn(shape, dtype=torch.float64)

    ours = weight.clone().requires_grad_()
    binarise_weights(ours).backward(upstream)
    plain = weight.clone().requires_grad_()
    expected = plain_sign(plain) * plain.abs().mean(dim=(1, 2, 3), keepdim=True)
    expected.backward(upstream)

    assert torch.equal(binarise_weights(weight), expected)
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", [(32, 64, 3, 3), (64, 32, 1, 1), (8, 1, 3, 3), (1, 8, 3, 3), (128, 100, 3, 3)])
def test_weights_and_gradients_to_the_last_bit(shape: tuple[int, ...], channels_last: bool) -> None:
    # TRAINING_CODE_VERSION 1 was computed so, in four dimensions: another order of the sums would need another version.
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    weight = torch.randn(shape).to(memory_format=layout)
    weight[0, 0, 0, 0] = 0.0
    upstream = torch.randn(shape).to(memory_format=layout)
    alpha = weight.abs().mean(dim=(1, 2, 3), keepdim=True)
    signs = torch.where(weight >= 0, 1.0, -1.0)
    through_alpha = (upstream * signs).mean(dim=(1, 2, 3), keepdim=True)
    straight = torch.where(weight.abs() <= 1, upstream, 0.0)
    expected = (straight * alpha).addcmul_(weight.sgn(), through_alpha)

    ours = weight.clone().requires_grad_()
    binary = binarise_weights(ours)
    binary.backward(upstream)
    assert torch.equal(binary, signs * alpha)
    assert torch.equal(ours.grad, expected)
    assert binary.stride() == ours.grad.stride() == weight.stride()


def test_weights_that_are_not_dense() -> None:
    torch.manual_seed(0)
    wide = torch.randn(4, 6, 3, 5, dtype=torch.float64, requires_grad=True)
    narrow = wide[:, ::2, :, 1:4]
    binarise_weights(narrow).sum().backward()
    dense = narrow.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
    binary = binarise_weights(dense)
    binary.sum().backward()
    assert torch.equal(binarise_weights(narrow), binary)
    assert torch.equal(wide.grad[:, ::2, :, 1:4], dense.grad)


def test_gradient_through_alpha_alone() -> None:
    # Beyond 1 nothing passes straight through; what is left is d alpha / dW = sgn(W) / n.
    weight = torch.tensor([2.0, -3.0, 4.0, -5.0]).reshape(1, 4, 1, 1).requires_grad_()
    binarise_weights(weight).backward(torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1))
    assert weight.grad is not None
    mean = (1 - 2 + 3 - 4) / 4
    assert weight.grad.flatten().tolist() == [mean, -mean, mean, -mean]


def test_a_filter_of_zeros_gives_zeros_and_no_nan() -> None:
    weight = torch.zeros(2, 3, 3, 3, requires_grad=True)
    binary = binarise_weights(weight)
    binary.sum().backward()
    assert torch.equal(binary, torch.zeros_like(binary))
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.zeros_like(weight))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("kernel", "padding", "stride", "groups"), [(3, 1, 1, 1), (1, 0, 1, 1), (3, 1, 2, 2), (3, 0, 1, 4)]
)
def test_convolution_is_the_formula(kernel: int, padding: int, stride: int, groups: int, training: bool) -> None:
    torch.manual_seed(1)
    conv = BinaryConv2d(8, 4, kernel, padding=padding, stride=stride, groups=groups).double().train(training)
    with torch.no_grad():
        torch.nn.init.normal_(conv.weight)  # so that some weights lie beyond 1, where no gradient passes
    assert (conv.weight.abs() > 1).any()
    assert (conv.weight.abs() < 1).any()
    x = torch.randn(2, 8, 7, 7, dtype=torch.float64, requires_grad=True)
    y = conv(x)
    upstream = torch.randn_like(y)
    y.backward(upstream)

    x2, w2 = x.detach().clone().requires_grad_(), conv.weight.detach().clone().requires_grad_()
    alpha = w2.abs().mean(dim=(1, 2, 3)).reshape(1, -1, 1, 1)
    expected = F.conv2d(plain_sign(x2), plain_sign(w2), None, stride, padding, 1, groups) * alpha
    expected.backward(upstream)

    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(x.grad, x2.grad, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(conv.weight.grad, w2.grad, rtol=1e-10, atol=1e-12)


def test_evaluation_is_a_whole_number_times_alpha_to_the_last_bit() -> None:
    torch.manual_seed(2)
    conv = BinaryConv2d(32, 16, 3, padding=1).eval()
    x = torch.randn(2, 32, 9, 9)
    with torch.no_grad():
        sums = F.conv2d(plain_sign(x).double(), plain_sign(conv.weight).double(), padding=1)
        assert torch.equal(sums, sums.round())
        expected = sums.float() * scaling_factors(conv.weight).reshape(1, -1, 1, 1)
        assert torch.equal(conv(x), expected)


def test_training_and_evaluation_agree_but_for_rounding() -> None:
    torch.manual_seed(3)
    conv = BinaryConv2d(32, 16, 3, padding=1)
    x = torch.randn(2, 32, 9, 9)
    torch.testing.assert_close(conv.train()(x), conv.eval()(x), rtol=1e-5, atol=1e-5)


def test_zero_padding_adds_zeros() -> None:
    conv = BinaryConv2d(1, 1, 3, padding=1).eval()
    with torch.no_grad():
        conv.weight.fill_(1.0)
    y = conv(torch.ones(1, 1, 3, 3))
    assert y.flatten().tolist() == [4, 6, 4, 6, 9, 6, 4, 6, 4]


def test_is_an_ordinary_convolution_for_its_user() -> None:
    conv = BinaryConv2d(4, 6, 3, padding=1)
    assert isinstance(conv, torch.nn.Conv2d)
    assert conv.bias is None
    assert list(conv.state_dict()) == ["weight"]
    assert conv.weight.shape == (6, 4, 3, 3)
