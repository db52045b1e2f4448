"""A trial's checkpoint, and the one before it: where the last is cut short or changed, the trial goes on from that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from runners.files import CHECKPOINT, MODEL, PREVIOUS_CHECKPOINT
from runners.safe_file import DamagedError, read_tensors, remove_leftovers, write_tensors

_FORMAT = 1
_log = logging.getLogger(__name__)


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
    """Write the checkpoint of a trial. The one before is kept beside it, the one before that is replaced.

    Raises:
        DiskFullError: if there is no room for it; the ones before are untouched.
    """
    content = {
        "format": _FORMAT,
        "epoch": checkpoint.epoch,
        "model": dict(checkpoint.model),
        "optimiser": dict(checkpoint.optimiser),
        "history": checkpoint.history,
    }
    write_tensors(content, folder / CHECKPOINT, keep=folder / PREVIOUS_CHECKPOINT)


def load_checkpoint(folder: Path, on_fallback: Callable[[str], None] = lambda what: None) -> Checkpoint | None:
    """The checkpoint in a trial's folder, or None where there is none.

    Args:
        folder: the trial's.
        on_fallback: is told if the last checkpoint cannot be used and the one before is; it is logged as well.

    Raises:
        CheckpointError: if none can be used, or for one of another version of hglab.
    """
    last, before = folder / CHECKPOINT, folder / PREVIOUS_CHECKPOINT
    problems: list[str] = []
    for path in (last, before):
        if not path.exists():
            continue
        try:
            checkpoint = _read(path)
        except DamagedError as error:
            cause = type(error.__cause__).__name__ if error.__cause__ else "cut short or changed"
            problems.append(f"{path} is damaged ({cause})")
            continue
        if path is before:
            what = problems[0] if problems else f"{last} is missing: an interruption came while it was moved into place"
            told = f"{what}; the trial goes on from the checkpoint before it, after epoch {checkpoint.epoch}"
            _log.warning(told)
            on_fallback(told)
        return checkpoint
    if problems:
        raise CheckpointError(f"{', '.join(problems)}: {_start_over(folder)}")
    return None


def has_checkpoint(folder: Path) -> bool:
    """Whether there is a checkpoint in a trial's folder, be it damaged."""
    return any((folder / name).is_file() for name in (CHECKPOINT, PREVIOUS_CHECKPOINT))


def _start_over(folder: Path) -> str:
    """What to do with checkpoints that no one can go on from."""
    both = f" and {PREVIOUS_CHECKPOINT}" if (folder / PREVIOUS_CHECKPOINT).exists() else ""
    return f"remove it{both} to train this trial from the start"


def _read(path: Path) -> Checkpoint:
    """One checkpoint. Raises DamagedError, or CheckpointError for another version's."""
    content = read_tensors(path)
    try:
        if content["format"] != _FORMAT:
            raise CheckpointError(
                f"{path} has format {content['format']}, this hglab reads {_FORMAT}: remove it to start over"
            )
        checkpoint = Checkpoint(content["epoch"], content["model"], content["optimiser"], content["history"])
        if len(checkpoint.history) != checkpoint.epoch:
            raise ValueError(f"{len(checkpoint.history)} epochs of metrics after epoch {checkpoint.epoch}")
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{path} is no checkpoint") from error
    return checkpoint


def restore(checkpoint: Checkpoint, folder: Path, model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Put a folder's checkpoint into a network and its optimiser.

    Raises:
        CheckpointError: for a checkpoint of another network or another optimiser; neither is changed then.
    """
    what, mend = f"{folder / CHECKPOINT}, the checkpoint of this trial,", _start_over(folder)
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
        content = read_tensors(path)
    except (DamagedError, OSError) as error:
        reason = type(error.__cause__ or error).__name__
        what = f"{path}, the weights that this trial begins from, is damaged ({reason})"
        raise CheckpointError(f"{what}: remove it, and train that trial again") from error
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise CheckpointError(f"{path} does not hold the weights of a network: give the {MODEL} of a trained trial")
    return content


def save_model(folder: Path, weights: Mapping[str, torch.Tensor]) -> Path:
    """Write a finished trial's weights. Its checkpoint stays until the trial is recorded: see `drop_checkpoint`.

    Raises:
        DiskFullError: if there is no room for them.
    """
    write_tensors(dict(weights), folder / MODEL)
    return folder / MODEL


def drop_checkpoint(folder: Path) -> None:
    """Remove the checkpoints of a trial that the record holds complete."""
    (folder / PREVIOUS_CHECKPOINT).unlink(missing_ok=True)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    clear_leftovers(folder)


def clear_leftovers(folder: Path) -> None:
    """Remove checkpoints and weights that a killed process left half written. For the one process that trains here."""
    remove_leftovers(folder, (CHECKPOINT, MODEL))
