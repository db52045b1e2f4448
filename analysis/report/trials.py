"""The trials of a report: each planned one, what became of it, which run says so, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.frame import MISSING
from runners.record.chosen import choose_runs
from runners.record.details import KeptFile, kept_file

if TYPE_CHECKING:
    from runners.job import Places
    from runners.planning import Plan
    from runners.record.recorded import RecordedTrial

ERROR_FILE = "error.txt"
_MOST_FILES = 40  # of errors: each may be a question to a tracking server
_LONGEST = 20_000  # characters of a traceback


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A planned trial, or a phase from which one begins, and the run that counts for it.

    Attributes:
        variant: id of the variant, as messages call it.
        label: of the variant, as tables call it.
        seed: which repetition.
        state: complete, failed, interrupted, running, or missing where the record holds no run.
        run: that run; None where there is none.
        epoch: the last one that it reported; 0 for none.
    """

    variant: str
    label: str
    seed: int
    state: str
    run: RecordedTrial | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial that failed: the first line of its error, and all that is known of it ("" for nothing more)."""

    trial: TrialLine
    first: str
    full: str


def trial_lines(plan: Plan, recorded: Sequence[RecordedTrial]) -> list[TrialLine]:
    """Every planned trial in the study's order, then the phases."""
    chosen = choose_runs(recorded)
    position = {variant.id: place for place, variant in enumerate(plan.expanded.variants)}
    lines = []
    for trial in (*sorted(plan.trials, key=lambda trial: position[trial.variant.id]), *plan.phases):
        run = chosen.get(trial.fingerprint)
        state = run.state if run else MISSING
        epoch = int(run.metrics.get("epoch", 0)) if run else 0
        lines.append(TrialLine(trial.variant.id, trial.variant.label, trial.seed, state, run, epoch))
    return lines


def states(lines: Sequence[TrialLine]) -> Mapping[str, int]:
    """How many trials are in each state, complete ones first."""
    counted = Counter(line.state for line in lines)
    order = ("complete", "running", "interrupted", "failed", MISSING)
    return {state: counted[state] for state in order if counted[state]}


def failures(lines: Sequence[TrialLine], places: Places) -> list[Failure]:
    """The failed trials with their errors, and the tracebacks that are kept with their runs.

    Raises:
        InputError: for a record that cannot be read.
    """
    found: list[Failure] = []
    for line in lines:
        if line.run is None or line.state != "failed":
            continue
        error = (line.run.error or "it does not say why").strip()
        file = _traceback_file(line.run.run_id, places) if len(found) < _MOST_FILES else None
        first = error.splitlines()[0]
        full = error if error != first else ""
        if isinstance(file, Path):
            full = file.read_text(encoding="utf-8", errors="replace").strip() or full
        elif file is not None:
            full = f"{error}\nNo traceback: {file}"
        found.append(Failure(line, first, full[:_LONGEST]))
    return found


def _traceback_file(run: str, places: Places) -> KeptFile:
    return kept_file(places.uri, run, ERROR_FILE, places.cache / "downloads", places.artifacts)


def dates(lines: Sequence[TrialLine]) -> tuple[datetime, datetime] | None:
    """When the first and the last of the runs began; None where there is no run."""
    begun = [line.run.started for line in lines if line.run is not None]
    return (min(begun), max(begun)) if begun else None


def explained(lines: Sequence[TrialLine]) -> dict[str, tuple[str, ...]]:
    """What explains the runs and does not decide them (versions, hosts, devices): the different values of each."""
    found: dict[str, dict[str, None]] = {}
    for line in lines:
        for key, value in (line.run.provenance if line.run else {}).items():
            found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items() if key != "process"}
