"""`hglab plan`: what would be trained, and what it would cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Format, Runs, Scale, Set, ShownAs, TrackingUri, guarded

if TYPE_CHECKING:
    from runners.planning import Plan


@guarded
def plan(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Studies, YAML files.", show_default=False)],
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Show a study's trials, what the record already holds, networks' sizes and the time it may take. Trains nothing.

    Of several studies: the trials of each, and how many fewer they are together because studies share them.

    Example: hglab plan studies/table2_blocks.yaml --scale laptop --data lsp --data-root DIR
    """
    from cli.plan_together import plan_together
    from cli.studies import planned, planned_all
    from runners.estimate import estimate_seconds
    from runners.job import Places
    from runners.launch import remaining
    from runners.record.reading import read_trials

    places = Places.below(runs, tracking_uri)
    if len(studies) > 1:
        plan_together(planned_all(studies, scale, data, settings, data_root), places, shown_as)
        return
    made = planned(studies[0], scale, data, settings, data_root)
    recorded = read_trials(places.uri)
    rest = remaining(made, recorded, places)
    seconds = estimate_seconds(rest.to_train, made.counts, recorded)
    summary = _summary(made, len(rest.reused), seconds)
    if shown_as is ShownAs.json:
        typer.echo(json.dumps(summary, indent=2))
    else:
        _print(made, summary, len(rest.to_train))


def _summary(made: Plan, reused: int, seconds: float | None) -> dict[str, Any]:
    seeds = {
        variant.id: [trial.seed for trial in made.trials if trial.variant is variant]
        for variant in made.expanded.variants
    }
    return {
        "study": made.expanded.study.name,
        "scale": made.expanded.scale,
        "data": sorted(made.data_versions),
        "trials": len(made.trials),
        "phases": [phase.name for phase in made.phases],
        "distinct": made.distinct,
        "reused": reused,
        "estimated_seconds": seconds,
        "variants": [
            {
                "id": variant.id,
                "label": variant.label,
                "baseline": variant.baseline,
                "params": made.counts[variant.id].params,
                "binary_macs": made.counts[variant.id].binary_macs,
                "real_macs": made.counts[variant.id].real_macs,
                "size_bytes": made.counts[variant.id].size_bytes,
                "seeds": seeds[variant.id],
                "settings": dict(variant.settings),
            }
            for variant in made.expanded.variants
        ],
    }


def _print(made: Plan, summary: dict[str, Any], to_train: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cli.text import duration
    from search_space.keys import show_value

    console = Console(highlight=False)
    expanded = made.expanded
    title = expanded.study.spec.title or expanded.study.name
    console.print(f"[bold]{escape(title)}[/bold]  (scale {expanded.scale}, data {', '.join(summary['data'])})")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("variant", no_wrap=True)
    for header in ("params", "binary MACs", "real MACs", "size", "seeds"):
        table.add_column(header, justify="right", no_wrap=header != "binary MACs" and header != "real MACs")
    table.add_column("sets", overflow="fold")
    for row in summary["variants"]:
        name = f"{row['id']} (baseline)" if row["baseline"] else row["id"]
        changes = ", ".join(f"{key}={show_value(value)}" for key, value in row["settings"].items())
        table.add_row(
            escape(name),
            f"{row['params'] / 1e6:.2f} M",
            f"{row['binary_macs'] / 1e9:.3g} G",
            f"{row['real_macs'] / 1e9:.3g} G",
            f"{row['size_bytes'] / 1e6:.2f} MB",
            str(len(row["seeds"])),
            escape(changes),
        )
    console.print(table)
    counts = f"{summary['trials']} trials, {summary['distinct']} distinct, {summary['reused']} reused from the record"
    console.print(f"{counts}, {to_train} to train", soft_wrap=True)
    if summary["phases"]:
        console.print(f"among the distinct, phases of stacks in sequence: {', '.join(summary['phases'])}")
    seconds = summary["estimated_seconds"]
    if to_train and seconds is not None:
        console.print(f"about {duration(seconds)} of training, one trial after the other (from trials in the record)")
    elif to_train:
        console.print("no estimate of time: the record holds no finished trial on this data yet")
