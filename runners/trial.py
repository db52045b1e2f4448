"""One trial, in plain PyTorch: a configuration in, metrics out. Knows neither Ray nor MLflow.

A trial keeps its checkpoint after every epoch in the folder it is given, and continues from it: the numbers are the
same, bit for bit on a CPU, as those of a trial that was never interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from blocks.build import build
from runners.checkpoint import (
    Checkpoint,
    clear_leftovers,
    load_checkpoint,
    restore,
    save_checkpoint,
    save_model,
)
from runners.divergence import DivergedError
from runners.evaluation import evaluate
from runners.memory import peak_memory_mb
from runners.optimiser import make_optimiser
from runners.phase import begin, check_beginning, freeze
from runners.seeding import derived_seed
from runners.teacher import Teacher, check_teacher, teacher_heatmaps
from runners.training import Training, train_epoch
from search_space.config import TrialConfig
from search_space.phases import epochs
from tasks.errors import DataError
from tasks.pose import PoseData, open_pose

__all__ = ["DivergedError", "Epoch", "TrialResult", "run_trial"]


@dataclass(frozen=True)
class Epoch:
    """An epoch that is done and safe: its number from 1, of how many, and its metrics.

    `repeated` is one of before a continuation, which is reported again.
    """

    number: int
    epochs: int
    metrics: Mapping[str, float]
    repeated: bool = False


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


def run_trial(
    config: TrialConfig,
    folder: Path,
    *,
    cache: Path,
    data_root: Path | None = None,
    begin_from: Path | None = None,
    teacher: Teacher | None = None,
    data_version: str | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    before_save: Callable[[], None] = lambda: None,
    on_fallback: Callable[[str], None] = lambda what: None,
    threads: int = 1,
    device: str = "cpu",
    compiled: bool = False,
) -> TrialResult:
    """Train and measure one trial.

    Args:
        config: what to train.
        folder: where its checkpoint lies, or will lie. One trial to a folder.
        cache: where decoded crops are kept, shared between trials.
        data_root: the folder with the data set's files.
        begin_from: the trained weights of `search_space.phases.predecessor(config)`, its `model.pt`; None where there
            is no such trial. Read unless the folder has a checkpoint to go on from.
        teacher: the trained trial that `distillation.teacher` names; None where it names none. Read in any case.
        on_epoch: called after each epoch, once its checkpoint is written; may raise to stop the trial. Epochs before a
            continuation are reported again first.
        data_version: what the data must be, as it was when the trial was planned; None: whatever it is.
        before_save: called before anything is written to the folder; may raise to stop the trial.
        on_fallback: is told if the last checkpoint cannot be used and the one before it is.
        threads: CPU threads.
        device: a torch device.
        compiled: train through `torch.compile`, which takes minutes at first and then saves time on a GPU. Evaluation
            does without.

    Raises:
        DataError: for data that is missing, does not fit, or has changed since the trial was planned.
        CheckpointError: for a checkpoint that cannot be continued from, weights that it cannot begin from, or a teacher
            whose weights cannot be used.
        DiskFullError: if there is no room for a checkpoint or the weights. The trial goes on from the last one.
        DivergedError: when the loss or a weight becomes NaN or infinite.
        ValueError: if the trial goes on from another one and `begin_from` is None, or the other way round; the same
            for a teacher, and for one of another data set or resolution.
    """
    check_beginning(config, begin_from)
    check_teacher(config, teacher)
    torch.set_num_threads(threads)
    data = open_pose(config.data, data_root, cache)
    if data_version not in (None, data.version):
        what = f"the data is {data.version} here and now; the trial was planned on {data_version}"
        raise DataError(f"{what}: were files changed, or has another machine others? Run the same command again")
    clear_leftovers(folder)
    checkpoint = load_checkpoint(folder, on_fallback)
    heatmaps = None if teacher is None else teacher_heatmaps(teacher, config, data.landmarks, device, compiled)
    training = _set_up(config, data, None if checkpoint else begin_from, heatmaps, device, compiled)
    if checkpoint is not None:
        restore(checkpoint, folder, training.model, training.optimiser)
    history = list(checkpoint.history) if checkpoint else []
    model, optimiser = training.model, training.optimiser
    total = epochs(config)
    for number, figures in enumerate(history, start=1):
        on_epoch(Epoch(number, total, figures, repeated=True))
    predicted = np.empty(0)
    for number in range(len(history) + 1, total + 1):
        start = time.perf_counter()
        trained = train_epoch(training, number)
        figures, predicted = evaluate(model, config, data, device)
        figures |= trained
        figures |= {
            "learning_rate": optimiser.param_groups[0]["lr"],
            "seconds": (history[-1]["seconds"] if history else 0.0) + time.perf_counter() - start,
            "peak_memory_mb": peak_memory_mb(device),
        }
        history.append(figures)
        before_save()
        save_checkpoint(folder, Checkpoint(number, model.state_dict(), optimiser.state_dict(), history))
        on_epoch(Epoch(number, total, figures))
    if not predicted.size:  # the last epoch was done before an interruption
        _, predicted = evaluate(model, config, data, device)
    before_save()
    return TrialResult(tuple(history), save_model(folder, model.state_dict()), predicted, data)


def _set_up(
    config: TrialConfig,
    data: PoseData,
    begin_from: Path | None,
    heatmaps: Callable[[torch.Tensor], torch.Tensor] | None,
    device: str,
    compiled: bool,
) -> Training:
    """What a trial trains, at its beginning."""
    torch.manual_seed(derived_seed(config.seed, "weights"))
    model = build(config.model, landmarks=data.landmarks)
    if begin_from is not None:
        begin(model, config, begin_from)
    frozen = freeze(model, config)
    model.to(device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's stubs
    optimiser = make_optimiser(
        config.training, [parameter for parameter in model.parameters() if parameter.requires_grad]
    )
    # A second module around the same weights: the names of the weights stay, and evaluation takes the plain one.
    forward = torch.compile(model) if compiled else model
    return Training(config, data, device, model, forward, optimiser, frozen, heatmaps)
