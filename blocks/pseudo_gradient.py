"""Pseudo-gradients of the sign of activations: what stands for its derivative, which is 0 almost everywhere.

Each takes the gradient of the sign and the x that it was taken of, and gives the gradient of x. The sign itself is the
same under all of them, so a trained network computes the same whichever it was trained with.
"""

from __future__ import annotations

import torch
from torch import Tensor

from search_space.config import SignGradient


def straight_through(gradient: Tensor, x: Tensor) -> Tensor:
    """`gradient` where |x| <= 1, else 0, in one kernel: that of the clipped identity (Hubara et al. 2016, Eq. 4).

    hardtanh's backward leaves out its own limits, so they are the next numbers beyond +-1: then +-1 itself passes.
    """
    limit = 1.0 + torch.finfo(x.dtype).eps
    return torch.ops.aten.hardtanh_backward(gradient, x, -limit, limit)  # type: ignore[no-any-return]


def polynomial(gradient: Tensor, x: Tensor) -> Tensor:
    """`gradient` times 2 + 2x on [-1, 0), 2 - 2x on [0, 1), 0 elsewhere (Bi-Real Net, Liu et al. 2018).

    The derivative of a polynomial in two pieces, 2x + x^2 and 2x - x^2, which is nearer to the sign than the clipped
    identity. Both pieces are 2 (1 - |x|).
    """
    return gradient * (1 - x.abs()).clamp_(min=0).mul_(2)


def swish(gradient: Tensor, x: Tensor, beta: float) -> Tensor:
    """`gradient` times beta (2 - beta x tanh(beta x / 2)) / (1 + cosh(beta x)) (BNN+, Darabi et al. 2018).

    The derivative of the SignSwish 2 s (1 + beta x (1 - s)) - 1, where s is the sigmoid of beta x: beta at 0, a little
    below 0 beyond |beta x| = 2.4, and ever closer to the sign's own as beta grows. 1 / (1 + cosh y) is 2 s (1 - s),
    which cannot overflow.
    """
    y = beta * x
    s = torch.sigmoid(y)
    # s (1 - s) is 0 long before y tanh(y / 2) could be infinite; 1 - s is sigmoid(-y), exact where s rounds to 1.
    slope = s * torch.sigmoid(-y)
    return gradient * (2 * beta) * slope * (2 - y * torch.tanh(y / 2))


def pseudo_gradient(gradient: Tensor, x: Tensor, kind: SignGradient, beta: float) -> Tensor:
    """The gradient of x by the name of `model.sign_gradient`; `beta` is for swish alone."""
    if kind == "polynomial":
        return polynomial(gradient, x)
    if kind == "swish":
        return swish(gradient, x, beta)
    return straight_through(gradient, x)
