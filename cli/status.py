"""`hglab status`: how far a study is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from cli.options import (
    DEFAULT_RUNS,
    Data,
    DataRoot,
    Format,
    Runs,
    Scale,
    Set,
    ShownAs,
    Storage,
    StudyPath,
    TrackingUri,
    guarded,
)

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"complete": "green", "running": "cyan", "failed": "red", "interrupted": "yellow", "missing": "dim"}


@guarded
def status(
    study: StudyPath,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Show which trials of a study are complete, running, failed, interrupted or missing; of a search the best so far.

    Without --scale, --data or --set it speaks of the study's last launch.

    Example: hglab status studies/quickstart.yaml
    """
    from analysis.frame import MISSING
    from cli.searches import names_a_search, search_as_launched
    from cli.status_search import status_search
    from cli.studies import planned_as_launched
    from runners.job import Places
    from runners.record.chosen import choose_runs
    from runners.record.reading import read_trials
    from search_space.phases import epochs

    places = Places.below(runs, tracking_uri, data_root)
    if names_a_search(study):
        status_search(search_as_launched(study, scale, data, settings, places), places, storage, shown_as)
        return
    plan = planned_as_launched(study, scale, data, settings, data_root, places)
    chosen = choose_runs(read_trials(places.uri))
    position = {variant.id: place for place, variant in enumerate(plan.expanded.variants)}
    trials: list[dict[str, Any]] = []
    for planned in (*sorted(plan.trials, key=lambda trial: position[trial.variant.id]), *plan.phases):
        run = chosen.get(planned.fingerprint)
        trials.append(
            {
                "variant": planned.variant.id,
                "seed": planned.seed,
                "state": run.state if run else MISSING,
                "epoch": int(run.metrics.get("epoch", 0)) if run else 0,
                "epochs": epochs(planned.config),
                "fingerprint": planned.fingerprint,
                "error": run.error if run else None,
            }
        )
    counts = {state: sum(trial["state"] == state for trial in trials) for state in _STYLES}
    if shown_as is ShownAs.json:
        summary = {"study": plan.expanded.study.name, "scale": plan.expanded.scale, "states": counts, "trials": trials}
        typer.echo(json.dumps(summary, indent=2))
        return
    _print(
        f"{plan.expanded.study.name} (scale {plan.expanded.scale}, data {', '.join(plan.data_versions)})",
        trials,
        counts,
    )


def _print(title: str, trials: list[dict[str, Any]], counts: dict[str, int]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    seeds = list(dict.fromkeys(trial["seed"] for trial in trials))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    console.print(f"[bold]{escape(title)}[/bold]")
    table.add_column("variant")
    for seed in seeds:
        table.add_column(f"seed {seed}")
    cells: dict[str, dict[int, Text]] = {}
    for trial in trials:
        cells.setdefault(trial["variant"], {})[trial["seed"]] = _cell(trial)
    for variant, by_seed in cells.items():
        table.add_row(escape(variant), *(by_seed.get(seed, Text()) for seed in seeds))
    console.print(table)
    console.print(", ".join(f"[{_STYLES[state]}]{count} {state}[/]" for state, count in counts.items() if count))
    for trial in trials:
        if trial["state"] == "failed":
            console.print(
                f"[red]✗[/red] {escape(trial['variant'])}/{trial['seed']}: {escape(trial['error'] or '')}",
                soft_wrap=True,
            )


def _cell(trial: dict[str, Any]) -> Text:
    from rich.text import Text

    part = f" {trial['epoch']}/{trial['epochs']}" if trial["state"] in ("running", "interrupted") else ""
    return Text(f"{trial['state']}{part}", style=_STYLES[trial["state"]])
