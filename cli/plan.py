"""`hglab plan`: what would be trained, and what it would cost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Format, Runs, Scale, Set, ShownAs, Storage, TrackingUri, guarded

if TYPE_CHECKING:
    from runners.launch import Remaining
    from runners.planning import Plan
    from runners.standing import Standing


@guarded
def plan(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Studies, YAML files.", show_default=False)],
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Show a study's trials, what the record already holds, networks' sizes and the time it may take. Trains nothing.

    Of several studies: the trials of each, and how many fewer they are together because studies share them.

    Of a search: its space, the share of it that its constraints leave, its first points, what it has found so far.

    Example: hglab plan studies/table2_blocks.yaml --scale laptop --data lsp --data-root DIR

    Example: hglab plan studies/search_blocks.yaml --scale tiny
    """
    from rich.console import Console

    from cli.notices import tell_done_otherwise
    from cli.plan_search import plan_search
    from cli.plan_together import plan_together
    from cli.searches import checked_data, expanded_search, names_a_search
    from cli.studies import planned, planned_all
    from runners.estimate import estimate_seconds
    from runners.job import Places
    from runners.launch import remaining
    from runners.otherwise import done_otherwise
    from runners.record.chosen import choose_runs
    from runners.record.reading import read_trials
    from runners.standing import standing

    places = Places.below(runs, tracking_uri)
    if len(studies) > 1:
        plan_together(planned_all(studies, scale, data, settings, data_root), places, shown_as)
        return
    if names_a_search(studies[0]):
        checked_data(search := expanded_search(studies[0], scale, data, settings), data_root)
        plan_search(search, places, storage, shown_as)
        return
    made = planned(studies[0], scale, data, settings, data_root)
    recorded = read_trials(places.uri)
    rest = remaining(made, recorded, places)
    seconds = estimate_seconds(rest.to_train, made.counts, recorded)
    chosen = choose_runs(recorded)
    stands = {trial.name: standing(trial, chosen, places) for trial in (*made.trials, *made.phases)}
    otherwise = done_otherwise(rest.to_train, recorded)
    summary = _summary(made, rest, seconds, stands)
    summary["done_otherwise"] = [{"how": how, "trials": count} for how, count in otherwise]
    if shown_as is ShownAs.json:
        typer.echo(json.dumps(summary, indent=2))
    else:
        _print(made, summary, len(rest.to_train))
        tell_done_otherwise(Console(highlight=False), otherwise)


def _summary(made: Plan, rest: Remaining, seconds: float | None, stands: Mapping[str, Standing]) -> dict[str, Any]:
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
        "reused": len(rest.reused),
        "failed": len(rest.failed),
        "estimated_seconds": seconds,
        "record": [
            {
                "trial": name,
                "stand": each.stand,
                "study": each.study,
                "epoch": each.epoch,
                "words": each.describe(made.expanded.study.name),
            }
            for name, each in stands.items()
        ],
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


def _told(trials: list[str], summary: dict[str, Any]) -> str:
    """Where some trials stand, in words: `2 done in table4_recipe`, `1 new`, a line each."""
    words = {each["trial"]: each["words"] for each in summary["record"]}
    return "\n".join(f"{count} {word}" for word, count in Counter(words[trial] for trial in trials).items())


def _print(made: Plan, summary: dict[str, Any], to_train: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cli.text import duration, quantity
    from search_space.keys import show_value

    console = Console(highlight=False)
    expanded = made.expanded
    title = expanded.study.spec.title or expanded.study.name
    console.print(f"[bold]{escape(title)}[/bold]  (scale {expanded.scale}, data {', '.join(summary['data'])})")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("variant", no_wrap=True)
    for header in ("params", "binary MACs"):
        table.add_column(header, justify="right")
    table.add_column("record")
    table.add_column("sets", overflow="fold")
    for row in summary["variants"]:
        name = f"{row['id']} *" if row["baseline"] else row["id"]
        table.add_row(
            escape(name),
            quantity(row["params"]),
            quantity(row["binary_macs"]),
            escape(_told([f"{row['id']}/{seed}" for seed in row["seeds"]], summary)),
            escape("\n".join(f"{key}={show_value(value)}" for key, value in row["settings"].items())),
        )
    console.print(table)
    if any(row["baseline"] for row in summary["variants"]):
        console.print("* baseline")
    counts = f"{summary['trials']} trials, {summary['distinct']} distinct, {summary['reused']} reused from the record"
    failed = f", {summary['failed']} failed before (--retry failed trains them)" if summary["failed"] else ""
    console.print(f"{counts}, {to_train} to train{failed}", soft_wrap=True)
    if summary["phases"]:
        words = {each["trial"]: each["words"] for each in summary["record"]}
        told = ", ".join(f"{name} ({words[name]})" for name in summary["phases"])
        console.print(f"among the distinct, what rows need first (phases of stacks in sequence, teachers): {told}")
    seconds = summary["estimated_seconds"]
    if to_train and seconds is not None:
        console.print(f"about {duration(seconds)} of training, one trial after the other (from trials in the record)")
    elif to_train:
        console.print("no estimate of time: the record holds no finished trial on this data yet")
