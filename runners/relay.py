"""Tune's callback that tells a monitor how jobs go. Imports Ray: only `runners.sweep` imports this, when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import tune

from runners.executors import Monitor
from runners.job import Job, Progress

_SILENT = "its process ended without a word: was it killed, or short of memory?"


class Relay(tune.Callback):  # Tune asks for a subclass
    """Passes on what happens to Tune's trials; `ended` holds the names of those that did, well or not."""

    def __init__(self, jobs: Mapping[str, Job], monitor: Monitor) -> None:
        self._jobs = jobs
        self._monitor = monitor
        self.ended: set[str] = set()

    def __getstate__(self) -> dict[str, Any]:
        """Tune stores its callbacks with a sweep; hglab never restores one, and a display cannot be stored."""
        return {}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Tell that a job has begun."""
        self._monitor.started(self._job(trial))

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Tell that a job has finished an epoch."""
        if "epoch" in result:
            metrics = {key: value for key, value in result.items() if isinstance(value, int | float)}
            self._monitor.progressed(self._job(trial), Progress(result["epoch"], result["epochs"], metrics))

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Tell that a job is complete."""
        self.ended.add(trial.config["name"])
        self._monitor.finished(self._job(trial))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Tell that a job has failed. Why, the record knows, unless the process could not write it any more."""
        self.ended.add(trial.config["name"])
        self._monitor.failed(self._job(trial), _SILENT)

    def _job(self, trial: Any) -> Job:
        return self._jobs[trial.config["name"]]
