"""One trial, in plain PyTorch: a configuration in, metrics out. Knows neither Ray nor MLflow.

A trial keeps its checkpoint after every epoch in the folder it is given, and continues from it: the numbers are the
same, bit for bit on a CPU, as those of a trial that was never interrupted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from blocks.build import build
from runners.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, save_model
from runners.evaluation import evaluate
from runners.memory import peak_memory_mb
from runners.optimiser import make_optimiser
from runners.schedule import learning_rate
from runners.seeding import derived_seed, epoch_generator
from search_space.config import TrialConfig
from tasks.augmentation import augment
from tasks.heatmaps import encode
from tasks.losses import make_loss
from tasks.pose import PoseData, open_pose


@dataclass(frozen=True)
class Epoch:
    """An epoch that is done and safe: its number from 1, of how many, and its metrics."""

    number: int
    epochs: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class TrialResult:
    """What a finished trial gives: the metrics of every epoch, the trained weights, predictions on validation images.

    `predicted` is N x K x 2, in image pixels.
    """

    history: tuple[Mapping[str, float], ...]
    model_file: Path
    predicted: np.ndarray
    data: PoseData

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics of the last epoch, those that tables show."""
        return self.history[-1]


class DivergedError(RuntimeError):
    """The loss is no longer a number: nothing after this would mean anything."""


def run_trial(
    config: TrialConfig,
    folder: Path,
    *,
    cache: Path,
    data_root: Path | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    threads: int = 1,
    device: str = "cpu",
) -> TrialResult:
    """Train and measure one trial.

    Args:
        config: what to train.
        folder: where its checkpoint lies, or will lie. One trial to a folder.
        cache: where decoded crops are kept, shared between trials.
        data_root: the folder with the data set's files.
        on_epoch: called after each epoch, once its checkpoint is written; may raise to stop the trial. Epochs before a
            continuation are reported again first.
        threads: CPU threads.
        device: a torch device.

    Raises:
        DataError: for data that is missing or does not fit.
        CheckpointError: for a checkpoint that cannot be continued from.
        DivergedError: when the loss becomes NaN or infinite.
    """
    torch.set_num_threads(threads)
    data = open_pose(config.data, data_root, cache)
    torch.manual_seed(derived_seed(config.seed, "weights"))
    model = build(config.model, landmarks=data.landmarks).to(device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's stubs
    optimiser = make_optimiser(config.training, model.parameters())
    history: list[dict[str, float]] = []
    checkpoint = load_checkpoint(folder)
    if checkpoint is not None:
        model.load_state_dict(checkpoint.model)
        optimiser.load_state_dict(dict(checkpoint.optimiser))
        history = list(checkpoint.history)
    epochs = config.training.epochs
    for number, figures in enumerate(history, start=1):
        on_epoch(Epoch(number, epochs, figures))
    predicted = np.empty(0)
    for number in range(len(history) + 1, epochs + 1):
        begin = time.perf_counter()
        loss = _train_epoch(model, optimiser, config, data, number, device)
        figures, predicted = evaluate(model, config, data, device)
        figures |= {
            "train_loss": loss,
            "learning_rate": optimiser.param_groups[0]["lr"],
            "seconds": (history[-1]["seconds"] if history else 0.0) + time.perf_counter() - begin,
            "peak_memory_mb": peak_memory_mb(device),
        }
        history.append(figures)
        save_checkpoint(folder, Checkpoint(number, model.state_dict(), optimiser.state_dict(), history))
        on_epoch(Epoch(number, epochs, figures))
    if not predicted.size:  # the last epoch was done before an interruption
        _, predicted = evaluate(model, config, data, device)
    return TrialResult(tuple(history), save_model(folder, model.state_dict()), predicted, data)


def _train_epoch(
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    config: TrialConfig,
    data: PoseData,
    number: int,
    device: str,
) -> float:
    """One pass over the training images; gives the mean loss. Raises DivergedError."""
    model.train()
    split, resolution, sigma = data.train, config.data.resolution, config.data.heatmap_sigma
    generator = epoch_generator(config.seed, number)
    order = torch.randperm(len(split), generator=generator)
    size = min(config.training.batch_size, len(split))
    batches = torch.split(
        order[: len(split) // size * size], size
    )  # whole ones only: BatchNorm needs more than a leftover
    steps = config.training.epochs * len(batches)
    compute_loss = make_loss(config.loss.name)
    total = torch.zeros((), device=device)
    for index, chosen in enumerate(batches):
        rate = learning_rate(config.training, (number - 1) * len(batches) + index, steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        crops, points, visible = split.batch(chosen, device)
        images, points, visible = augment(
            crops, points, visible, resolution, config.augmentation, generator, data.flip_pairs
        )
        target = encode(points, visible, resolution, sigma)
        outputs = model(images.contiguous(memory_format=torch.channels_last))
        loss = torch.stack([compute_loss(output, target, visible) for output in outputs]).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total += loss.detach()
        if index % 50 == 0 or index == len(batches) - 1:  # now and then: asking a GPU each step would hold it up
            _check_finite(float(total), number, index)
    return float(total) / len(batches)


def _check_finite(loss: float, epoch: int, step: int) -> None:
    if not math.isfinite(loss):
        raise DivergedError(
            f"the loss became {loss} in epoch {epoch}, by step {step + 1}: "
            "lower training.learning_rate, or choose another training.optimiser"
        )
