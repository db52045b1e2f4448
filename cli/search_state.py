"""How far a search is, for the verbs that tell: from its storage, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from runners.job import Places
    from runners.search.results import SearchedTrial, SearchResult
    from search_space import ExpandedSearch

STYLES = {"complete": "green", "pruned": "yellow", "running": "cyan", "interrupted": "yellow", "failed": "red"}
_MOST = 12
_MOST_FAILED = 5


def done_so_far(search: ExpandedSearch, places: Places, storage: str | None) -> SearchResult | None:
    """What the search has found; None where it has not begun. Raises InputError for a storage that does not open."""
    from runners.search.opening import storage_url
    from runners.search.results import result_of
    from runners.search.storage import open_study
    from runners.settling import ended_launches

    url = storage_url(places, storage)
    study = open_study(search, url)
    return None if study is None else result_of(search, study, url, gone=ended_launches(places))


def as_plain(trial: SearchedTrial, search: ExpandedSearch) -> dict[str, Any]:
    """A point for scripts."""
    return {
        "number": trial.number,
        "name": trial.name,
        "label": search.label(trial.point),
        "state": trial.state,
        "point": dict(trial.point),
        "values": dict(trial.values),
        "epochs": trial.epochs,
        "fingerprint": trial.fingerprint,
        "run": trial.run_id,
        "reused": trial.reused,
        "duplicate_of": trial.duplicate_of,
        "violations": dict(trial.violations or {}),
        "error": trial.error,
    }


def result_as_plain(result: SearchResult) -> dict[str, Any]:
    """How far a search is, for scripts: counts, the best or the front, where it is kept."""
    from analysis.search.states import ended, epochs_trained, states

    return {
        "ended": ended(result),
        "states": dict(states(result)),
        "epochs_trained": epochs_trained(result),
        "seconds": result.seconds,
        "best": as_plain(result.best, result.search) if result.best else None,
        "front": [as_plain(trial, result.search) for trial in result.front],
        "optuna_study": result.optuna_study,
    }


def print_found(console: Console, result: SearchResult) -> None:
    """Print counts, the best or the front, what runs, what failed."""
    from rich.markup import escape

    from analysis.search.states import ended, epochs_trained, in_words, states
    from cli.search_text import points, points_table, said, so_many, some_of, trials_of
    from cli.text import duration

    search = result.search
    told = [f"[{STYLES.get(state, 'dim')}]{count} {in_words(state)}[/]" for state, count in states(result).items()]
    said_of_states = f": {', '.join(told)}" if told else ", none begun"
    console.print(f"[bold]{trials_of(ended(result), search.trials)}[/bold]{said_of_states}", soft_wrap=True)
    of = f" of {search.hours:g} h" if search.hours is not None else ""
    console.print(f"{so_many(epochs_trained(result), 'epoch')} trained, {duration(result.seconds)}{of} gone")
    if result.best is not None:
        console.print(f"[bold]best[/bold]  {escape(said(result.best, search))}", soft_wrap=True)
    elif result.front:
        some = some_of(result.front, search, _MOST)
        more = f", {len(some)} of them" if len(some) < len(result.front) else ""
        console.print(f"[bold]front[/bold]  {points(len(result.front))}{more}")
        console.print(points_table(some, search))
    else:
        console.print("no point is complete yet", style="dim")
    for trial in result.trials:
        if trial.state in ("running", "interrupted") and trial.duplicate_of is None:
            of = f", epoch {trial.epochs}" if trial.epochs else ""
            console.print(
                f"  [{STYLES[trial.state]}]{trial.state}[/]  {escape(said(trial, search))}{of}", soft_wrap=True
            )
    failed = [trial for trial in result.trials if trial.state == "failed" and trial.duplicate_of is None]
    for trial in failed[:_MOST_FAILED]:
        console.print(f"[red]✗[/red] {escape(said(trial, search))}: {escape(trial.error or '')}", soft_wrap=True)
    if len(failed) > _MOST_FAILED:
        console.print(f"[red]✗[/red] and {len(failed) - _MOST_FAILED} more (--format json names them)")
