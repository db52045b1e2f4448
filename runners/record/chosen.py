"""Which of a trial's runs counts."""

from __future__ import annotations

from collections.abc import Iterable

from runners.record.recorded import RecordedTrial


def choose_runs(recorded: Iterable[RecordedTrial]) -> dict[str, RecordedTrial]:
    """The run that counts for each fingerprint: the newest complete, else the newest. Of equals, the later listed."""
    chosen: dict[str, RecordedTrial] = {}
    for run in recorded:
        rival = chosen.get(run.fingerprint)
        if rival is None or (run.state == "complete", run.started) >= (rival.state == "complete", rival.started):
            chosen[run.fingerprint] = run
    return chosen
