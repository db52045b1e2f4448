"""The names of the files that a trial keeps in its folder, and of those in its mirror (`runners.mirror`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

CHECKPOINT = "checkpoint.pt"
PREVIOUS_CHECKPOINT = "checkpoint.previous.pt"
MODEL = "model.pt"

_NUMBERED = re.compile(r"checkpoint-(\d{6,})\.pt")


def numbered_checkpoint(epoch: int) -> str:
    """The name in a mirror of the checkpoint after an epoch.

    >>> numbered_checkpoint(7)
    'checkpoint-000007.pt'
    """
    return f"checkpoint-{epoch:06d}.pt"


def checkpoint_epochs(names: Iterable[str]) -> list[int]:
    """The epochs of those names that `numbered_checkpoint` gives."""
    return [int(match[1]) for name in names if (match := _NUMBERED.fullmatch(name))]
