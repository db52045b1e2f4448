"""The part of a GPU that a trial gets when nobody says it: from the memory that trials of its network took before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runners.record.recorded import RecordedTrial

EIGHTHS = 8
_SAFETY = 1.25
"""What torch reserves beyond what it allocates at its peak, and what a longer trial may take more."""
_CONTEXT_MB = 768.0
"""What each process takes of a GPU before it allocates anything: CUDA's context and the libraries' work space."""
_WITHOUT_EFFECT = {
    "seed",
    "data.train_images",
    "data.validation_images",
    "training.epochs",
    "training.learning_rate",
    "training.final_learning_rate",
    "training.schedule",
    "training.weight_decay",
}
"""Settings that do not change how much memory a trial takes. Any other may."""


def gpu_share(peak_mb: float, device_mb: float) -> float:
    """The part of a GPU for a trial, in eighths: 1/8 to 1.

    Args:
        peak_mb: the largest allocation of such a trial, in MiB (the metric `peak_memory_mb` of a trial on a GPU).
        device_mb: the memory of the GPU, in MiB.

    >>> gpu_share(2000, 24000)
    0.25
    """
    if peak_mb < 0 or device_mb <= 0:
        raise ValueError(f"not amounts of memory: {peak_mb} of {device_mb} MiB")
    eighths = math.ceil((peak_mb * _SAFETY + _CONTEXT_MB) / device_mb * EIGHTHS)
    return min(max(eighths, 1), EIGHTHS) / EIGHTHS


def measured_share(
    wanted: Iterable[Mapping[str, Any]], recorded: Sequence[RecordedTrial], device_mb: float
) -> float | None:
    """The part of a GPU with which each of several trials has enough; None if one of them was never measured.

    A trial counts as measured if a complete one on a GPU had the same settings but for those that take no memory.

    Args:
        wanted: the active settings of each trial (`search_space.conditions.active_settings`).
        recorded: the record.
        device_mb: the memory of a GPU, in MiB.
    """
    measured: dict[str, float] = {}
    for trial in recorded:
        peak = trial.metrics.get("peak_memory_mb")
        on_gpu = trial.provenance.get("device", "cpu").startswith("cuda")
        if trial.state == "complete" and on_gpu and peak is not None:
            network = _network(trial.settings)
            measured[network] = max(peak, measured.get(network, 0.0))
    peaks = [measured.get(_network(settings)) for settings in wanted]
    known = [peak for peak in peaks if peak is not None]
    if not known or len(known) < len(peaks):
        return None
    return gpu_share(max(known), device_mb)


def _network(settings: Mapping[str, Any]) -> str:
    """What decides the memory of a trial, as a text to compare."""
    return repr(sorted((key, str(value)) for key, value in settings.items() if key not in _WITHOUT_EFFECT))
