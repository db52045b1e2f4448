"""`hglab table`: a study's comparison table."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, StudyPath, TrackingUri, guarded


class TableFormat(StrEnum):
    """What a table can be printed as."""

    terminal = "terminal"
    latex = "latex"
    markdown = "markdown"
    csv = "csv"
    json = "json"


@guarded
def table(
    study: StudyPath,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    shown_as: Annotated[TableFormat, typer.Option("--format", help="How to print it.")] = TableFormat.terminal,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to this file.", show_default=False)
    ] = None,
) -> None:
    """Print a study's table from what the record holds, at any time, also while the study runs.

    Without --scale, --data or --set it is the table of the study's last launch.

    Example: hglab table studies/quickstart.yaml --format latex > quickstart.tex
    """
    from cli.studies import planned_as_launched
    from cli.tables import made_table, print_table
    from runners.job import Places
    from search_space import InputError

    places = Places.below(runs, tracking_uri, data_root)
    plan = planned_as_launched(study, scale, data, settings, data_root, places)
    made = made_table(plan, places.uri)
    if output is None:
        print_table(made, shown_as)
        return
    from analysis.render import render

    try:
        output.write_text(render(made, shown_as), encoding="utf-8")
    except OSError as error:
        raise InputError.at(f"--output {output}", f"cannot be written ({error.strerror})") from None
    typer.echo(f"wrote {output}", err=True)
