"""Measuring a network on the validation images."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor

from blocks.network import HourglassNetwork
from runners.diagnostics import recording_signs
from search_space.config import TrialConfig
from tasks.augmentation import centre_input
from tasks.heatmaps import decode, encode
from tasks.losses import activate, make_loss
from tasks.mirror import mirror_heatmaps, mirror_images
from tasks.pose import PoseData
from tasks.pose import evaluate as measure

_BATCH = 32


def evaluate(
    model: HourglassNetwork, config: TrialConfig, data: PoseData, device: str
) -> tuple[dict[str, float], np.ndarray]:
    """The metrics of a network on the validation split, and its predictions.

    With `evaluation.flip_test` the heatmaps of an image are averaged with those of its mirror image. In float32,
    whatever the arithmetic of training: a figure then depends on the weights alone.

    Returns:
        The metrics by name, with positive_share (`runners.diagnostics`) of the first batch, in percent; and the
        predicted landmarks, N x K x 2, in image pixels.
    """
    model.eval()
    split, resolution, sigma = data.validation, config.data.resolution, config.data.heatmap_sigma
    compute_loss, to_heatmaps = make_loss(config.loss.name), activate(config.loss.name)
    losses: list[float] = []
    shares: list[Tensor] = []
    predictions: list[np.ndarray] = []
    with torch.inference_mode():
        for indices in torch.split(torch.arange(len(split)), _BATCH):
            crops, points, visible = split.batch(indices, device)
            images, points = centre_input(crops, points, resolution)
            images = images.contiguous(memory_format=torch.channels_last)
            with nullcontext() if shares else recording_signs(model, shares):
                logits = model(images)[-1]
            target = encode(points, visible, resolution, sigma)
            losses.append(float(compute_loss(logits, target, visible)) * len(indices))
            heatmaps = to_heatmaps(logits)
            if config.evaluation.flip_test:
                mirrored = to_heatmaps(model(mirror_images(images))[-1])
                heatmaps = (heatmaps + mirror_heatmaps(mirrored, data.flip_pairs)) / 2
            predictions.append(split.to_image(decode(heatmaps).cpu(), indices))
    predicted = np.concatenate(predictions)
    figures = {
        **measure(predicted, split),
        "validation_loss": sum(losses) / len(split),
        "positive_share": 100 * float(torch.stack(shares).mean()),
    }
    return figures, predicted
