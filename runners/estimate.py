"""How long a plan may take, from trials that the record holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from blocks.count import Counts
from runners.planning import PlannedTrial
from runners.record.recorded import RecordedTrial
from search_space.conditions import active_settings
from search_space.phases import epochs

_FORWARD = 1 / 3
"""The part of a step of training that a forward pass takes: backward there are two products for each one forward."""

_TEACHER = "distillation.teacher"


def estimate_seconds(
    trials: Sequence[PlannedTrial], counts: Mapping[str, Counts], recorded: Sequence[RecordedTrial]
) -> float | None:
    """Seconds for these trials, one after the other; None if the record holds nothing to go by.

    Time goes with epochs x images x multiply-accumulates. The rate is the median of finished trials on the same data
    set with the same limit of images. A student's teacher computes, too, but learns nothing.
    """
    rates: dict[tuple[str, int | None], list[float]] = {}
    for done in recorded:
        macs = done.metrics.get("binary_macs", 0) + done.metrics.get("real_macs", 0)
        if done.state == "complete" and macs and done.metrics.get("epoch") and _is_typical(done):
            rate = done.metrics["seconds"] / (macs * done.metrics["epoch"])
            rates.setdefault(_data(done.settings), []).append(rate)
    total = 0.0
    for trial in trials:
        settings = active_settings(trial.config)
        if _data(settings) not in rates:
            return None
        macs = _macs(counts[trial.variant.id])
        if trial.teacher is not None:
            macs += _macs(counts[trial.teacher.variant.id]) * _FORWARD
        total += median(rates[_data(settings)]) * macs * epochs(trial.config)
    return total


def _is_typical(done: RecordedTrial) -> bool:
    """Whether a trial says something of others: not where stacks are frozen, which cost less (and are estimated too
    high), nor where a teacher computes as well.
    """
    return "frozen" not in (done.phase or "") and done.settings.get(_TEACHER) is None


def _macs(cost: Counts) -> int:
    return cost.binary_macs + cost.real_macs


def _data(settings: Mapping[str, Any]) -> tuple[str, int | None]:
    return settings["data.name"], settings["data.train_images"]
