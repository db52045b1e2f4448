"""Mirroring: images, heatmaps and the exchange of left and right (augmentation and the flip test)."""

from __future__ import annotations

import torch
from torch import Tensor


def mirror_order(landmarks: int, flip_pairs: tuple[tuple[int, int], ...]) -> Tensor:
    """Give the permutation (K, int64) that exchanges left and right landmarks; it is its own inverse."""
    order = list(range(landmarks))
    for left, right in flip_pairs:
        order[left], order[right] = right, left
    return torch.tensor(order)


def mirror_images(images: Tensor) -> Tensor:
    """Mirror images N x C x H x W left to right."""
    return images.flip(-1)


def mirror_heatmaps(heatmaps: Tensor, flip_pairs: tuple[tuple[int, int], ...]) -> Tensor:
    """Take heatmaps N x K x H x W of mirrored images back to the images: mirror them, exchange left and right
    landmarks.

    No shift is needed: pixel i of a frame of n mirrors to n - 1 - i in images and heatmaps alike (see `tasks.frames`).
    """
    order = mirror_order(heatmaps.shape[1], flip_pairs).to(heatmaps.device)
    return heatmaps.flip(-1)[:, order]
