"""A study's table for the verbs that print or write one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from analysis.render import Format
    from analysis.table_model import Table
    from runners.planning import Plan
    from runners.record.recorded import RecordedTrial

WRITTEN: tuple[Format, ...] = ("latex", "markdown", "html", "csv")


def made_table(plan: Plan, uri: str) -> Table:
    """The table of a plan from what the record holds. Raises InputError."""
    from runners.record.reading import read_trials

    return table_of(plan, read_trials(uri))


def table_of(plan: Plan, recorded: Sequence[RecordedTrial]) -> Table:
    """The table of a plan from these runs, with its provenance."""
    from dataclasses import replace

    from analysis.frame import trial_frame
    from analysis.provenance import provenance
    from analysis.table import build_table

    table = build_table(plan, trial_frame(plan, recorded))
    return replace(table, provenance=provenance(plan, table))


def joined_table(plans: Sequence[Plan], recorded: Sequence[RecordedTrial]) -> Table:
    """The table of one study, or of several in one."""
    if len(plans) == 1:
        return table_of(plans[0], recorded)
    from analysis.joined import join_tables
    from analysis.joined_part import Part

    return join_tables([Part(plan, table_of(plan, recorded)) for plan in plans])


def print_table(table: Table, format: str) -> None:
    """Print a table on standard output; colours only on a terminal."""
    from analysis.render import render

    if format == "terminal":
        from rich.console import Console

        from analysis.render import terminal

        terminal.print_table(table, Console())
    else:
        typer.echo(render(table, format).rstrip("\n"))


def write_tables(table: Table, folder: Path, name: str) -> list[Path]:
    """Write a table as LaTeX, Markdown, HTML and CSV; give the files."""
    from analysis.render import SUFFIXES, render

    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for format in WRITTEN:
        path = folder / f"{name}{SUFFIXES[format]}"
        path.write_text(render(table, format), encoding="utf-8")
        files.append(path)
    return files


def format_of(output: Path | None, asked: str | None) -> str:
    """The format of a table: the one asked for, else the one that the file's name says, else the terminal's.

    Raises InputError for a name that says another one than was asked for, and for one that says an unknown one.
    """
    from analysis.render import SUFFIXES
    from search_space import InputError

    said = {suffix: format for format, suffix in SUFFIXES.items()}.get(output.suffix) if output is not None else None
    if asked is not None and said not in (None, asked, "terminal"):
        raise InputError.at(f"--output {output}", f"is no name for {asked}", f"--format {said}, or another name")
    if output is not None and output.suffix and asked is None and said is None:
        known = ", ".join(SUFFIXES.values())
        raise InputError.at(
            f"--output {output}", f"'{output.suffix}' is no format", f"end it in one of {known}, or add --format"
        )
    return asked or said or "terminal"


def file_stem(plan: Plan) -> str:
    """How files made from a plan are called: by study, scale and data; by its trials, too, where keys were set."""
    from analysis.provenance import study_fingerprint

    words = [plan.expanded.study.name, plan.expanded.scale, *plan.data_versions]
    changed = set(plan.expanded.overrides) - {"data.name"}
    return "-".join([*words, study_fingerprint(plan)[:8]] if changed else words)


def write_text(output: Path, text: str) -> None:
    """Write the file that --output names, and say so. Raises InputError."""
    write_file(output, text)
    typer.echo(f"wrote {output}", err=True)


def write_file(output: Path, text: str) -> None:
    """Write a file, its folder made if there is none. Raises InputError."""
    from search_space import InputError

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError.at(f"--output {output}", f"cannot be written ({error.strerror})") from None
