"""Pseudo-gradients and learned scales against the papers' own functions, by finite differences in double precision.

What stands for the derivative of the sign in the backward is the derivative of a function that is near to it:

    straight_through    clip(x, -1, 1)                                  Hubara et al. 2016, Eq. 4
    polynomial          -1, 2x + x^2, 2x - x^2, 1                       Liu et al. 2018 (Bi-Real Net), ApproxSign
    swish               2 s (1 + bx (1 - s)) - 1, s = sigmoid(bx)       Darabi et al. 2018 (BNN+), SignSwish
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.binary import BinaryConv2d, sign

STEP = 1e-6


def approx_sign(x: Tensor) -> Tensor:
    inner = torch.where(x < 0, 2 * x + x**2, 2 * x - x**2)
    return torch.where(x < -1, -1.0, torch.where(x < 1, inner, 1.0))


def sign_swish(beta: float) -> Callable[[Tensor], Tensor]:
    def function(x: Tensor) -> Tensor:
        s = 1 / (1 + torch.exp(-beta * x))
        return 2 * s * (1 + beta * x * (1 - s)) - 1

    return function


SURROGATES = [
    ("straight_through", 1.0, lambda x: x.clamp(-1, 1)),
    ("polynomial", 1.0, approx_sign),
    *(("swish", beta, sign_swish(beta)) for beta in (0.5, 1.0, 5.0, 10.0)),
]
surrogates = pytest.mark.parametrize(("kind", "beta", "function"), SURROGATES)


def gradient_of_sign(kind: str, beta: float, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(sign(x, kind, beta).sum(), x)
    return gradient


@surrogates
def test_a_pseudo_gradient_is_the_slope_of_the_papers_function(kind, beta, function) -> None:
    x = torch.linspace(-3, 3, 601, dtype=torch.float64) + 1e-3  # no point where two pieces meet
    slopes = (function(x + STEP) - function(x - STEP)) / (2 * STEP)
    torch.testing.assert_close(gradient_of_sign(kind, beta, x), slopes, rtol=0, atol=1e-7)


@surrogates
def test_all_of_a_pseudo_gradient_is_the_step_of_the_sign(kind, beta, function) -> None:
    """Like the sign's own derivative, twice Dirac's delta, it adds up to 2 and is the same on both sides of 0."""
    x = torch.linspace(-60, 60, 120_001, dtype=torch.float64)
    gradient = gradient_of_sign(kind, beta, x)
    assert torch.trapezoid(gradient, x).item() == pytest.approx(2, abs=2e-3)
    torch.testing.assert_close(gradient, gradient.flip(0), rtol=0, atol=1e-9)


@pytest.mark.parametrize("beta", [1.0, 5.0])
def test_the_swish_crosses_zero_where_bnn_plus_says(beta: float) -> None:
    root = next(y / 1e4 for y in range(1, 10**6) if y / 1e4 * math.tanh(y / 2e4) >= 2)
    assert root == pytest.approx(2.4, abs=1e-3)
    beside = gradient_of_sign("swish", beta, torch.tensor([root - 1e-3, root + 1e-3], dtype=torch.float64) / beta)
    assert beside[0] > 0 > beside[1]


@pytest.mark.parametrize("training", [True, False])
def test_a_learned_scale_is_one_factor_for_each_output_channel(training: bool) -> None:
    """Case 1 of XNOR-Net++: (sign(I) conv sign(W)) x alpha, alpha of shape o x 1 x 1, learned like any parameter."""
    torch.manual_seed(0)
    conv = BinaryConv2d(3, 4, 3, padding=1, weight_scale="learned").double().train(training)
    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    target = torch.randn(2, 4, 5, 5, dtype=torch.float64)
    assert conv.alpha is not None
    torch.testing.assert_close(conv.alpha.detach(), conv.weight.detach().abs().mean(dim=(1, 2, 3)))

    def loss() -> Tensor:
        return (conv(x) - target).square().sum()

    loss().backward()
    for number in range(4):
        found = []
        for step in (STEP, -2 * STEP):
            with torch.no_grad():
                conv.alpha[number] += step
                found.append(loss().item())
        with torch.no_grad():
            conv.alpha[number] += STEP
        assert conv.alpha.grad[number].item() == pytest.approx((found[0] - found[1]) / (2 * STEP), rel=1e-6)
    with torch.no_grad():
        conv.weight *= 0.25  # their sizes no longer count
        expected = F.conv2d(sign(x), sign(conv.weight), padding=1) * conv.alpha.reshape(1, -1, 1, 1)
        torch.testing.assert_close(conv(x), expected)


def test_the_mean_scale_is_the_best_single_factor() -> None:
    """alpha = mean |W| minimises |W - alpha sign(W)|^2 (XNOR-Net, Rastegari et al. 2016, Eq. 6)."""
    torch.manual_seed(0)
    weight = torch.randn(5, 3, 3, 3, dtype=torch.float64)
    alpha = weight.abs().mean(dim=(1, 2, 3), keepdim=True)
    error = [(weight - (alpha + more) * sign(weight)).square().sum() for more in (-1e-3, 0, 1e-3)]
    assert error[1] < min(error[0], error[2])
