"""A trial's checkpoint: written under a temporary name and then moved, so that a reader never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from runners.files import CHECKPOINT, MODEL

_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Where a trial stands: after `epoch` epochs, with the metrics of each so far."""

    epoch: int
    model: Mapping[str, torch.Tensor]
    optimiser: Mapping[str, Any]
    history: list[dict[str, float]]


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be continued from, or weights that cannot be begun from."""


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


def restore(checkpoint: Checkpoint, folder: Path, model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Put a folder's checkpoint into a network and its optimiser.

    Raises:
        CheckpointError: for a checkpoint of another network or another optimiser; neither is changed then.
    """
    what, mend = f"{folder / CHECKPOINT}, the checkpoint of this trial,", "remove it to train this trial from the start"
    check_weights(checkpoint.model, model.state_dict(), what, mend)
    try:
        optimiser.load_state_dict(dict(checkpoint.optimiser))
    except (ValueError, KeyError) as error:
        raise CheckpointError(f"{what} is of another optimiser ({error}): {mend}") from error
    model.load_state_dict(checkpoint.model)


def check_weights(
    weights: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], what: str, mend: str
) -> None:
    """Check that weights have the names and shapes of a network's.

    Args:
        weights: what a file holds.
        expected: the network's.
        what: what the file is, to begin the message with.
        mend: what to do about it, to end the message with.

    Raises:
        CheckpointError: it names the first layer that is missing, has another shape or is one too many.
    """
    differences = [
        f"{name} is missing"
        if name not in weights
        else f"{name} has shape {tuple(weights[name].shape)}, in this trial {tuple(value.shape)}"
        for name, value in expected.items()
        if name not in weights or weights[name].shape != value.shape
    ]
    differences += [f"{name} is not in this trial" for name in weights if name not in expected]
    if differences:
        more = f" (and {len(differences) - 1} more differences)" if len(differences) > 1 else ""
        raise CheckpointError(f"{what} is of another network: {differences[0]}{more}: {mend}")


def load_model(path: Path) -> dict[str, torch.Tensor]:
    """A finished trial's weights, on the CPU.

    Raises:
        CheckpointError: for a file that is missing or holds something else.
    """
    if not path.exists():
        raise CheckpointError(f"{path}, the weights that this trial begins from, is not there: train that trial first")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        what = f"{path}, the weights that this trial begins from, is damaged ({type(error).__name__})"
        raise CheckpointError(f"{what}: remove it, and train that trial again") from error
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise CheckpointError(f"{path} does not hold the weights of a network: give the {MODEL} of a trained trial")
    return content


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
