"""What `hglab table --explain` prints: the runs behind one number."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.tables import write_text

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.behind import Behind
    from analysis.explain import Explanation
    from analysis.table_model import Table
    from runners.planning import Plan
    from runners.record.recorded import RecordedTrial

_STYLES = {"complete": "green", "running": "cyan", "failed": "red", "interrupted": "yellow", "missing": "dim"}
_WIDTH = 120  # of a file


def print_explanation(
    table: Table,
    plans: Sequence[Plan],
    recorded: Sequence[RecordedTrial],
    asked: tuple[str, str],
    shown_as: str,
    output: Path | None,
) -> None:
    """Print what is behind the number in the row and column that were asked for, or write it to a file.

    Raises:
        InputError: for a row or a column that the table does not have, and a format other than terminal and json.
    """
    from rich.console import Console

    from analysis.explain import explain
    from search_space import InputError

    if shown_as not in ("terminal", "json"):
        raise InputError.at(f"--format {shown_as}", "an explanation is no table", "give --format terminal or json")
    told = explain(table, plans, recorded, *asked)
    if shown_as == "json":
        text = json.dumps(_as_object(told), indent=2, ensure_ascii=False, allow_nan=False)
        if output is None:
            typer.echo(text)
        else:
            write_text(output, text + "\n")
        return
    if output is None:
        _print(Console(highlight=False), told)
        return
    out = io.StringIO()
    _print(Console(file=out, width=_WIDTH, color_system=None, highlight=False), told)
    write_text(output, "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n")


def _as_object(told: Explanation) -> dict[str, Any]:
    """The explanation for scripts. Numbers are in base units; what is not there is null."""
    column, cell = told.column, told.cell
    return {
        "study": told.study,
        "scale": told.scale,
        "row": told.row.id,
        "label": told.row.label,
        "column": column.key,
        "header": column.header,
        "kind": column.kind,
        "metric": column.metric,
        "value": cell.value,
        "std": cell.std,
        "text": cell.text,
        "n": cell.n,
        "n_planned": cell.n_planned,
        "formula": told.formula,
        "notes": list(told.notes),
        "trials": [_trial(trial) for trial in told.trials],
        "parts": [{"name": name, "value": value} for name, value in told.parts],
    }


def _trial(trial: Behind) -> dict[str, Any]:
    return {
        "of": trial.of,
        "variant": trial.variant,
        "seed": trial.seed,
        "state": trial.state,
        "value": trial.value,
        "lack": trial.lack,
        "run": trial.run,
        "trained_in": trial.trained_in,
        "started": trial.started.isoformat(timespec="seconds") if trial.started else None,
        "where": trial.where,
        "error": trial.error,
        "fingerprint": trial.fingerprint,
        "provenance": dict(trial.provenance or {}),
    }


def _print(console: Console, told: Explanation) -> None:
    from rich.markup import escape
    from rich.text import Text

    column, cell = told.column, told.cell
    console.print(
        f"[bold]{escape(told.row.label)}: {escape(column.header)} = {escape(cell.text)}[/bold]  "
        f"({escape(told.study)}, row {escape(told.row.id)}, column {escape(column.key)}, scale {told.scale})",
        soft_wrap=True,
    )
    console.print(Text(f"{told.formula}."), soft_wrap=True)
    for note in told.notes:
        console.print(Text(note, style="yellow"), soft_wrap=True)
    if told.trials:
        console.print()
        _print_trials(console, told)
    if told.parts:
        console.print()
        _print_parts(console, told.parts)


def _print_trials(console: Console, told: Explanation) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    shown.add_column("seed", justify="right", no_wrap=True)
    shown.add_column("state", no_wrap=True)
    shown.add_column("" if told.column.kind == "n" else told.column.metric or "", justify="right", no_wrap=True)
    shown.add_column("run", no_wrap=True)
    shown.add_column("begun (UTC)", min_width=10)
    shown.add_column("where")
    for place, trial in enumerate(told.trials):
        if place and trial.of != told.trials[place - 1].of:
            shown.add_section()
        value = "" if trial.value is None else f"{trial.value:.6g}"
        texts = (trial.run, _when(trial.started), trial.where)
        state = Text(trial.state, style=_STYLES[trial.state])
        shown.add_row(str(trial.seed), state, value, *(Text(text or "") for text in texts))
    if any(trial.of == "baseline" for trial in told.trials):
        console.print("[dim]the row, and below the line the baseline[/dim]")
    console.print(shown)
    for line in _trained_elsewhere(told):
        console.print(Text(line), soft_wrap=True)
    for trial in told.trials:
        if trial.lack:
            why = trial.error.strip() if trial.error else trial.lack
            console.print(Text(f"{trial.variant}/{trial.seed}: ", style="bold").append(why, "not bold"), soft_wrap=True)


def _trained_elsewhere(told: Explanation) -> list[str]:
    """Which trials another study trained, or this one under another name."""
    from analysis.results import name_seeds

    found: dict[tuple[str, str], list[int]] = {}
    for trial in told.trials:
        if trial.trained_in is not None and trial.trained_in != f"{told.study}/{trial.variant}":
            found.setdefault((trial.variant, trial.trained_in), []).append(trial.seed)
    return [f"{variant}: trained in {there} ({name_seeds(seeds)})" for (variant, there), seeds in found.items()]


def _print_parts(console: Console, parts: Sequence[tuple[str, int]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    total = sum(value for _, value in parts)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    shown.add_column("part", overflow="fold")
    shown.add_column("adds", justify="right", no_wrap=True)
    shown.add_column("share", justify="right", no_wrap=True)
    for name, value in parts:
        shown.add_row(Text(name), f"{value:,}", f"{100 * value / total:.1f} %")
    shown.add_section()
    shown.add_row("total", f"{total:,}", "")
    console.print(shown)


def _when(started: datetime | None) -> str:
    return f"{started:%Y-%m-%d %H:%M:%S}" if started else ""
