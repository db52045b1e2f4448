"""Where a planned trial stands: done, by which study, at which epoch, failed, or new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from runners.files import CHECKPOINT, PREVIOUS_CHECKPOINT
from runners.job import Places
from runners.planning import PlannedTrial
from runners.record.recorded import RecordedTrial

Stand = Literal["done", "running", "started", "failed", "new"]


@dataclass(frozen=True)
class Standing:
    """Where a trial stands.

    `started` has a checkpoint to go on from; `epoch` is how many are done, `study` who trained it, `error` why it
    failed.
    """

    stand: Stand
    study: str | None = None
    epoch: int = 0
    error: str | None = None

    def describe(self, study: str) -> str:
        """In words, for the plan of `study`: `done`, `done in table2_blocks`, `at epoch 3`, `failed`, `new`.

        >>> Standing("done", "table2_blocks").describe("table4_recipe")
        'done in table2_blocks'
        """
        if self.stand == "done":
            return "done" if self.study == study else f"done in {self.study}"
        if self.stand in ("started", "running"):
            if not self.epoch:
                return "has a checkpoint" if self.stand == "started" else "running"
            return f"at epoch {self.epoch}" if self.stand == "started" else f"running, epoch {self.epoch}"
        return self.stand


def standing(trial: PlannedTrial, chosen: Mapping[str, RecordedTrial], places: Places) -> Standing:
    """Where a trial stands.

    Args:
        trial: the planned trial.
        chosen: the run that counts for each fingerprint (`runners.record.chosen`).
        places: where its checkpoint would lie.
    """
    run = chosen.get(trial.fingerprint)
    folder = places.folder(trial.fingerprint)
    has_checkpoint = any((folder / name).is_file() for name in (CHECKPOINT, PREVIOUS_CHECKPOINT))
    if run is None:  # a checkpoint without a run: the record is another one than before
        return Standing("started" if has_checkpoint else "new")
    epoch = int(run.metrics.get("epoch", 0))
    if run.state == "complete":
        return Standing("done", run.study, epoch)
    if run.state == "running":
        return Standing("running", run.study, epoch)
    if run.state == "failed":
        return Standing("failed", run.study, epoch, run.error)
    return Standing("started", run.study, epoch) if has_checkpoint else Standing("new")
