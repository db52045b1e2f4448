"""Trained networks to look at: built from a trial's configuration, filled with its weights."""

from __future__ import annotations

from pathlib import Path

import torch

from blocks.build import build
from blocks.network import HourglassNetwork
from runners.checkpoint import CheckpointError, check_weights
from runners.safe_file import DamagedError, read_tensors
from search_space.config import TrialConfig


def trained_network(config: TrialConfig, weights: Path) -> HourglassNetwork:
    """The network of a complete trial, on the CPU, in evaluation mode.

    Args:
        config: the trial's.
        weights: its `model.pt`.

    Raises:
        CheckpointError: for a file that is missing, damaged, or of another network.
    """
    if not weights.is_file():
        raise CheckpointError(f"{weights}, the trained weights, is not there")
    try:
        content = read_tensors(weights)
    except (DamagedError, OSError) as error:
        raise CheckpointError(f"{weights}, the trained weights, is damaged ({error})") from error
    output = content.get("stacks.0.output.bias") if isinstance(content, dict) else None
    if not isinstance(output, torch.Tensor):
        raise CheckpointError(f"{weights} does not hold the weights of a network")
    network = build(config.model, landmarks=len(output))
    check_weights(content, network.state_dict(), f"{weights}, the trained weights,", "train that trial again (--fresh)")
    network.load_state_dict(content)
    return network.eval()
