"""`hglab compare`: whether the variants of a study differ by more than chance."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, StudyPath, TrackingUri, guarded

if TYPE_CHECKING:
    from analysis.compared import Significance
    from analysis.table_model import Table


class CompareFormat(StrEnum):
    """What a comparison can be printed as."""

    terminal = "terminal"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"
    json = "json"


@guarded
def compare(
    study: StudyPath,
    metric: Annotated[
        str, typer.Option(help="By which figure: one that trials report, or nme.", show_default=True)
    ] = "pckh",
    against: Annotated[
        str | None,
        typer.Option(metavar="VARIANT", help="Compare with this variant.", show_default="the study's baseline"),
    ] = None,
    resamples: Annotated[
        int,
        typer.Option(
            min=100, max=1_000_000, help="Samples of the bootstrap; more are drawn where many variants need them."
        ),
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap's random numbers.")] = 0,
    detail: Annotated[
        bool,
        typer.Option("--detail", help="Also p before Holm, more effect sizes, the smallest detectable difference."),
    ] = False,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    shown_as: Annotated[CompareFormat, typer.Option("--format", help="How to print it.")] = CompareFormat.terminal,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to this file.", show_default=False)
    ] = None,
) -> None:
    """Say whether variants differ by more than chance: over seeds, over validation images, and over both.

    Seeds tell of the variance of training, images of the sample that was measured; p values are corrected for the
    number of comparisons (Holm). Without --scale, --data or --set it is about the study's last launch.

    Example: hglab compare studies/quickstart.yaml --metric pckh
    """
    from analysis.provenance import provenance
    from analysis.sentences import sentences
    from analysis.significance import compare_variants, to_table
    from cli.studies import planned_as_launched
    from runners.job import Places
    from runners.record.reading import read_trials
    from search_space import InputError

    places = Places.below(runs, tracking_uri, data_root)
    plan = planned_as_launched(study, scale, data, settings, data_root, places)
    significance = compare_variants(
        plan, read_trials(places.uri), places, metric=metric, against=against, resamples=resamples, seed=seed
    )
    table, said = to_table(significance, detail=detail), sentences(significance)
    table = replace(table, provenance=provenance(plan, table))
    if output is None:
        _print(significance, table, said, shown_as)
        return
    try:
        output.write_text(_text(significance, table, said, shown_as), encoding="utf-8")
    except OSError as error:
        raise InputError.at(f"--output {output}", f"cannot be written ({error.strerror})") from None
    typer.echo(f"wrote {output}", err=True)


def _print(significance: Significance, table: Table, said: list[str], shown_as: str) -> None:
    """Print a comparison on standard output; of CSV, which has no place for them, the sentences on standard error."""
    if shown_as == "terminal":
        from rich.console import Console
        from rich.text import Text

        from analysis.render.terminal import print_table

        console = Console(highlight=False)
        print_table(table, console)
        console.print()
        for sentence in said:
            console.print(Text(f"• {sentence}"), soft_wrap=not console.is_terminal)
        return
    typer.echo(_text(significance, table, said, shown_as).rstrip("\n"))
    if shown_as == "csv":
        typer.echo("\n".join(said), err=True)


def _text(significance: Significance, table: Table, said: list[str], shown_as: str) -> str:
    """A comparison as the text of a file."""
    from analysis.render import render
    from analysis.table_model import Note

    if shown_as == "json":
        import json

        from analysis.compared import as_plain
        from analysis.render.json import as_object

        whole = {"significance": as_plain(significance), "sentences": said, "table": as_object(table)}
        return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if shown_as == "markdown":  # below the table, escaped as its notes are
        return render(replace(table, notes=(*table.notes, *(Note(sentence) for sentence in said))), shown_as)
    text = render(table, shown_as)
    if shown_as == "latex":  # for whoever writes the text beside the table, not for the page
        return text + "".join(f"% {' '.join(sentence.split())}\n" for sentence in said)
    return text + "\n" + "".join(f"• {sentence}\n" for sentence in said) if shown_as == "terminal" else text
