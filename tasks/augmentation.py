"""From cached crops to the network's input, with and without random changes; a batch at once, on the crops' device."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from search_space.config import AugmentationConfig
from tasks.frames import crop_size
from tasks.mirror import mirror_order


def centre_input(crops: Tensor, points: Tensor, resolution: int) -> tuple[Tensor, Tensor]:
    """Cut the network's input out of the middle of each crop.

    Crops N x 3 x S x S uint8 and points N x K x 2 in crop pixels give images N x 3 x R x R float32 in [0, 1] and the
    points in input pixels. Raises ValueError if S is not R's crop size.
    """
    margin = (_checked_size(crops, resolution) - resolution) // 2
    window = crops[..., margin : margin + resolution, margin : margin + resolution]
    return window.float().div_(255), points - margin


def augment(
    crops: Tensor,
    points: Tensor,
    visible: Tensor,
    resolution: int,
    config: AugmentationConfig,
    generator: torch.Generator,
    flip_pairs: tuple[tuple[int, int], ...],
) -> tuple[Tensor, Tensor, Tensor]:
    """Rotate, scale and mirror each person at random about the crop's middle (Section 6.1).

    Crops N x 3 x S x S uint8, points N x K x 2 in crop pixels, visible N x K; gives images N x 3 x R x R float32 in
    [0, 1], points in input pixels, and visible, the last two with left and right exchanged where an image is
    mirrored. A scale of 1.3 makes the person 1.3 times as large. Black where the crop ends. With `enabled: false` the
    plain `centre_input`.

    The random numbers are drawn on the generator's device, always three per image, so a CPU generator changes images in
    the same way whatever device they are on and whichever changes are switched on. Deterministic on the CPU.
    """
    if not config.enabled:
        images, moved = centre_input(crops, points, resolution)
        return images, moved, visible
    matrices, flipped = random_matrices(len(crops), config, generator)
    images, moved = transform(crops, points, matrices, resolution)
    flipped = flipped.to(visible.device)
    order = mirror_order(points.shape[1], flip_pairs).to(visible.device)
    visible = torch.where(flipped[:, None], visible[:, order], visible)
    flipped, order = flipped.to(moved.device), order.to(moved.device)
    moved = torch.where(flipped[:, None, None], moved[:, order], moved)
    return images, moved, visible


def random_matrices(count: int, config: AugmentationConfig, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw the changes: matrices N x 2 x 2, and which people are mirrored (N bool).

    A matrix takes an offset from the crop's middle to an offset from the input's middle.
    """
    draws = torch.rand(3, count, generator=generator, device=generator.device)
    angle = (draws[0] * 2 - 1) * (config.rotation * math.pi / 180)
    scale = config.scale_min + draws[1] * (config.scale_max - config.scale_min)
    flipped = (draws[2] < 0.5) & config.flip
    sign = 1 - 2 * flipped.to(scale.dtype)
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    # Mirror first, then rotate and scale: [[cos, -sin], [sin, cos]] @ diag(sign, 1).
    rows = torch.stack([cos * sign, -sin, sin * sign, cos], dim=1)
    return rows.reshape(count, 2, 2), flipped


def transform(crops: Tensor, points: Tensor, matrices: Tensor, resolution: int) -> tuple[Tensor, Tensor]:
    """Apply matrices N x 2 x 2 (offset from the crop's middle -> from the input's) to crops and points alike.

    Bilinear. Gives images N x 3 x R x R float32 in [0, 1] and points in input pixels.
    """
    size = _checked_size(crops, resolution)
    # grid_sample wants, for each input pixel, the place in the crop: the inverse; both in units of half a frame
    # (align_corners=False: -1 and 1 are the outer edges of the outer pixels, which is this project's convention too).
    inverse = torch.linalg.inv(matrices).to(crops.device)
    theta = torch.cat([inverse * (resolution / size), inverse.new_zeros(len(crops), 2, 1)], dim=2)
    grid = F.affine_grid(theta, [len(crops), 3, resolution, resolution], align_corners=False)
    images = F.grid_sample(crops.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    offset = points - (size - 1) / 2
    moved = offset @ matrices.to(points.device).transpose(1, 2) + (resolution - 1) / 2
    return images.div_(255), moved


def _checked_size(crops: Tensor, resolution: int) -> int:
    size = crop_size(resolution)
    if crops.dim() != 4 or crops.shape[1:] != (3, size, size):
        raise ValueError(
            f"crops have shape {tuple(crops.shape)}, expected N x 3 x {size} x {size} for resolution {resolution}"
        )
    return size
