"""What a study's report says, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.report.differences import Difference, differences, differences_table
from analysis.report.networks import networks_table
from analysis.report.pictures import FINE, QUICK, Picture, pictures
from analysis.report.trials import Failure, TrialLine, dates, explained, failures, states, trial_lines
from search_space import InputError
from search_space.keys import show_value
from search_space.metrics import HEADLINE, METRICS

if TYPE_CHECKING:
    from analysis.table_model import Provenance, Table
    from runners.job import Places
    from runners.planning import Plan
    from runners.record.recorded import RecordedLaunch, RecordedTrial

MANY_TRIALS = 200
"""In a report of more trials, figures that read the files of each are left out, so that it is there in seconds."""

_RESAMPLES, _FEW_RESAMPLES = 10_000, 1_000
_DESIGNS: Mapping[str, str] = {
    "variants": "written out one by one",
    "grid": "a grid: every combination of values",
    "one_factor_at_a_time": "one factor at a time, against one baseline",
    "leave_one_out": "leave one out: each part of the baseline put back in turn",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """A report.

    Attributes:
        name: of the study.
        title: its question.
        design: how its variants come about, in words.
        scale: at which scale, and what the launch set besides, as `key = value`.
        data: each data set with its version.
        seeds: the repetitions of each variant.
        baseline: label of the variant that others are compared with; None for none.
        varies: the keys in which variants differ.
        table: the study's table.
        pictures: its figures, drawn or not.
        sentences: what the statistics say.
        compared: the statistics as a table; None where there are none.
        settings: the settings in which the variants differ, as a table; None where they differ in none.
        networks: what the networks cost.
        trials: every planned trial.
        states: how many trials are in each state.
        failures: the failed trials.
        launches: of this study, oldest first.
        provenance: of the table.
        explained: versions, hosts and devices of the runs.
        dates: when the first and the last run began.
    """

    name: str
    title: str
    design: str
    scale: str
    overrides: tuple[str, ...]
    data: Mapping[str, str]
    seeds: tuple[int, ...]
    baseline: str | None
    varies: tuple[Difference, ...]
    table: Table
    pictures: tuple[Picture, ...]
    sentences: tuple[str, ...]
    compared: Table | None
    settings: Table | None
    networks: Table
    trials: tuple[TrialLine, ...]
    states: Mapping[str, int]
    failures: tuple[Failure, ...]
    launches: tuple[RecordedLaunch, ...]
    provenance: Provenance
    explained: Mapping[str, tuple[str, ...]]
    dates: tuple[datetime, datetime] | None

    @property
    def digest(self) -> str:
        """What tells the plan of the report from another of the same study: see `analysis.provenance`."""
        return self.provenance.studies[0][1]

    @property
    def unfinished(self) -> tuple[TrialLine, ...]:
        """The trials that are neither complete nor failed."""
        return tuple(line for line in self.trials if line.state not in ("complete", "failed"))


def gather(
    plan: Plan, recorded: Sequence[RecordedTrial], launches: Sequence[RecordedLaunch], places: Places
) -> Contents:
    """All that a report of a study says.

    Args:
        plan: what `runners.planning.plan_study` returned.
        recorded: the record's trials, of this study and of any other.
        launches: the study's launches.
        places: where the record, the data and the weights are.

    Raises:
        InputError: for a record that cannot be read.
    """
    from analysis.figures.catalogue import default_figures
    from analysis.figures.material import Material
    from analysis.frame import trial_frame
    from analysis.provenance import provenance
    from analysis.table import build_table

    expanded = plan.expanded
    spec = expanded.study.spec
    table = build_table(plan, trial_frame(plan, recorded))
    found = differences(expanded.variants)
    lines = trial_lines(plan, recorded)
    names = default_figures(plan, places)
    sentences, compared = _statistics(plan, recorded, places)
    return Contents(
        name=expanded.study.name,
        title=spec.title or expanded.study.name,
        design=_DESIGNS[spec.design],
        scale=expanded.scale,
        overrides=tuple(f"{key} = {show_value(value)}" for key, value in expanded.overrides.items()),
        data=plan.data_versions,
        seeds=tuple(spec.seeds),
        baseline=expanded.baseline.label if expanded.baseline else None,
        varies=tuple(found),
        table=table,
        pictures=tuple(
            pictures(
                Material(plan, recorded, places, {"notes": False}),
                names,
                _left_out(plan, names),
                QUICK if _is_large(plan) else FINE,
            )
        ),
        sentences=tuple(sentences),
        compared=compared,
        settings=differences_table(plan, found) if found else None,
        networks=networks_table(plan),
        trials=tuple(lines),
        states=states(lines),
        failures=tuple(failures(lines, places)),
        launches=tuple(launches),
        provenance=table.provenance or provenance(plan, table),
        explained=explained(lines),
        dates=dates(lines),
    )


def _is_large(plan: Plan) -> bool:
    return len(plan.trials) > MANY_TRIALS


def _left_out(plan: Plan, names: Sequence[str]) -> dict[str, str]:
    """The figures that a report of many trials does without, with the reason."""
    from analysis.figures.catalogue import FIGURES

    if not _is_large(plan):
        return {}
    why = f"left out, for it reads files of each of {len(plan.trials):,} trials; `hglab figure {{}}` draws it"
    return {name: why.format(name) for name in names if FIGURES[name].needs != "record"}


def _statistics(plan: Plan, recorded: Sequence[RecordedTrial], places: Places) -> tuple[list[str], Table | None]:
    """What the statistics say of the study's headline, and their table."""
    from analysis.sentences import sentences
    from analysis.significance import compare_variants, to_table

    header = METRICS[HEADLINE].header
    if plan.expanded.baseline is None:
        return [
            f"The study names no baseline, so nothing is compared by {header}: `hglab compare --against` does."
        ], None
    resamples = _FEW_RESAMPLES if _is_large(plan) else _RESAMPLES
    try:
        significance = compare_variants(plan, recorded, places, metric=HEADLINE, resamples=resamples)
    except InputError as error:
        return [f"Nothing is compared by {header}: {error}."], None
    return list(sentences(significance)), to_table(significance)
