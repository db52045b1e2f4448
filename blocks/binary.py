"""Binarisation: the sign with a straight-through gradient, and the convolution whose weights and input are signs.

I * W = (sign(I) conv sign(W)) alpha, with alpha = mean |W| over each filter: XNOR-Net without the scaling of the input
(network_spec, "Binarisation"). Everywhere sign(0) = +1, and sign(-0) too, so that a packed bit has one meaning.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def sign(x: Tensor) -> Tensor:
    """+1 where x >= 0, else -1; the gradient passes straight through where |x| <= 1 and is 0 elsewhere."""
    return _Sign.apply(x)  # type: ignore[no-any-return,no-untyped-call]


def scaling_factors(weight: Tensor) -> Tensor:
    """alpha, the mean of |W| over each filter: out x in x kH x kW to out x 1 x 1 x 1."""
    return weight.abs().mean(dim=(1, 2, 3), keepdim=True)


def binarise_weights(weight: Tensor) -> Tensor:
    """sign(W) alpha of real weights, out x in x kH x kW, in one operation of autograd.

    The gradient is the sum of two: through the sign, straight through where |W| <= 1, and through alpha, which is a
    function of W like any other. It equals that of `sign(W) * scaling_factors(W)`; of the many small operations which
    that takes in each layer's backward, this one keeps the fewest.
    """
    return _BinariseWeights.apply(weight)  # type: ignore[no-any-return,no-untyped-call]


class BinaryConv2d(nn.Conv2d):
    """A convolution of signs, for its user an ordinary `nn.Conv2d` without bias: N x in x H x W to N x out x H' x W'.

    `weight` holds real shadow weights, which an optimiser changes; the input may be any real tensor. Zero padding
    adds zeros to a sum of +-1 terms.

    In training alpha is multiplied into the weights, which costs less than to multiply the output. In evaluation
    alpha follows the sum, which is then a whole number and exact in any order: what a packed kernel computes, to the
    last bit. The two are equal but for rounding.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 0, groups: int = 1
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, padding=padding, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """(sign(input) conv sign(weight)) alpha."""
        signs = sign(input)
        if self.training:
            return self._convolve(signs, binarise_weights(self.weight))
        alpha = scaling_factors(self.weight).reshape(1, -1, 1, 1)
        return self._convolve(signs, sign(self.weight)) * alpha

    def _convolve(self, signs: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(signs, weight, None, self.stride, self.padding, self.dilation, self.groups)


def _straight_through(gradient: Tensor, x: Tensor) -> Tensor:
    """`gradient` where |x| <= 1, else 0, in one kernel.

    hardtanh's backward leaves out its own limits, so they are the next numbers beyond +-1: then +-1 itself passes.
    """
    limit = 1.0 + torch.finfo(x.dtype).eps
    return torch.ops.aten.hardtanh_backward(gradient, x, -limit, limit)  # type: ignore[no-any-return]


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        # A comparison written as floats, times 2, less 1: on a CPU 5-10 times faster than where() or a cast from bool.
        return torch.ge(x, 0, out=torch.empty_like(x)).mul_(2).sub_(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return _straight_through(gradients[0], x)


class _BinariseWeights(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        alpha = scaling_factors(weight)
        # copysign keeps the sign bit of -0, and -0 + 0 is +0.
        signs = torch.copysign(torch.ones((), dtype=weight.dtype, device=weight.device), weight + 0.0)
        ctx.save_for_backward(weight, signs, alpha)
        return signs * alpha

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        weight, signs, alpha = ctx.saved_tensors
        gradient = gradients[0]
        # d(sign(W) alpha) = alpha d sign(W) + sign(W) d alpha, and d alpha = mean of sgn(W) dW: sgn(0) = 0 as in abs().
        through_alpha = (gradient * signs).mean(dim=(1, 2, 3), keepdim=True)
        result: Tensor = (_straight_through(gradient, weight) * alpha).addcmul_(weight.sgn(), through_alpha)
        return result
