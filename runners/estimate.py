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


def estimate_seconds(
    trials: Sequence[PlannedTrial], counts: Mapping[str, Counts], recorded: Sequence[RecordedTrial]
) -> float | None:
    """Seconds for these trials, one after the other; None if the record holds nothing to go by.

    Time goes with epochs x images x multiply-accumulates. The rate is the median of finished trials on the same data
    set with the same limit of images.
    """
    rates: dict[tuple[str, int | None], list[float]] = {}
    for done in recorded:
        macs = done.metrics.get("binary_macs", 0) + done.metrics.get("real_macs", 0)
        # Stacks that are frozen cost less: such a trial says nothing of others, and is itself estimated too high.
        if done.state == "complete" and macs and done.metrics.get("epoch") and "frozen" not in (done.phase or ""):
            rate = done.metrics["seconds"] / (macs * done.metrics["epoch"])
            rates.setdefault(_data(done.settings), []).append(rate)
    total = 0.0
    for trial in trials:
        settings = active_settings(trial.config)
        if _data(settings) not in rates:
            return None
        cost = counts[trial.variant.id]
        work = (cost.binary_macs + cost.real_macs) * epochs(trial.config)
        total += median(rates[_data(settings)]) * work
    return total


def _data(settings: Mapping[str, Any]) -> tuple[str, int | None]:
    return settings["data.name"], settings["data.train_images"]
