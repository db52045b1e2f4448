"""`hglab status` of a search: how far it is, what it has found, what runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from cli.options import ShownAs

if TYPE_CHECKING:
    from runners.job import Places
    from search_space import ExpandedSearch


def status_search(search: ExpandedSearch, places: Places, storage: str | None, shown_as: ShownAs) -> None:
    """Print how far a search is, as text or as JSON."""
    from rich.console import Console
    from rich.markup import escape

    from cli.search_state import as_plain, done_so_far, print_found, result_as_plain
    from cli.search_text import so_many

    done = done_so_far(search, places, storage)
    if shown_as is ShownAs.json:
        summary = {
            "study": search.study.name,
            "scale": search.scale,
            "design": "search",
            "trials": search.trials,
            "hours": search.hours,
            **(result_as_plain(done) if done is not None else {"ended": 0, "states": {}}),
            "points": [as_plain(trial, search) for trial in done.trials] if done is not None else [],
        }
        typer.echo(json.dumps(summary, indent=2))
        return
    console = Console(highlight=False)
    name, data = search.study.name, search.settings["data.name"]
    console.print(f"[bold]{escape(name)}[/bold]  (search, scale {search.scale}, data {data})")
    if done is None:
        path = escape(str(search.study.path))
        console.print(f"{so_many(search.trials, 'trial')}, none begun: hglab search {path}")
        return
    print_found(console, done)
    console.print(f"[dim]Optuna keeps it as '{escape(done.optuna_study)}'.[/dim]", soft_wrap=True)
