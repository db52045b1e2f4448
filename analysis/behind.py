"""A trial behind a number of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Behind:
    """A trial behind a number.

    Attributes:
        of: whether it is a trial of the row, or of the baseline with which the row is compared.
        variant: the variant's id in its study.
        seed: which repetition.
        fingerprint: the trial's identity.
        state: complete, failed, interrupted, running, or missing where the record holds no run.
        value: the metric in base units; None where the trial gives none, or the number is of no metric.
        lack: why it gives none, in words; None if it gives one.
        run: the id of its run in the record.
        trained_in: the study that trained it, and under which name there: `table2_blocks/hierarchical`.
        started: when the run began, in UTC.
        where: the host on which it ran, and the device.
        error: what it failed with.
        provenance: what else explains the run: versions, threads.
    """

    of: Literal["row", "baseline"]
    variant: str
    seed: int
    fingerprint: str
    state: str
    value: float | None
    lack: str | None
    run: str | None = None
    trained_in: str | None = None
    started: datetime | None = None
    where: str | None = None
    error: str | None = None
    provenance: Mapping[str, str] | None = None
