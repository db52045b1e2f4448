"""`hglab plan` of a search: its space, what its constraints leave, what it would cost, what was done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from cli.options import ShownAs

if TYPE_CHECKING:
    from rich.console import Console

    from cli.search_survey import Survey
    from runners.job import Places
    from runners.search.results import SearchResult
    from search_space import ExpandedSearch


def plan_search(search: ExpandedSearch, places: Places, storage: str | None, shown_as: ShownAs) -> None:
    """Print what a search looks for, as tables or as JSON. Raises InputError where nothing of it may be trained."""
    from cli.search_state import done_so_far
    from cli.search_survey import survey
    from runners.record.reading import read_trials
    from runners.search.feasibility import check_feasible

    check_feasible(search)
    looked = survey(search, read_trials(places.uri))
    done = done_so_far(search, places, storage)
    summary = _summary(search, looked, done)
    if shown_as is ShownAs.json:
        typer.echo(json.dumps(summary, indent=2, allow_nan=False))
    else:
        _print(search, looked, done, summary)


def _summary(search: ExpandedSearch, looked: Survey, done: SearchResult | None) -> dict[str, Any]:
    from analysis.search.space_words import where
    from cli.search_state import result_as_plain
    from runners.search.halving import rungs

    epochs = search.space.most_epochs
    return {
        "study": search.study.name,
        "scale": search.scale,
        "data": search.settings["data.name"],
        "design": "search",
        "identity": search.identity,
        "space": {
            "dimensions": [
                {
                    "key": each.key,
                    "kind": each.kind,
                    "domain": each.describe(),
                    "conditions": where(search, each),
                }
                for each in search.space.dimensions
            ],
            "size": search.space.size,
            "looked_at": looked.looked_at,
            "whole": looked.whole,
            "feasible": looked.feasible,
            "unbuildable": looked.unbuildable,
            "params": looked.params,
        },
        "constraints": [
            *({"constraint": text, "rejects": count} for text, count in looked.rejected.items()),
            *({"constraint": text, "rejects": None} for text in looked.measured),
        ],
        "objectives": [{"metric": each.metric, "direction": each.direction} for each in search.objectives],
        "sampler": search.sampler.model_dump(exclude_none=True),
        "scheduler": {**search.scheduler.model_dump(exclude_none=True), "rungs": rungs(search, epochs)},
        "epochs": epochs,
        "trials": search.trials,
        "hours": search.hours,
        "seed": search.seed,
        "first": [_first(search, point) for point in search.first],
        "teachers": _teachers(search),
        "to_come": _to_come(search, looked, done),
        "estimated_seconds": None if looked.seconds is None else looked.seconds * _to_come(search, looked, done),
        "done": None if done is None else result_as_plain(done),
    }


def _to_come(search: ExpandedSearch, looked: Survey, done: SearchResult | None) -> int:
    """How many trials there will be beside those that have ended: no more than the space has points for."""
    from analysis.search.states import ended

    gone = ended(done) if done else 0
    left = search.trials - gone
    if search.space.size is not None:
        over = ("complete", "pruned", "failed", "infeasible")
        trials = done.trials if done else ()
        tried = {tuple(trial.point.items()) for trial in trials if trial.state in over}
        left = min(left, search.space.size - len(tried))
    if looked.whole:
        left = min(left, looked.feasible - gone)
    return max(0, left)


def _teachers(search: ExpandedSearch) -> list[str]:
    """The trials, as studies name them, that points of the search may learn from."""
    from search_space.teachers import KEY

    dimension = search.space.by_key.get(KEY)
    named = [search.settings[KEY]] if dimension is None else dimension.choices
    return [each for each in named if each is not None]


def _first(search: ExpandedSearch, point: Any) -> dict[str, Any]:
    from runners.search.feasibility import judge, resolved

    verdict = judge(search.config(point), resolved(search))
    return {
        "label": search.label(point),
        "point": dict(point),
        **{name: int(value) for name, value in verdict.figures.items()},
        "feasible": verdict.feasible,
        "problems": [*verdict.problems, *(f"breaks {each}" for each in verdict.violations)],
    }


def _print(search: ExpandedSearch, looked: Survey, done: SearchResult | None, summary: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape

    from cli.search_state import print_found
    from cli.search_text import points, share, size_words

    console = Console(highlight=False)
    title = search.study.spec.title or search.study.name
    console.print(f"[bold]{escape(title)}[/bold]  (search, scale {search.scale}, data {summary['data']})")
    _print_space(console, search)
    of = "of them" if looked.whole else f"of {points(looked.looked_at)} drawn at random"
    feasible = share(looked.feasible, looked.looked_at)
    console.print(f"{size_words(search.space)}; {feasible} {of} are feasible{_range(looked)}", soft_wrap=True)
    _print_constraints(console, looked)
    _print_how(console, search, summary["epochs"])
    _print_first(console, summary["first"])
    if summary["teachers"]:
        console.print(f"trained first, unless the record holds it: {', '.join(summary['teachers'])}", soft_wrap=True)
    _print_time(console, search, looked, done, taught=bool(summary["teachers"]))
    if done is not None:
        print_found(console, done)
    else:
        console.print("nothing has been searched yet")


def _print_space(console: Console, search: ExpandedSearch) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from analysis.search.space_words import where

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("dimension", no_wrap=True)
    table.add_column("domain", overflow="fold")
    table.add_column("where", overflow="fold")
    for each in search.space.dimensions:
        table.add_row(escape(each.key), escape(each.describe()), escape(", ".join(where(search, each))))
    console.print(table)


def _range(looked: Survey) -> str:
    from cli.text import quantity

    if looked.params is None:
        return ""
    low, high = (quantity(number) for number in looked.params)
    return f", with {low} parameters" if low == high else f", with {low} to {high} parameters"


def _print_constraints(console: Console, looked: Survey) -> None:
    from rich.markup import escape

    from cli.search_text import share

    for text, count in looked.rejected.items():
        console.print(f"  {escape(text)} rejects {share(count, looked.looked_at)}")
    if looked.unbuildable:
        console.print(f"  {share(looked.unbuildable, looked.looked_at)} cannot be built")
    for text in looked.measured:
        console.print(f"  {escape(text)} is measured before a trial begins")


def _print_how(console: Console, search: ExpandedSearch, epochs: int) -> None:
    from analysis.search.space_words import aim, sampler_words, scheduler_words

    for name, words in (
        ("objectives", ", ".join(aim(each) for each in search.objectives)),
        ("sampler", sampler_words(search)),
        ("scheduler", scheduler_words(search, epochs)),
    ):
        console.print(f"{name}: {words}", markup=False, soft_wrap=True)


def _print_first(console: Console, first: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from cli.text import quantity

    if not first:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("first points", overflow="fold")
    for title in ("params", "binary MACs"):
        table.add_column(title, justify="right")
    table.add_column("")
    for each in first:
        counts = [quantity(each[name]) if name in each else "" for name in ("params", "binary_macs")]
        words = "" if each["feasible"] else f"[red]left out[/red]: {escape('; '.join(each['problems']))}"
        table.add_row(escape(each["label"]), *counts, words)
    console.print(table)


def _print_time(
    console: Console, search: ExpandedSearch, looked: Survey, done: SearchResult | None, *, taught: bool
) -> None:
    from analysis.search.states import ended
    from cli.search_text import points, so_many
    from cli.text import duration

    gone = ended(done) if done else 0
    left = _to_come(search, looked, done)
    budget = f", at most {search.hours:g} h" if search.hours is not None else ""
    only = ""
    if gone + left < search.trials:
        feasible = f", {looked.feasible:,} of them feasible" if looked.feasible < looked.looked_at else ""
        only = f": the space has only {points(search.space.size or 0)}{feasible if looked.whole else ''}"
    trials = so_many(search.trials, "trial")
    console.print(f"[bold]{trials}[/bold]{budget}, {gone} done, {left} to come{only}", soft_wrap=True)
    if not left:
        return
    if looked.seconds is None:
        console.print("no estimate of time: the record holds no finished trial on this data yet")
        return
    most = "at most " if search.scheduler.name != "none" else ""
    each = duration(looked.seconds)
    console.print(
        f"{most}about {duration(looked.seconds * left)} of training, one trial after the other "
        f"({each} each, from trials in the record{', its teachers not counted' if taught else ''})",
        soft_wrap=True,
    )
