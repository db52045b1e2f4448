"""One epoch of training: the recipe of Section 6.1, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d
from blocks.network import HourglassNetwork
from runners.batches import steps_per_epoch, training_batches
from runners.diagnostics import gradient_size, hidden_weights
from runners.divergence import check_losses, check_weights_finite
from runners.phase import set_training_mode
from runners.schedule import learning_rate
from search_space.config import TrialConfig
from search_space.phases import epochs, is_joint
from tasks.distillation import distillation_loss
from tasks.losses import training_loss
from tasks.pose import PoseData

_SAMPLE_EVERY = 50


@dataclass(frozen=True)
class Training:
    """A network in training, and all that an epoch of it needs.

    `forward` is the network's forward pass, the network itself or a compiled one with the same weights; `frozen` are
    its parts that do not learn; `teacher` gives the heatmaps of images that it learns from besides its targets.
    """

    config: TrialConfig
    data: PoseData
    device: str
    model: HourglassNetwork
    forward: Callable[[Tensor], list[Tensor]]
    optimiser: torch.optim.Optimizer
    frozen: tuple[nn.Module, ...] = ()
    teacher: Callable[[Tensor], Tensor] | None = None


def train_epoch(training: Training, number: int) -> dict[str, float]:
    """One pass over the training images, epoch `number` from 1.

    The loss is the sum of those of all stacks, or of the last where the others are frozen; of each, a part is towards
    the heatmaps of the teacher where there is one. The learning rate follows its schedule over the epochs of this trial
    alone.

    With bfloat16 the forward pass runs under autocast: convolutions round their input and weights, while weights,
    BatchNorm's statistics, the loss and the optimiser stay in float32. +-1 is exact in bfloat16; alpha, multiplied into
    binary weights, is rounded.

    Returns:
        train_loss, the mean over the steps; gradient_size (`runners.diagnostics`), the mean over every 50th step and
        the last.

    Raises:
        DivergedError: when the loss or a weight becomes NaN or infinite.
    """
    config, data, device = training.config, training.data, training.device
    model, optimiser = training.model, training.optimiser
    set_training_mode(model, training.frozen)
    compute_loss = training_loss(config.loss)
    teacher, part = training.teacher, config.distillation.weight
    steps = steps_per_epoch(config, data)
    weights = hidden_weights(model)
    clipped = _clipped_weights(model) if config.training.clip_weights else []
    look_every = _steps_between_looks(device)
    total = torch.zeros((), device=device)
    recent: list[Tensor] = []
    gradients: list[float] = []
    for index, batch in enumerate(training_batches(config, data, number, device)):
        rate = learning_rate(config.training, (number - 1) * steps + index, epochs(config) * steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        with _arithmetic(config, device):
            outputs = training.forward(batch.images)
            taught = None if teacher is None else teacher(batch.images)
        supervised = outputs if is_joint(config) else outputs[-1:]
        losses = (
            compute_loss(output, batch.target, batch.visible)
            if taught is None
            else distillation_loss(compute_loss, part, output, batch.target, taught, batch.visible)
            for output in supervised
        )
        loss = torch.stack(list(losses)).sum()
        recent.append(loss.detach())
        last = index == steps - 1
        if index % look_every == 0 or last:
            check_losses(recent, index, number, model, config, data, device)
            recent.clear()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if index % _SAMPLE_EVERY == 0 or last:
            gradients.append(gradient_size(weights))
        optimiser.step()
        _clip(clipped)
        total += loss.detach()
    check_weights_finite(model, number, config, data, device)
    return {"train_loss": float(total) / steps, "gradient_size": sum(gradients) / len(gradients)}


def _steps_between_looks(device: str) -> int:
    """How often to look at the loss: asking a GPU each step would hold it up.

    On a CPU the number is there at once, and a look at each step finds a divergence before it spreads.
    """
    return 1 if torch.device(device).type == "cpu" else _SAMPLE_EVERY


@contextmanager
def _arithmetic(config: TrialConfig, device: str) -> Iterator[None]:
    if config.training.precision == "float32":
        yield
        return
    with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
        yield


def _clipped_weights(model: nn.Module) -> list[Tensor]:
    """The real weights behind binary ones that are trained."""
    convolutions = (module for module in model.modules() if isinstance(module, BinaryConv2d))
    return [module.weight for module in convolutions if module.weight.requires_grad]


def _clip(weights: list[Tensor]) -> None:
    """Clamp weights to [-1, 1]: beyond it no gradient reaches them through the sign (BinaryConnect, Algorithm 1)."""
    with torch.no_grad():
        for weight in weights:
            weight.clamp_(-1, 1)
