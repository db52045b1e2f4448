"""Tune's callback that tells a monitor how jobs go. Imports Ray: only `runners.sweep` imports this, when it runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ray import tune

from runners.executors import Monitor
from runners.job import Job, Progress
from runners.lease import Holder
from runners.tune_keys import HELD, RAISED, STOPPED


class Relay(tune.Callback):  # Tune asks for a subclass
    """Passes on what happens to Tune's trials.

    `ended` holds the names of those that did, well or not; `lost` those of them whose last process or node was lost,
    of which the monitor has not been told that they failed.
    """

    def __init__(self, jobs: Mapping[str, Job], monitor: Monitor, losses: Counter[str]) -> None:
        """Watch named jobs; `losses` counts, from one sweep to the next, how often each has lost its process."""
        self._jobs = jobs
        self._monitor = monitor
        self._losses = losses
        self._raised: dict[str, str] = {}
        self._held: dict[str, Holder | None] = {}
        self._stopped: set[str] = set()
        self.ended: set[str] = set()
        self.lost: list[str] = []

    def __getstate__(self) -> dict[str, Any]:
        """Tune stores its callbacks with a sweep; hglab never restores one, and a display cannot be stored."""
        return {}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Tell that a job has begun, or goes on elsewhere."""
        self._monitor.started(self._job(trial))

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Tell that a job has finished an epoch; or hear that it raises, and then Tune must not start it again."""
        if RAISED in result:
            self._raised[trial.config["name"]] = result[RAISED]
            trial.max_failures = 0
        elif HELD in result:
            holder = json.loads(result[HELD])
            self._held[trial.config["name"]] = Holder(**holder) if holder else None
        elif STOPPED in result:
            self._stopped.add(trial.config["name"])
        elif "epoch" in result:
            metrics = {key: value for key, value in result.items() if isinstance(value, int | float)}
            self._monitor.progressed(self._job(trial), Progress(result["epoch"], result["epochs"], metrics))

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Count a loss after which Tune starts the job again."""
        self._losses[trial.config["name"]] += 1

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Tell that a job is complete, or that another process trains its trial. One asked to stop is neither."""
        name = trial.config["name"]
        if name in self._stopped:
            return
        self.ended.add(name)
        if name in self._held:
            self._monitor.held(self._job(trial), self._held[name])
        else:
            self._monitor.finished(self._job(trial))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Tell that a job has failed, if it raised; count a loss, if it was lost."""
        name = trial.config["name"]
        self.ended.add(name)
        if name in self._raised:
            self._monitor.failed(self._job(trial), self._raised[name])
        else:
            self._losses[name] += 1
            self.lost.append(name)

    def _job(self, trial: Any) -> Job:
        return self._jobs[trial.config["name"]]
