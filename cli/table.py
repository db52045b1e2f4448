"""`hglab table`: the comparison table of a study, or of several; and the runs behind one of its numbers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, TrackingUri, guarded


class TableFormat(StrEnum):
    """What a table can be printed as."""

    terminal = "terminal"
    latex = "latex"
    markdown = "markdown"
    html = "html"
    csv = "csv"
    json = "json"


@guarded
def table(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Studies, YAML files.", show_default=False)],
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="ROW COLUMN", help="The runs behind one number instead of the table.", show_default=False),
    ] = None,
    shown_as: Annotated[
        TableFormat | None,
        typer.Option("--format", help="How to print it.", show_default="by the name of --output, else terminal"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to this file.", show_default=False)
    ] = None,
) -> None:
    """Print a study's table from what the record holds, at any time, also while the study runs.

    Without --scale, --data or --set it is the table of the study's last launch. Several studies become one table.
    --explain takes a row and a column as --format json names them, or as the table prints them.

    Example: hglab table studies/quickstart.yaml --format latex > quickstart.tex

    Example: hglab table studies/quickstart.yaml --explain hierarchical pckh
    """
    from cli.studies import planned_as_launched_all
    from cli.tables import format_of, joined_table, print_table, write_text
    from runners.job import Places
    from runners.record.reading import read_trials

    shown_as = TableFormat(format_of(output, shown_as))
    places = Places.below(runs, tracking_uri, data_root)
    plans = planned_as_launched_all(studies, scale, data, settings, data_root, places)
    recorded = read_trials(places.uri)
    made = joined_table(plans, recorded)
    if explain is not None:
        from cli.explanation import print_explanation

        print_explanation(made, plans, recorded, explain, shown_as, output)
        return
    if output is None:
        print_table(made, shown_as)
        return
    from analysis.render import render

    write_text(output, render(made, shown_as))
