"""The teacher of distillation in training: a trained network that gives the heatmaps of augmented images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from runners.checkpoint import CheckpointError
from runners.trained import trained_network
from search_space.config import TrialConfig
from tasks.distillation import taught_heatmaps


@dataclass(frozen=True)
class Teacher:
    """A trained trial to learn from: what it is, and its `model.pt`."""

    config: TrialConfig
    weights: Path


def check_teacher(config: TrialConfig, teacher: Teacher | None) -> None:
    """Raise ValueError where a trial lacks its teacher, has no use for one, or is given one of other images."""
    name = config.distillation.teacher
    if name is None:
        if teacher is not None:
            raise ValueError(
                f"this trial learns from annotations alone, it has no use for a teacher ({teacher.weights})"
            )
        return
    if teacher is None:
        raise ValueError(f"this trial learns from {name}: give that trial's configuration and model file as teacher")
    for field in ("name", "resolution"):
        own, other = getattr(config.data, field), getattr(teacher.config.data, field)
        if own != other:
            raise ValueError(f"the teacher {name} has data.{field} {other}, and this trial has {own}")


def teacher_heatmaps(
    teacher: Teacher, config: TrialConfig, landmarks: int, device: str, compiled: bool
) -> Callable[[Tensor], Tensor]:
    """A function from images N x 3 x R x R to what a student learns from them, N x K x R/4 x R/4, without gradient.

    The heatmaps are those of the teacher's last stack, in evaluation mode: its BatchNorms have their running
    statistics, and keep them. It is on the device, in the memory layout, the arithmetic and the compilation of its
    student.

    Args:
        teacher: what to learn from.
        config: the student's.
        landmarks: K, that the student learns.
        device: a torch device.
        compiled: whether to go through `torch.compile`.

    Raises:
        CheckpointError: for weights that are missing, damaged, of another network or of other landmarks.
    """
    name = config.distillation.teacher
    try:
        network = trained_network(teacher.config, teacher.weights)
    except CheckpointError as error:
        raise CheckpointError(f"the teacher of this trial, {name}: {error}") from error
    given = len(network.state_dict()["stacks.0.output.bias"])
    if given != landmarks:
        raise CheckpointError(f"the teacher of this trial, {name}, has {given} landmarks, and the data {landmarks}")
    network.requires_grad_(False)
    network.to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's stubs
    forward: Callable[[Tensor], list[Tensor]] = torch.compile(network) if compiled else network
    losses = teacher.config.loss.name, config.loss.name

    def heatmaps(images: Tensor) -> Tensor:
        with torch.no_grad():
            return taught_heatmaps(forward(images)[-1], *losses)

    return heatmaps
