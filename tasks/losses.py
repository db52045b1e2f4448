"""What is minimised: the distance between the network's heatmaps and the targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from search_space.config import LossConfig, LossName
from tasks.hard_pixels import hardest_pixels, weigh_near_landmarks

T = TypeVar("T")

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(output N x K x H x W, target N x K x H x W, weight N x K) -> scalar."""


def sigmoid_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy between sigmoid(logits) and the target (Eq. 2, with the minus sign it lacks in print).

    Logits and target N x K x H x W, weight N x K (0: not annotated). Mean over the pixels of annotated landmarks.
    """
    return _mean(_cross_entropies(logits, target), weight)


def l2(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Squared difference between the output itself and the target (Section 5, "The effect of loss"); mean as above."""
    return _mean(_squares(output, target), weight)


def make_loss(name: LossName) -> Loss:
    """Give the loss of this name. Raises ValueError for an unknown one."""
    return _pick(_LOSSES, name)


def training_loss(config: LossConfig) -> Loss:
    """Give the loss that training minimises: `make_loss`, unless the configuration weighs or chooses pixels.

    Then it is the mean over annotated landmarks of the mean over the pixels of each that count (`tasks.hard_pixels`);
    weighing comes before choosing.
    """
    if config.landmark_weight == 0 and config.hard_pixels == 1:
        return make_loss(config.name)
    losses = _pick(_PIXELS, config.name)

    def compute(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        pixels = losses(output, target)
        if config.landmark_weight > 0:
            pixels = weigh_near_landmarks(pixels, target, config.landmark_weight)
        if config.hard_pixels < 1:
            pixels = hardest_pixels(pixels, config.hard_pixels)
        return _mean(pixels, weight)

    return compute


def activate(name: LossName) -> Callable[[Tensor], Tensor]:
    """Give what turns the network's output into heatmaps under this loss: the sigmoid, or nothing for L2."""
    return _pick(_ACTIVATIONS, name)


def _cross_entropies(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")


def _squares(output: Tensor, target: Tensor) -> Tensor:
    return (output.float() - target) ** 2


def _mean(pixels: Tensor, weight: Tensor) -> Tensor:
    """Average over the pixels of landmarks, N x K x ..., by the landmarks' weight N x K.

    0 (with a gradient of 0) if no landmark is annotated.
    """
    per_landmark = pixels.mean(dim=tuple(range(2, pixels.dim())))
    weight = weight.to(per_landmark.dtype)
    return (per_landmark * weight).sum() / weight.sum().clamp(min=1e-12)


def _pick(table: dict[str, T], name: str) -> T:
    if name not in table:
        raise ValueError(f"unknown loss {name!r}: choose one of {', '.join(table)}")
    return table[name]


_LOSSES: Final[dict[str, Loss]] = {"sigmoid_cross_entropy": sigmoid_cross_entropy, "l2": l2}
_PIXELS: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "sigmoid_cross_entropy": _cross_entropies,
    "l2": _squares,
}
_ACTIVATIONS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "sigmoid_cross_entropy": torch.sigmoid,
    "l2": lambda output: output,
}
