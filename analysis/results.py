"""What a variant's trials came to: its values seed by seed, and in words what is not there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from runners.planning import Plan

MISSING = "missing"
"""State of a trial of which the record holds no run."""

_LONGEST_ERROR = 120
_STATES = {
    MISSING: "not trained yet",
    "running": "still running",
    "interrupted": "interrupted",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class SeedResult:
    """A trial of a variant."""

    seed: int
    state: str
    run_id: str | None
    error: str | None
    metrics: Mapping[str, float]

    def value(self, metric: str) -> float | None:
        """The metric, of a complete trial that reported a finite one; else None."""
        value = self.metrics.get(metric, math.nan) if self.state == "complete" else math.nan
        return value if math.isfinite(value) else None

    def lack(self, metric: str | None) -> str | None:
        """Why the trial gives no value for the metric (for any, if None), in words; None if it gives one."""
        if self.state == "complete":
            if metric is None or self.value(metric) is not None:
                return None
            number = self.metrics.get(metric)
            diverged = number is not None and math.isinf(number)
            return "diverged (infinite)" if diverged else "recorded without it; --fresh trains again"
        error = _first_line(self.error) if self.state == "failed" else ""
        return f"{_STATES.get(self.state, self.state)}: {error}" if error else _STATES.get(self.state, self.state)


@dataclass(frozen=True, slots=True)
class VariantResults:
    """All trials of a variant, in the order of the study's seeds."""

    trials: tuple[SeedResult, ...]

    @property
    def planned(self) -> int:
        """How many seeds the study plans."""
        return len(self.trials)

    @property
    def complete(self) -> tuple[SeedResult, ...]:
        """The trials that are complete."""
        return tuple(trial for trial in self.trials if trial.state == "complete")

    @property
    def all_failed(self) -> bool:
        """Whether there is nothing to wait for: each trial has failed."""
        return all(trial.state == "failed" for trial in self.trials)

    def values(self, metric: str) -> dict[int, float]:
        """The metric by seed, of complete trials only."""
        found = {trial.seed: trial.value(metric) for trial in self.trials}
        return {seed: value for seed, value in found.items() if value is not None}

    def runs(self, metric: str) -> tuple[str, ...]:
        """The ids of the runs from which `values` come."""
        return tuple(t.run_id for t in self.trials if t.run_id is not None and t.value(metric) is not None)

    def shortfall(self, metric: str | None) -> str | None:
        """What is missing for the metric (for any, if None), `1 of 2 seeds: seed 1 failed: no memory`; else None."""
        lacks: dict[str, list[int]] = {}
        for trial in self.trials:
            if (lack := trial.lack(metric)) is not None:
                lacks.setdefault(lack, []).append(trial.seed)
        if not lacks:
            return None
        there = self.planned - sum(map(len, lacks.values()))
        said = "; ".join(f"{name_seeds(seeds)} {lack}" for lack, seeds in lacks.items())
        return f"{there} of {self.planned} seed{'s' if self.planned > 1 else ''}: {said}"


def name_seeds(seeds: Sequence[int]) -> str:
    """Seeds in words.

    >>> name_seeds([0]), name_seeds([0, 1, 4])
    ('seed 0', 'seeds 0, 1 and 4')
    """
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    return f"seeds {', '.join(map(str, seeds[:-1]))} and {seeds[-1]}"


def variant_results(plan: Plan, frame: pd.DataFrame) -> dict[str, VariantResults]:
    """The results of each variant, by its id.

    Raises:
        ValueError: if the frame is not of this plan: its rows are other trials.
    """
    records: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    planned = {(trial.variant.id, trial.seed, trial.fingerprint) for trial in plan.trials}
    found = [(row["variant"], row["seed"], row["fingerprint"]) for row in records]
    if len(found) != len(planned) or set(found) != planned:
        raise ValueError(
            f"the frame does not hold the trials that the study '{plan.expanded.study.name}' plans; "
            "make it with trial_frame from the same plan"
        )
    trials: dict[str, list[SeedResult]] = {variant.id: [] for variant in plan.expanded.variants}
    for row in records:
        metrics = {name[7:]: float(value) for name, value in row.items() if name.startswith("metric.")}
        text = {name: row[name] if isinstance(row[name], str) else None for name in ("run_id", "error")}
        trials[row["variant"]].append(
            SeedResult(int(row["seed"]), row["state"], text["run_id"], text["error"], metrics)
        )
    return {variant: VariantResults(tuple(each)) for variant, each in trials.items()}


def _first_line(error: str | None) -> str:
    lines = (error or "").strip().splitlines()
    line = " ".join(lines[0].split()) if lines else ""
    return line if len(line) <= _LONGEST_ERROR else line[: _LONGEST_ERROR - 1].rstrip() + "…"
