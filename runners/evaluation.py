"""Measuring a network on the validation images."""

from __future__ import annotations

import numpy as np
import torch

from search_space.config import TrialConfig
from tasks.augmentation import centre_input
from tasks.heatmaps import decode, encode
from tasks.losses import activate, make_loss
from tasks.mirror import mirror_heatmaps, mirror_images
from tasks.pose import PoseData
from tasks.pose import evaluate as measure

_BATCH = 32


def evaluate(
    model: torch.nn.Module, config: TrialConfig, data: PoseData, device: str
) -> tuple[dict[str, float], np.ndarray]:
    """The metrics of a network on the validation split, and its predictions.

    With `evaluation.flip_test` the heatmaps of an image are averaged with those of its mirror image.

    Returns:
        The metrics by name, and the predicted landmarks, N x K x 2, in image pixels.
    """
    model.eval()
    split, resolution, sigma = data.validation, config.data.resolution, config.data.heatmap_sigma
    compute_loss, to_heatmaps = make_loss(config.loss.name), activate(config.loss.name)
    losses: list[float] = []
    predictions: list[np.ndarray] = []
    with torch.inference_mode():
        for indices in torch.split(torch.arange(len(split)), _BATCH):
            crops, points, visible = split.batch(indices, device)
            images, points = centre_input(crops, points, resolution)
            images = images.contiguous(memory_format=torch.channels_last)
            logits = model(images)[-1]
            target = encode(points, visible, resolution, sigma)
            losses.append(float(compute_loss(logits, target, visible)) * len(indices))
            heatmaps = to_heatmaps(logits)
            if config.evaluation.flip_test:
                mirrored = to_heatmaps(model(mirror_images(images))[-1])
                heatmaps = (heatmaps + mirror_heatmaps(mirrored, data.flip_pairs)) / 2
            predictions.append(split.to_image(decode(heatmaps).cpu(), indices))
    predicted = np.concatenate(predictions)
    return {**measure(predicted, split), "validation_loss": sum(losses) / len(split)}, predicted
