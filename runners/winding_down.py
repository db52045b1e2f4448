"""Tune's scheduler that begins no trial once the launch is asked to stop. Imports Ray: only `runners.sweep` uses it."""

from __future__ import annotations

from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler

from runners.interruption import StopRequest


class WindingDown(FIFOScheduler):  # Tune asks for a subclass
    """First in, first out, until the launch is asked to stop; trials under way then stop by themselves."""

    def __init__(self, request: StopRequest) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._request = request

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """The next trial, or none when the launch is to stop: what waits is then taken off.

        Raises:
            KeyboardInterrupt: when the launch is to stop and no trial is under way any more.
        """
        if not self._request.made():
            return super().choose_trial_to_run(tune_controller)
        trials = tune_controller.get_trials()
        for trial in trials:
            if trial.status == Trial.PENDING:  # not by `stop_trial`, which asks for the folder of what never began
                tune_controller._set_trial_status(trial, Trial.TERMINATED)
        if all(trial.status != Trial.RUNNING for trial in trials):
            raise KeyboardInterrupt
        return None
