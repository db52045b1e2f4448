"""Pseudo-gradients of the sign: at known points, against the papers' formulas, and what they leave as it is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from blocks.binary import BinaryConv2d, sign

POINTS = [-30.0, -3.0, -1.5, -1.0, -0.75, -0.25, -0.0, 0.0, 0.25, 0.75, 1.0, 1.5, 3.0, 30.0]


def plain_polynomial(x: Tensor) -> Tensor:
    """The function of Bi-Real Net whose derivative stands for that of the sign."""
    inside = torch.where(x < 0, 2 * x + x**2, 2 * x - x**2)
    return torch.where(x.abs() < 1, inside, x.detach().sign())


def plain_swish(x: Tensor, beta: float) -> Tensor:
    """The SignSwish of BNN+."""
    s = torch.sigmoid(beta * x)
    return 2 * s * (1 + beta * x * (1 - s)) - 1


def derivative(function, points: list[float], dtype: torch.dtype = torch.float64) -> Tensor:
    x = torch.tensor(points, dtype=dtype, requires_grad=True)
    function(x).sum().backward()
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("gradient", ["straight_through", "polynomial", "swish"])
def test_the_sign_is_the_same_under_every_pseudo_gradient(gradient, dtype) -> None:
    x = torch.tensor(POINTS, dtype=dtype)
    assert torch.equal(sign(x, gradient), sign(x))
    assert sign(x, gradient).dtype == dtype


def test_polynomial_gradient_at_known_points() -> None:
    found = derivative(lambda x: sign(x, "polynomial"), [-2, -1, -0.75, -0.5, -0.0, 0, 0.25, 1, 2])
    assert found.tolist() == [0, 0, 0.5, 1, 2, 2, 1.5, 0, 0]


def test_polynomial_gradient_is_the_derivative_of_the_pieces() -> None:
    points = [point for point in POINTS if abs(point) != 1]
    found = derivative(lambda x: sign(x, "polynomial"), points)
    torch.testing.assert_close(found, derivative(plain_polynomial, points), rtol=1e-12, atol=0)


@pytest.mark.parametrize("beta", [0.5, 1.0, 5.0, 10.0])
def test_swish_gradient_is_the_closed_formula_and_the_derivative_of_the_sign_swish(beta: float) -> None:
    found = derivative(lambda x: sign(x, "swish", beta), POINTS)
    y = beta * torch.tensor(POINTS, dtype=torch.float64)
    formula = beta * (2 - y * torch.tanh(y / 2)) / (1 + torch.cosh(y))
    torch.testing.assert_close(found, formula, rtol=1e-10, atol=1e-300)
    torch.testing.assert_close(found, derivative(lambda x: plain_swish(x, beta), POINTS), rtol=1e-6, atol=1e-12)
    assert found[POINTS.index(0.0)] == pytest.approx(beta)
    beyond = derivative(lambda x: sign(x, "swish", beta), [2.3 / beta, 2.5 / beta])
    assert beyond[0] > 0 > beyond[1]


@pytest.mark.parametrize("gradient", ["polynomial", "swish"])
def test_pseudo_gradients_stay_finite_for_large_numbers(gradient) -> None:
    found = derivative(lambda x: sign(x, gradient), [-1e30, -1e4, 1e4, 1e30], torch.float32)
    assert found.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("gradient", ["polynomial", "swish"])
def test_a_pseudo_gradient_multiplies_what_comes_from_above(gradient) -> None:
    above = torch.linspace(-2, 2, len(POINTS), dtype=torch.float64)
    found = derivative(lambda x: sign(x, gradient) * above, POINTS)
    torch.testing.assert_close(found, above * derivative(lambda x: sign(x, gradient), POINTS))


@pytest.mark.parametrize("gradient", ["polynomial", "swish"])
def test_a_pseudo_gradient_changes_the_gradient_of_the_input_alone(gradient) -> None:
    torch.manual_seed(0)
    plain = BinaryConv2d(4, 6, 3, padding=1).double()
    other = BinaryConv2d(4, 6, 3, padding=1, sign_gradient=gradient).double()
    other.load_state_dict(plain.state_dict())
    x = torch.randn(2, 4, 5, 5, dtype=torch.float64)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    outputs = [conv(each) for conv, each in zip((plain, other), inputs, strict=True)]
    above = torch.randn_like(outputs[0])
    for output in outputs:
        output.backward(above)
    assert torch.equal(*outputs)
    assert torch.equal(plain.weight.grad, other.weight.grad)
    reaching = torch.nn.grad.conv2d_input(x.shape, plain._scaled_weights().detach(), above, padding=1)
    torch.testing.assert_close(
        inputs[1].grad, reaching * derivative(lambda x: sign(x, gradient), x.flatten().tolist()).reshape(x.shape)
    )
    assert not torch.allclose(inputs[0].grad, inputs[1].grad)
