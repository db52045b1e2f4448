"""Random numbers of a trial. Each epoch draws from a generator of its own, seeded by the trial's seed and the epoch.

So a checkpoint holds no random state, and a continued trial sees the same images in the same order with the same
augmentation as one that was never interrupted.
"""

from __future__ import annotations

import hashlib

import torch


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for one purpose of a trial, independent of those for every other purpose."""
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """The generator from which an epoch draws the order of its images and their augmentation."""
    return torch.Generator().manual_seed(derived_seed(seed, "epoch", epoch))
