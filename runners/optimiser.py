"""The optimisers by name."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from search_space.config import TrainingConfig


def make_optimiser(training: TrainingConfig, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser that the recipe names, with the library's own settings for the rest (RMSprop: alpha 0.99).

    sgd is that of torch: v = momentum v + gradient, W = W - rate v, without dampening.
    """
    rate, decay = training.learning_rate, training.weight_decay
    if training.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
    if training.optimiser == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    if training.optimiser == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=training.momentum, weight_decay=decay)
    return torch.optim.RMSprop(parameters, lr=rate, weight_decay=decay)
