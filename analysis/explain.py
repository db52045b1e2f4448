"""What is behind one number of a table: the formula in words, and every trial that entered it or should have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.behind import Behind
from analysis.formulas import formula
from analysis.results import MISSING, SeedResult
from analysis.table_model import Cell, Head, Row, Table
from blocks.count import count_layers
from blocks.layers import Layer, network_layers
from runners.record.chosen import choose_runs
from search_space import InputError, Location, Problem
from search_space.problems import did_you_mean

if TYPE_CHECKING:
    from runners.planning import Plan, PlannedTrial
    from runners.record.recorded import RecordedTrial
    from search_space import Variant

_INSIDE_BLOCK = re.compile(r"\.(?:units|shortcut)\b")
_OVER_SEEDS = ("metric", "delta", "ratio", "n", "statistic")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is behind a cell.

    Attributes:
        study: the row's study.
        scale: at which scale.
        row: the row.
        column: the column.
        cell: what the table shows.
        formula: how the number came about, in words.
        trials: those behind it, seed by seed; none where it does not depend on training.
        notes: what the table notes at the cell.
        parts: of a number that follows from the network, what each part of it adds, by the part's name.
    """

    study: str
    scale: str
    row: Row
    column: Head
    cell: Cell
    formula: str
    trials: tuple[Behind, ...]
    notes: tuple[str, ...]
    parts: tuple[tuple[str, int], ...] = ()


def explain(
    table: Table, plans: Sequence[Plan], recorded: Sequence[RecordedTrial], row: str, column: str
) -> Explanation:
    """What is behind the number in this row and column.

    Args:
        table: of one study, or joined.
        plans: of its studies.
        recorded: the record's runs, from which the table was made.
        row: a row's id, or its label as it is printed; of several studies `study/row`, or `row` where one has it.
        column: a column's key, or its header as it is printed.

    Raises:
        InputError: for a row or a column that the table does not have, or has more than once.
    """
    problems: list[Problem] = []
    rows = {each.id: [each.id.rpartition("/")[2], each.label] for each in table.rows}
    heads = {each.key: [each.header] for each in table.columns}
    row_id, key = _chosen("row", row, rows, problems), _chosen("column", column, heads, problems)
    if row_id is None or key is None:
        raise InputError(problems)
    found = next(each for each in table.rows if each.id == row_id)
    place = [each.key for each in table.columns].index(key)
    head, cell = table.columns[place], found.cells[place]
    plan, variant = _variant(plans, found)
    trials = _trials(plan, variant, head, recorded)
    return Explanation(
        study=plan.expanded.study.name,
        scale=plan.expanded.scale,
        row=found,
        column=head,
        cell=cell,
        formula=formula(plan, variant, head, cell, trials),
        trials=trials,
        notes=tuple(note.text for note in table.notes if note.mark in cell.marks),
        parts=_parts(variant, head),
    )


def _parts(variant: Variant, head: Head) -> tuple[tuple[str, int], ...]:
    """What a network's blocks, and its layers outside of them, add to a count; without those that add nothing."""
    if head.kind != "metric" or not head.counted or head.metric is None:
        return ()
    config = variant.config
    by_part: dict[str, list[Layer]] = {}
    for layer in network_layers(config.model, config.data.resolution):
        by_part.setdefault(_INSIDE_BLOCK.split(layer.name)[0], []).append(layer)
    counts = {part: int(getattr(count_layers(layers), head.metric)) for part, layers in by_part.items()}
    return tuple((part, number) for part, number in counts.items() if number)


def _chosen(what: str, asked: str, known: Mapping[str, Sequence[str]], problems: list[Problem]) -> str | None:
    """The name by which something is known exactly, or by its only other name; else a problem more, and None."""
    if asked in known:
        return asked
    found = [name for name, others in known.items() if asked in others]
    if len(found) == 1:
        return found[0]
    where = Location(f"--explain, {what} {asked}")
    if found:
        problems.append(Problem(where, f"the table has several such {what}s", f"one of {', '.join(found)}"))
    else:
        problems.append(Problem(where, f"the table has no {what} '{asked}'", did_you_mean(asked, known)))
    return None


def _variant(plans: Sequence[Plan], row: Row) -> tuple[Plan, Variant]:
    names = [
        (plan, variant, variant.id if len(plans) == 1 else f"{plan.expanded.study.name}/{variant.id}")
        for plan in plans
        for variant in plan.expanded.variants
    ]
    return next((plan, variant) for plan, variant, name in names if name == row.id)


def _trials(plan: Plan, variant: Variant, head: Head, recorded: Sequence[RecordedTrial]) -> tuple[Behind, ...]:
    if head.counted or head.kind not in _OVER_SEEDS:
        return ()
    chosen = choose_runs(recorded)
    metric = None if head.kind == "n" else head.metric

    def of(which: Literal["row", "baseline"], variant: Variant) -> list[Behind]:
        own = [trial for trial in plan.trials if trial.variant.id == variant.id]
        return [_behind(which, trial, metric, chosen.get(trial.fingerprint)) for trial in own]

    trials = of("row", variant)
    baseline = plan.expanded.baseline
    if head.kind in ("delta", "ratio", "statistic") and baseline is not None and baseline.id != variant.id:
        trials += of("baseline", baseline)
    return tuple(trials)


def _behind(
    of: Literal["row", "baseline"], trial: PlannedTrial, metric: str | None, run: RecordedTrial | None
) -> Behind:
    if run is None:
        result = SeedResult(trial.seed, MISSING, None, None, {})
        return Behind(of, trial.variant.id, trial.seed, trial.fingerprint, MISSING, None, result.lack(metric))
    result = SeedResult(trial.seed, run.state, run.run_id, run.error, run.metrics)
    places = [run.provenance.get(key) for key in ("host", "device")]
    return Behind(
        of,
        trial.variant.id,
        trial.seed,
        trial.fingerprint,
        run.state,
        value=result.value(metric) if metric else None,
        lack=result.lack(metric),
        run=run.run_id,
        trained_in=f"{run.study}/{run.variant}",
        started=run.started,
        where=", ".join(place for place in places if place) or None,
        error=run.error,
        provenance=run.provenance,
    )
