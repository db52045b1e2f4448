"""A trial's checkpoint: written under a temporary name and then moved, so that a reader never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

CHECKPOINT = "checkpoint.pt"
MODEL = "model.pt"
_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Where a trial stands: after `epoch` epochs, with the metrics of each so far."""

    epoch: int
    model: Mapping[str, torch.Tensor]
    optimiser: Mapping[str, Any]
    history: list[dict[str, float]]


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be continued from."""


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint of a trial, replacing the one before."""
    content = {
        "format": _FORMAT,
        "epoch": checkpoint.epoch,
        "model": dict(checkpoint.model),
        "optimiser": dict(checkpoint.optimiser),
        "history": checkpoint.history,
    }
    _save(content, folder / CHECKPOINT)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint in a trial's folder, or None where there is none.

    Raises:
        CheckpointError: for a file that is no checkpoint of this version of hglab.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != _FORMAT:
            raise CheckpointError(
                f"{path} has format {content['format']}, this hglab reads {_FORMAT}: remove it to start over"
            )
        return Checkpoint(content["epoch"], content["model"], content["optimiser"], content["history"])
    except CheckpointError:
        raise
    except Exception as error:
        what = f"{path} is damaged ({type(error).__name__}): remove it to train this trial from the start"
        raise CheckpointError(what) from error


def save_model(folder: Path, weights: Mapping[str, torch.Tensor]) -> Path:
    """Write a finished trial's weights. Its checkpoint stays until the trial is recorded: see `drop_checkpoint`."""
    _save(dict(weights), folder / MODEL)
    return folder / MODEL


def drop_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a trial that the record holds complete."""
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _save(content: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
