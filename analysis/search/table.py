"""The table of a search: its Pareto front, or of one objective its best."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analysis.notes import NoteList
from analysis.numbers import NONE, choose_format
from analysis.provenance import runs_behind
from analysis.search.choosing import NothingFound, shown_trials
from analysis.search.first_points import FirstPoint, first_trials
from analysis.search.tally import caution, setting, tally
from analysis.search.words import descriptions, is_cost, listed, metric_named, names_of, shared
from analysis.table_model import Cell, Head, Note, Provenance, Row, Table
from runners.code_version import code_version
from runners.search.importance import best_among, why_none
from search_space import TRAINING_CODE_VERSION

if TYPE_CHECKING:
    from runners.search.results import SearchedTrial, SearchResult
    from search_space.metrics import Better

COUNTS = ("params", "binary_macs")
"""What every network is described by, beside the objectives."""

_MOST_NAMED = 5  # dimensions, of those that matter


def search_table(
    result: SearchResult,
    top: int | None = None,
    importance: Mapping[str, Mapping[str, float]] | None = None,
    now: datetime | None = None,
) -> Table:
    """The table of a search's front, the best by the first objective first; of one objective its best ten.

    Args:
        result: what `runners.search.results` read.
        top: at most so many rows; None: ten of one objective, all of a front.
        importance: what `importances` said: by objective, of each dimension; a note tells of it.
        now: when it is made; None for this moment.

    Raises:
        NothingFound: where no trial is complete.
    """
    search = result.search
    trials, available = shown_trials(result, top)
    if not trials:
        raise NothingFound(f"no trial is complete yet. {tally(result)}")
    metrics = list(dict.fromkeys([*(objective.metric for objective in search.objectives), *COUNTS]))
    directions = {objective.metric: objective.direction for objective in search.objectives}
    notes = NoteList()
    marks = _first_marks(first_trials(result), trials, notes)
    columns: list[tuple[Head, list[Cell]]] = [_trial_column(trials, marks)]
    columns += [_metric_column(metric, directions.get(metric), trials) for metric in metrics]
    epochs = [Cell(trial.epochs, str(trial.epochs)) for trial in trials]
    columns.append((Head("epochs", "epochs", "config"), epochs))
    points = [trial.point for trial in trials]
    words = descriptions(points, search.space.dimensions)
    rows = tuple(
        Row(trial.name, words[place], tuple(cells[place] for _, cells in columns)) for place, trial in enumerate(trials)
    )
    study = search.study
    said = [setting(result), tally(result), caution(result)]
    if common := shared(points, search.space.dimensions):
        said.append(f"All rows: {common}.")
    said += importance_notes(result, importance or {})
    return Table(
        study=study.name,
        title=study.spec.title,
        scale=search.scale,
        caption=f"{study.spec.title or study.name}: {_what(result, len(trials), available)}",
        label=f"tab:{study.name}_front",
        row_header="what it is",
        columns=tuple(head for head, _ in columns),
        rows=rows,
        notes=(*(Note(text) for text in said), *notes),
        provenance=_provenance(result, rows, now),
        siunitx=study.spec.table.siunitx,
    )


def importance_notes(result: SearchResult, importance: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Which dimensions matter for which objective, a sentence each: `What matters for PCKh: depth 52%, ...`

    One sentence that says why where too few trials are complete; none where nobody asked.
    """
    if importance and (why := why_none(result)):
        return [why]
    names = names_of(each.key for each in result.search.space.dimensions)
    said = []
    for metric, shares in importance.items():
        ranked = sorted(((share, key) for key, share in shares.items() if share >= 0.005), reverse=True)
        if ranked:
            named = ", ".join(f"{names.get(key, key)} {share:.0%}" for share, key in ranked[:_MOST_NAMED])
            trials = len(result.complete)
            method = f"PED-ANOVA, the best {best_among(trials)} of {trials} complete trials against all"
            said.append(f"What matters for {metric_named(metric).header} ({method}): {named}.")
    return said


def _what(result: SearchResult, shown: int, available: int) -> str:
    if len(result.search.objectives) > 1:
        headers = listed([metric_named(each.metric).header for each in result.search.objectives])
        part = "the Pareto front" if shown == available else f"{shown} of the {available} trials of the Pareto front"
        return f"{part} of {headers}"
    if shown == available:
        return "the one complete trial" if shown == 1 else f"all {shown} complete trials, the best first"
    best = "the best" if shown == 1 else f"the best {shown}"
    return f"{best} of {available} complete trial{'' if available == 1 else 's'}"


def _trial_column(trials: Sequence[SearchedTrial], marks: Mapping[int, str]) -> tuple[Head, list[Cell]]:
    cells = [
        Cell(trial.name, trial.name, marks=(marks[trial.number],) if trial.number in marks else ()) for trial in trials
    ]
    return Head("trial", "trial", "config", numeric=False), cells


def _metric_column(name: str, direction: Better | None, trials: Sequence[SearchedTrial]) -> tuple[Head, list[Cell]]:
    """A figure of every trial. Nothing is marked best: one seed has no deviation to lead by."""
    metric = metric_named(name)
    values = [trial.values.get(name) for trial in trials]
    printed = choose_format(metric.format, [value for value in values if value is not None])
    cells = []
    for trial, value in zip(trials, values, strict=True):
        if value is None:
            cells.append(Cell(None, NONE))
        elif is_cost(name):
            cells.append(Cell(round(value) if value == round(value) else value, printed.text(value)))
        else:
            runs = (trial.run_id,) if trial.run_id else ()
            cells.append(Cell(value, printed.text(value), n=1, n_planned=1, runs=runs))
    head = Head(
        name, metric.header, "metric", metric=name, format=metric.format, unit=printed.unit,
        aggregate=None if is_cost(name) else "mean", better=direction or metric.better,
        counted=is_cost(name),
    )  # fmt: skip
    return head, cells


def _first_marks(first: Mapping[int, FirstPoint], trials: Sequence[SearchedTrial], notes: NoteList) -> dict[int, str]:
    """The marks of the rows that the study itself proposed."""
    return {
        trial.number: notes.mark(f"Tried first: {first[trial.number].reference or 'as the study asks'}.")
        for trial in trials
        if trial.number in first
    }


def _provenance(result: SearchResult, rows: Sequence[Row], now: datetime | None) -> Provenance:
    fingerprints = sorted({trial.fingerprint for trial in result.trials if trial.fingerprint})
    moment = datetime.now(UTC) if now is None else now.astimezone(UTC)
    return Provenance(
        studies=((result.search.study.name, hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()),),
        runs=runs_behind(rows),
        code=f"{code_version()}, training code {TRAINING_CODE_VERSION}",
        made=moment.isoformat(timespec="seconds"),
    )
