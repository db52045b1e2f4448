"""What to say when training leaves the finite numbers: when it happened, what was first, how to mend it.

A NaN need not reach the loss: the sign of a binary network hides it, as -1. So weights are checked as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor, nn

from runners.batches import Batch, training_batches
from search_space.config import TrialConfig
from tasks.pose import PoseData


class DivergedError(RuntimeError):
    """A loss or a weight is no longer a number: nothing after this would mean anything."""


def check_losses(
    losses: Sequence[Tensor], step: int, number: int, model: nn.Module, config: TrialConfig, data: PoseData, device: str
) -> None:
    """Check the losses of the last steps.

    The last is that of `step` (from 0) of epoch `number`, before that step changes the weights.

    Raises:
        DivergedError: for the first that is NaN or infinite. It says whether images or targets were not finite by then,
            else which weights are not.
    """
    values = torch.stack(list(losses)).tolist()
    bad = next((index for index, value in enumerate(values) if not math.isfinite(value)), None)
    if bad is None:
        return
    at = step - (len(values) - 1 - bad)
    what = f"the loss became {values[bad]} in epoch {number}, step {at + 1}"
    if bad:
        what += f" (one step before it was {values[bad - 1]:.4g})"
    if fault := _faulty_input(islice(training_batches(config, data, number, device), at + 1)):
        raise DivergedError(f"{what}: {fault}: mend the data set")
    raise DivergedError(f"{what}: {_cause(model, at, step)}: {_mend(config)}")


def check_weights_finite(model: nn.Module, number: int, config: TrialConfig, data: PoseData, device: str) -> None:
    """Check the weights and the BatchNorms' statistics at the end of epoch `number`.

    Raises:
        DivergedError: if one is NaN or infinite. It names the first layer, and images or targets that were not finite.
    """
    values = _floating(model)
    size = nn.utils.get_total_norm(values.values(), norm_type=1.0)  # one question to a GPU, not one for each layer
    layer = None if math.isfinite(float(size)) else first_not_finite(values)
    if layer is None:
        return
    what = f"epoch {number} left weights that are not finite, the first in {layer}, though its losses were finite"
    if fault := _faulty_input(training_batches(config, data, number, device)):
        raise DivergedError(f"{what}: {fault}: mend the data set")
    raise DivergedError(f"{what}: {_mend(config)}")


def first_not_finite(values: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor that is not finite all over, in the order given; None if all are."""
    return next((name for name, value in values.items() if not bool(value.isfinite().all())), None)


def _cause(model: nn.Module, at: int, step: int) -> str:
    """Why the loss of step `at` was not finite though its images and targets were, as far as `step` still shows it."""
    parameters = dict(model.named_parameters())
    layer = first_not_finite(parameters)
    if layer is not None and at == step:
        return f"a step before it left weights that are not finite, the first in {layer}"
    if layer is not None:  # they went through the steps after it
        return f"its images and targets were finite; by step {step + 1} weights are not, the first in {layer}"
    statistic = first_not_finite(_floating(model))
    if statistic is not None:
        return f"the weights are finite but too large, the network overflowed: the first sign of it is {statistic}"
    return "weights, images and targets are finite, what the loss made of them is not"


def _floating(model: nn.Module) -> dict[str, Tensor]:
    """Weights and running statistics by name, in the order in which layers stand."""
    return {name: value for name, value in model.state_dict().items() if value.is_floating_point()}


def _faulty_input(batches: Iterable[Batch]) -> str | None:
    """The first step whose images or targets are not finite, in words; None if all are."""
    for step, batch in enumerate(batches, start=1):
        for what, value in (("images", batch.images), ("targets", batch.target)):
            finite = value.isfinite().flatten(1).all(dim=1).cpu()
            if not bool(finite.all()):
                rows = ", ".join(str(row) for row in batch.rows[~finite].tolist()[:5])
                return f"the {what} of step {step} are not finite (rows of the training split, from 0: {rows})"
    return None


def _mend(config: TrialConfig) -> str:
    mend = "lower training.learning_rate, or choose another training.optimiser"
    return f"{mend}, or training.precision: float32" if config.training.precision == "bfloat16" else mend
