"""Several studies planned together: what each asks for, and what they save by sharing trials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from cli.options import ShownAs

if TYPE_CHECKING:
    from runners.job import Places
    from runners.planning import Plan


def plan_together(plans: Sequence[Plan], places: Places, shown_as: ShownAs) -> None:
    """Print what studies ask for together, as a table or as JSON.

    A study's own distinct trials are what it would train alone, phases of stacks in sequence among them; those of all
    together are fewer, for what two studies share trains once.
    """
    from runners.estimate import estimate_seconds
    from runners.launch import remaining
    from runners.record.reading import read_trials

    recorded = read_trials(places.uri)
    rests = [remaining(plan, recorded, places) for plan in plans]
    distinct = {trial.fingerprint: plan for plan in plans for trial in (*plan.trials, *plan.phases)}
    to_train = {
        trial.fingerprint: (trial, plan) for plan, rest in zip(plans, rests, strict=True) for trial in rest.to_train
    }
    seconds = [estimate_seconds([trial], plan.counts, recorded) for trial, plan in to_train.values()]
    known = [each for each in seconds if each is not None]
    alone = sum(plan.distinct for plan in plans)
    summary: dict[str, Any] = {
        "scale": plans[0].expanded.scale,
        "studies": [
            {
                "study": plan.expanded.study.name,
                "variants": len(plan.expanded.variants),
                "trials": len(plan.trials),
                "distinct": plan.distinct,
                "reused": len(rest.reused),
                "failed": len(rest.failed),
                "to_train": len(rest.to_train),
            }
            for plan, rest in zip(plans, rests, strict=True)
        ],
        "rows": sum(len(plan.expanded.variants) for plan in plans),
        "trials": sum(len(plan.trials) for plan in plans),
        "distinct_alone": alone,
        "distinct": len(distinct),
        "saved_by_sharing": alone - len(distinct),
        "to_train": len(to_train),
        "estimated_seconds": sum(known) if len(known) == len(seconds) else None,
    }
    if shown_as is ShownAs.json:
        typer.echo(json.dumps(summary, indent=2))
    else:
        _print(summary)


def _print(summary: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cli.text import duration

    console = Console(highlight=False)
    console.print(f"[bold]{len(summary['studies'])} studies[/bold]  (scale {summary['scale']})")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("study", "together")
    failed = sum(row["failed"] for row in summary["studies"])
    footers = (summary["rows"], summary["trials"], summary["distinct"], "", failed, summary["to_train"])
    for header, footer in zip(("rows", "trials", "distinct", "reused", "failed", "to train"), footers, strict=True):
        table.add_column(header, str(footer), justify="right")
    for row in summary["studies"]:
        figures = (row["variants"], row["trials"], row["distinct"], row["reused"], row["failed"], row["to_train"])
        table.add_row(escape(row["study"]), *map(str, figures))
    console.print(table)
    saved, alone = summary["saved_by_sharing"], summary["distinct_alone"]
    console.print(
        f"{alone} trials if each study trained its own, {summary['distinct']} distinct: sharing saves {saved}"
        + (f" ({saved / alone:.0%})" if saved else ""),
        soft_wrap=True,
    )
    seconds = summary["estimated_seconds"]
    if summary["to_train"] and seconds is not None:
        console.print(f"about {duration(seconds)} of training, one trial after the other (from trials in the record)")
    elif summary["to_train"]:
        console.print("no estimate of time: the record holds no finished trial on some of this data yet")
