"""Binarisation: the sign with a pseudo-gradient, and the convolution whose weights and input are signs.

I * W = (sign(I) conv sign(W)) alpha, with alpha = mean |W| over each filter: XNOR-Net without the scaling of the input
(network_spec, "Binarisation"). Beyond the paper, alpha may be learned, or 1 (`BinaryConv2d`). Everywhere sign(0) = +1,
and sign(-0) too, so that a packed bit has one meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.pseudo_gradient import pseudo_gradient, straight_through
from search_space.config import SignGradient, WeightScale

SIGN_BETA = 5.0
"""Steepness of the swish pseudo-gradient where nothing else is said."""


def sign(x: Tensor, gradient: SignGradient = "straight_through", beta: float = SIGN_BETA) -> Tensor:
    """+1 where x >= 0, else -1; its gradient is one of `blocks.pseudo_gradient`, straight through where |x| <= 1."""
    return _Sign.apply(x, gradient, beta)  # type: ignore[no-any-return,no-untyped-call]


def scaling_factors(weight: Tensor) -> Tensor:
    """alpha, the mean of |W| over each filter: out x in x kH x kW to out x 1 x 1 x 1."""
    return weight.abs().mean(dim=(1, 2, 3), keepdim=True)


def binarise_weights(weight: Tensor) -> Tensor:
    """sign(W) alpha of real weights, out x in x kH x kW, in one operation of autograd.

    The gradient is the sum of two: through the sign, straight through where |W| <= 1, and through alpha, which is a
    function of W like any other. It equals that of `sign(W) * scaling_factors(W)`; of the many small operations which
    that takes in each layer's backward, this one keeps the fewest.
    """
    return binarise_group([weight])[0]


def binarise_group(weights: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """`binarise_weights` of several, bit for bit, in one operation of autograd and with the kernels of one.

    All must be alike but for their number of filters: in x kH x kW, memory format, dtype and device.
    """
    layout = _layout(weights[0])
    dense = [weight.contiguous(memory_format=layout) for weight in weights]  # nearly always the weight itself
    return _BinariseWeights.apply(*dense)  # type: ignore[no-any-return,no-untyped-call]


class BinaryConv2d(nn.Conv2d):
    """A convolution of signs, for its user an ordinary `nn.Conv2d` without bias: N x in x H x W to N x out x H' x W'.

    `weight` holds real shadow weights, which an optimiser changes; the input may be any real tensor. Zero padding
    adds zeros to a sum of +-1 terms.

    In training alpha is multiplied into the weights, which costs less than to multiply the output. In evaluation
    alpha follows the sum, which is then a whole number and exact in any order: what a packed kernel computes, to the
    last bit. The two are equal but for rounding.

    Args of what the paper does not have:
        sign_gradient, sign_beta: pseudo-gradient of the sign of the input (`blocks.pseudo_gradient`). That of the sign
            of the weights is always straight through.
        weight_scale: what alpha is. "mean": mean |W|. "learned": a parameter of its own for each filter, `alpha`, found
            by gradient descent (XNOR-Net++, Bulat and Tzimiropoulos 2019, Case 1); it begins at mean |W|, so that the
            untrained network is that of "mean". "none": 1.

    Attributes:
        alpha: the learned scales, one for each filter; None where alpha is not learned.
        prepared: binary weights for training that somebody else has made of `weight` already, and takes away again
            (`blocks.grouped`).
    """

    alpha: nn.Parameter | None
    prepared: Tensor | None = None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        sign_gradient: SignGradient = "straight_through",
        sign_beta: float = SIGN_BETA,
        weight_scale: WeightScale = "mean",
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, padding=padding, groups=groups, bias=False)
        self.sign_gradient: SignGradient = sign_gradient
        self.sign_beta = sign_beta
        self.weight_scale: WeightScale = weight_scale
        self.register_parameter("alpha", nn.Parameter(torch.empty(outputs)) if weight_scale == "learned" else None)
        self.begin_scale()

    def begin_scale(self) -> None:
        """Set a learned scale to mean |W| of the weights as they are now; of another scale nothing."""
        if self.alpha is not None:
            with torch.no_grad():
                self.alpha.copy_(scaling_factors(self.weight).flatten())

    def forward(self, input: Tensor) -> Tensor:
        """(sign(input) conv sign(weight)) alpha."""
        signs = sign(input, self.sign_gradient, self.sign_beta)
        if self.training:
            return self._convolve(signs, self._scaled_weights() if self.prepared is None else self.prepared)
        sums = self._convolve(signs, sign(self.weight))
        if self.weight_scale == "none":
            return sums
        alpha = scaling_factors(self.weight) if self.alpha is None else self.alpha
        return sums * alpha.reshape(1, -1, 1, 1)

    def _scaled_weights(self) -> Tensor:
        """sign(W) alpha, out x in x kH x kW."""
        if self.weight_scale == "mean":
            return binarise_weights(self.weight)
        signs = sign(self.weight)
        return signs if self.alpha is None else signs * self.alpha.reshape(-1, 1, 1, 1)

    def _convolve(self, signs: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(signs, weight, None, self.stride, self.padding, self.dilation, self.groups)


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kind: SignGradient, beta: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.kind, ctx.beta = kind, beta
        if torch.compiler.is_compiling():  # it cannot trace out=, and fuses where() with what is around it
            return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)
        # -1 + 2 [x >= 0], the comparison written as floats, is on a CPU 5-10 times faster than where() or a cast from
        # bool, and takes two passes over memory.
        reached = torch.ge(x, 0, out=torch.empty_like(x))
        return torch.add(x.new_full((), -1.0), reached, alpha=2, out=reached)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return pseudo_gradient(gradients[0], x, ctx.kind, ctx.beta), None, None


class _BinariseWeights(torch.autograd.Function):
    """Works on a matrix with a filter in each row: those of one weight, or of several, stacked.

    Much of what is computed on the way is written over what is no longer needed: new memory costs more than a kernel.
    """

    @staticmethod
    def forward(ctx: Any, *weights: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.layout = _layout(weights[0])
        ctx.places = [(weight.shape, weight.stride()) for weight in weights]
        filters = _stack(weights, ctx.layout)
        magnitudes = filters.abs()
        alpha = magnitudes.mean(dim=1, keepdim=True)
        # copysign keeps the sign bit of -0, and -0 + 0 is +0.
        signed = torch.add(filters, 0.0, out=magnitudes)
        binary = torch.copysign(alpha, signed, out=signed)
        ctx.save_for_backward(filters, alpha, binary)
        return _unstack(binary, ctx.places)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        filters, alpha, binary = ctx.saved_tensors
        # A layer that the loss does not depend on has no gradient.
        given = [filters.new_zeros(ctx.places[i][0]) if g is None else g for i, g in enumerate(gradients)]
        gradient = _stack(given, ctx.layout)
        # d(sign(W) alpha) = alpha d sign(W) + sign(W) d alpha, and d alpha = mean of sgn(W) dW: sgn(0) = 0 as in abs().
        signs = torch.copysign(filters.new_ones(()), binary)
        through_alpha = signs.mul_(gradient).mean(dim=1, keepdim=True)
        result = straight_through(gradient, filters).mul_(alpha).addcmul_(filters.sgn(), through_alpha)
        parts = _unstack(result, ctx.places)
        return tuple(None if g is None else part for g, part in zip(gradients, parts, strict=True))


def _layout(weight: Tensor) -> torch.memory_format:
    last = weight.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def _stack(tensors: Sequence[Tensor], layout: torch.memory_format) -> Tensor:
    """A row for each filter, in the order of `layout`; of one tensor in that layout a view, nothing copied."""
    size = tensors[0].numel() // tensors[0].shape[0]
    rows = [t.contiguous(memory_format=layout).as_strided((t.shape[0], size), (size, 1)) for t in tensors]
    return rows[0] if len(rows) == 1 else torch.cat(rows)


def _unstack(rows: Tensor, places: Sequence[tuple[torch.Size, tuple[int, ...]]]) -> tuple[Tensor, ...]:
    """The rows as weights of those shapes and strides: views."""
    parts, begin = [], 0
    for shape, stride in places:
        parts.append(rows.as_strided(shape, stride, begin))
        begin += shape.numel()
    return tuple(parts)
