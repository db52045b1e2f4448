"""What a search's report says, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.numbers import NONE, choose_format
from analysis.report.pictures import FINE, Picture, picture_of
from analysis.report.trials import Failure, TrialLine, dates, explained, failures
from analysis.search.choosing import NothingFound
from analysis.search.space_words import aim, sampler_words, scheduler_words, where
from analysis.search.states import in_words, state_of, states
from analysis.search.table import search_table
from analysis.search.tally import tally
from analysis.search.words import metric_named
from runners.record.chosen import choose_runs
from search_space.keys import show_value

if TYPE_CHECKING:
    from analysis.figures.page import Drawing
    from analysis.table_model import Provenance, Table
    from runners.job import Places
    from runners.record.recorded import RecordedLaunch, RecordedTrial
    from runners.search.results import SearchedTrial, SearchResult
    from search_space import ExpandedSearch


@dataclass(frozen=True, slots=True)
class PointLine:
    """A point that the search proposed.

    Attributes:
        name: `p12`.
        label: what sets it apart.
        state: what became of it; `repeated` for one that was proposed before.
        words: the state in words.
        figures: its objectives in the order of the search, each as printed ("—" for none) and as it is.
        epochs: how many it has trained here.
        remark: which constraints it breaks, or whose repetition it is; "" for nothing to say.
        run: its run in the record, if there is one.
    """

    name: str
    label: str
    state: str
    words: str
    figures: tuple[tuple[str, float | None], ...]
    epochs: int
    remark: str
    run: RecordedTrial | None


@dataclass(frozen=True, slots=True)
class SearchContents:
    """The report of a search.

    Attributes:
        name: of the study.
        title: its question.
        scale: at which scale.
        overrides: what the launch set besides, as `key = value`.
        data: each data set with its version.
        space: each dimension with its domain and where it varies.
        facts: objectives, constraints, sampler and scheduler in words.
        tally: how far it is, in a sentence or two.
        table: the front, or the best; None where no trial is complete.
        objectives: what stands above the figures of `trials`, and which direction is better.
        pictures: its figures, drawn or not.
        trials: every point.
        states: how many points are in each state.
        failures: the failed trials.
        launches: of this study, oldest first.
        provenance: of the table; None where there is none.
        kept: what Optuna calls it.
        explained: versions, hosts and devices of the runs.
        dates: when the first and the last run began.
        digest: what tells it from another search of the same study.
    """

    name: str
    title: str
    scale: str
    overrides: tuple[str, ...]
    data: Mapping[str, str]
    space: tuple[tuple[str, str, str], ...]
    facts: Mapping[str, str]
    tally: str
    table: Table | None
    objectives: tuple[tuple[str, str], ...]
    pictures: tuple[Picture, ...]
    trials: tuple[PointLine, ...]
    states: Mapping[str, int]
    failures: tuple[Failure, ...]
    launches: tuple[RecordedLaunch, ...]
    provenance: Provenance | None
    kept: str
    explained: Mapping[str, tuple[str, ...]]
    dates: tuple[datetime, datetime] | None
    digest: str


def gather_search(
    result: SearchResult, recorded: Sequence[RecordedTrial], launches: Sequence[RecordedLaunch], places: Places
) -> SearchContents:
    """All that a report of a search says.

    Args:
        result: what `runners.search.results.read_search` returned.
        recorded: the record's trials, of this study and of any other.
        launches: the study's launches.
        places: where the record is.

    Raises:
        InputError: for a record that cannot be read.
    """
    from runners.search.importance import importances

    search = result.search
    chosen = choose_runs(recorded)
    lines = [_trial_line(search, trial, chosen) for trial in result.trials if trial.duplicate_of is None]
    importance = importances(result)
    try:
        table = search_table(result, importance=importance)
    except NothingFound:
        table = None
    return SearchContents(
        name=search.study.name,
        title=search.study.spec.title or search.study.name,
        scale=search.scale,
        overrides=tuple(f"{key} = {show_value(value)}" for key, value in search.overrides.items()),
        data=launches[-1].data_versions if launches else {search.settings["data.name"]: ""},
        space=tuple((each.key, each.describe(), " and ".join(where(search, each))) for each in search.space.dimensions),
        facts=_facts(search),
        tally=tally(result),
        table=table,
        objectives=tuple((metric_named(each.metric).header, each.direction) for each in search.objectives),
        pictures=_pictures(result, importance),
        trials=tuple(_point_lines(result, chosen)),
        states=states(result),
        failures=tuple(_failures(result, lines, places)),
        launches=tuple(launches),
        provenance=table.provenance if table else None,
        kept=result.optuna_study,
        explained=explained(lines),
        dates=dates(lines),
        digest=search.identity,
    )


def _facts(search: ExpandedSearch) -> dict[str, str]:

    budget = f", at most {search.hours:g} h" if search.hours is not None else ""
    facts = {
        "Objectives": ", ".join(aim(each) for each in search.objectives),
        "Constraints": ", ".join(map(str, search.constraints)) or "none",
        "Sampler": sampler_words(search),
        "Scheduler": scheduler_words(search, search.space.most_epochs),
        "Trials": f"{search.trials}{budget}",
    }
    if search.first:
        facts["Tried first"] = "; ".join(search.label(point) for point in search.first)
    return facts


def _trial_line(search: ExpandedSearch, trial: SearchedTrial, chosen: Mapping[str, RecordedTrial]) -> TrialLine:
    """A point as a line of a report of rows, for what reports say of runs."""
    run = chosen.get(trial.fingerprint or "")
    label = f"p{trial.number} {search.label(trial.point)}"
    return TrialLine(f"p{trial.number}", label, search.trial_seed, trial.state, run, trial.epochs)


def _failures(result: SearchResult, lines: Sequence[TrialLine], places: Places) -> list[Failure]:
    """The failed trials, as their runs tell; of those without a run that failed, as Optuna's storage does."""
    found = {failure.trial.variant: failure for failure in failures(lines, places)}
    errors = {f"p{trial.number}": trial.error for trial in result.trials}
    for line in lines:
        if line.state == "failed" and line.variant not in found:
            error = (errors[line.variant] or "it does not say why").strip()
            first = error.splitlines()[0]
            found[line.variant] = Failure(line, first, error if error != first else "")
    return [found[line.variant] for line in lines if line.variant in found]


def _point_lines(result: SearchResult, chosen: Mapping[str, RecordedTrial]) -> list[PointLine]:
    search = result.search
    columns = []
    for objective in search.objectives:
        values = [trial.values.get(objective.metric) for trial in result.trials]
        printed = choose_format(metric_named(objective.metric).format, [each for each in values if each is not None])
        columns.append([(NONE if value is None else printed.text(value), value) for value in values])
    return [
        PointLine(
            name=f"p{trial.number}",
            label=search.label(trial.point),
            state=state_of(trial),
            words=in_words(state_of(trial)),
            figures=tuple(column[place] for column in columns),
            epochs=trial.epochs,
            remark=_remark(trial),
            run=chosen.get(trial.fingerprint or "") if trial.duplicate_of is None else None,
        )
        for place, trial in enumerate(result.trials)
    ]


def _remark(trial: SearchedTrial) -> str:
    if trial.duplicate_of is not None:
        return f"as p{trial.duplicate_of}"
    if trial.state == "infeasible":
        broken = [f"breaks {each}" for each, by in (trial.violations or {}).items() if by > 0]
        return "; ".join([*broken, *([trial.error] if trial.error else [])])
    return "from the record" if trial.reused else ""


def _pictures(result: SearchResult, importance: Mapping[str, Mapping[str, float]]) -> tuple[Picture, ...]:
    from analysis.figures.material import NothingToDraw
    from analysis.figures.style import styled
    from analysis.search.coordinates_figure import draw_coordinates
    from analysis.search.front_figure import draw_front
    from analysis.search.importance_figure import draw_importance

    def drawn(draw: Callable[[], Drawing]) -> Callable[[], Drawing]:
        def make() -> Drawing:
            try:
                with styled():
                    return replace(draw(), notes=())  # they stand on the picture
            except NothingFound as nothing:
                raise NothingToDraw(str(nothing)) from None

        return make

    kinds = (
        ("front", "What was found", "Every trial by its objectives.", lambda: draw_front(result)),
        ("coordinates", "Values and results", "A line for each complete trial.", lambda: draw_coordinates(result)),
        (
            "importance",
            "What matters",
            "How far each dimension tells good points from others.",
            lambda: draw_importance(result, importance),
        ),
    )
    name = result.search.study.name
    return tuple(
        picture_of(kind, title, (words,), f"{title} of the search {name}. {words}", drawn(draw), FINE)
        for kind, title, words, draw in kinds
    )
