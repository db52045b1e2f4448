"""Landmarks as heatmaps, and back."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from tasks.frames import HEATMAP_OFFSET, HEATMAP_STRIDE

SUPPORT: Final = 3.0
"""A target's Gaussian is cut off this many standard deviations from its centre (Newell et al.)."""


def encode(points: Tensor, visible: Tensor, resolution: int, sigma: float) -> Tensor:
    """Draw the targets: a Gaussian of peak 1 at each landmark, at its exact (sub-pixel) place.

    Points N x K x 2 in input pixels, visible N x K, sigma in heatmap pixels; gives float32 N x K x R/4 x R/4. A
    landmark that is not annotated or lies outside of the map gives zeros. Raises ValueError for a resolution that is
    no multiple of 4.
    """
    if resolution % HEATMAP_STRIDE:
        raise ValueError(f"resolution {resolution} is not a multiple of {HEATMAP_STRIDE}")
    size = resolution // HEATMAP_STRIDE
    place = (points.float() - HEATMAP_OFFSET) / HEATMAP_STRIDE
    inside = ((place >= -0.5) & (place < size - 0.5)).all(dim=-1) & visible.bool().to(place.device)
    pixels = torch.arange(size, dtype=torch.float32, device=place.device)
    distance = pixels - place[..., None]  # N x K x 2 x size
    # Cut off per axis: what lies beyond is below exp(-4.5), and its denormal numbers would slow the loss down.
    profile = torch.exp(-0.5 * (distance / sigma) ** 2) * (distance.abs() <= SUPPORT * sigma)
    profile = torch.where(inside[..., None, None], profile, 0.0)
    return profile[..., 1, :, None] * profile[..., 0, None, :]


def landmark_inside(points: Tensor, resolution: int) -> Tensor:
    """Tell (N x K bool) which landmarks, in input pixels, lie inside of the network's input."""
    return ((points >= -0.5) & (points < resolution - 0.5)).all(dim=-1)


def decode(heatmaps: Tensor) -> Tensor:
    """Find the landmarks: the highest pixel, moved a quarter of a pixel towards its higher neighbour in x and in y.

    Heatmaps N x K x H x W give float32 N x K x 2 in input pixels. At the map's border there is no step along that
    axis; of equal pixels the first counts. Source: Newell et al., ECCV 2016.
    """
    n, k, height, width = heatmaps.shape
    flat = heatmaps.detach().float().reshape(n, k, height * width)
    best = flat.argmax(dim=2, keepdim=True)
    column, row = best % width, best // width
    place = []
    for coordinate, length, stride in ((column, width, 1), (row, height, width)):
        inner = (coordinate > 0) & (coordinate < length - 1)
        ahead = flat.gather(2, torch.where(inner, best + stride, best))
        behind = flat.gather(2, torch.where(inner, best - stride, best))
        place.append(coordinate + 0.25 * torch.sign(ahead - behind))
    return torch.cat(place, dim=2) * HEATMAP_STRIDE + HEATMAP_OFFSET
