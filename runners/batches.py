"""The batches of one epoch of training: which images, in which order, changed how. Follows from the trial alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from runners.seeding import epoch_generator
from search_space.config import TrialConfig
from search_space.phases import epochs, phases
from tasks.augmentation import augment
from tasks.heatmaps import encode
from tasks.pose import PoseData


@dataclass(frozen=True)
class Batch:
    """What one step learns from: rows of the training split, images N x 3 x R x R, targets N x K x R/4 x R/4."""

    rows: Tensor
    images: Tensor
    target: Tensor
    visible: Tensor


def batch_size(config: TrialConfig, data: PoseData) -> int:
    """Images in each step: all of them where there are fewer than the configuration asks for."""
    return min(config.training.batch_size, len(data.train))


def steps_per_epoch(config: TrialConfig, data: PoseData) -> int:
    """Optimiser steps in an epoch. Whole batches only: BatchNorm needs more than a leftover."""
    return len(data.train) // batch_size(config, data)


def training_batches(config: TrialConfig, data: PoseData, number: int, device: str) -> Iterator[Batch]:
    """The batches of epoch `number` (from 1), the same every time they are asked for.

    Where stacks are trained in sequence, a trial goes on with the random numbers after those of the trials before it.
    """
    split, resolution = data.train, config.data.resolution
    before = sum(epochs(phase) for phase in phases(config)[:-1])
    generator = epoch_generator(config.seed, before + number)
    size = batch_size(config, data)
    order = torch.randperm(len(split), generator=generator)
    for rows in torch.split(order[: steps_per_epoch(config, data) * size], size):
        crops, points, visible = split.batch(rows, device)
        images, points, visible = augment(
            crops, points, visible, resolution, config.augmentation, generator, data.flip_pairs
        )
        target = encode(points, visible, resolution, config.data.heatmap_sigma)
        yield Batch(rows, images.contiguous(memory_format=torch.channels_last), target, visible)
