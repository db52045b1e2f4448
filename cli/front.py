"""`hglab front`: what a search found, as a table or a figure."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, Storage, TrackingUri, guarded
from cli.table import TableFormat

if TYPE_CHECKING:
    from analysis.figures.page import Drawing
    from runners.search.results import SearchResult

ENDINGS_OF_FIGURES = (".png", ".pdf", ".svg")


class SearchFigure(StrEnum):
    """The figures of a search."""

    front = "front"
    importance = "importance"
    coordinates = "coordinates"


@guarded
def front(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The search, a YAML file.", show_default=False)],
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
    top: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many rows.", show_default="10 of one objective, all of a front"),
    ] = None,
    figure: Annotated[
        SearchFigure | None, typer.Option(help="Draw this figure instead of the table.", show_default=False)
    ] = None,
    shown_as: Annotated[
        TableFormat | None,
        typer.Option("--format", help="How to print it.", show_default="by the name of --output, else terminal"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the table to FILE.tex, .md, .csv, .html, .json; a figure to .pdf, .png or .svg.",
            show_default="a figure: below the folder of --runs",
        ),
    ] = None,
) -> None:
    """Show what a search has found so far: its Pareto front, of one objective its best, and which dimensions matter.

    Without --scale, --data or --set it is of the search's last launch. Values of a search are of one seed and chosen:
    `hglab promote` makes a study of the best, whose table may be quoted.

    Example: hglab front studies/search_blocks.yaml

    Example: hglab front studies/search_blocks.yaml --figure coordinates -o coordinates.pdf
    """
    figure = _figure_asked(figure, shown_as, output, top)
    from analysis.search.choosing import NothingFound
    from analysis.search.tally import search_on
    from cli.searches import search_as_launched
    from runners.job import Places
    from runners.search.results import read_search
    from search_space import InputError

    places = Places.below(runs, tracking_uri, data_root)
    search = search_as_launched(study, scale, data, settings, places)
    result = read_search(search, places, storage)
    try:
        if figure is not None:
            _draw(result, figure, output, runs)
        else:
            _print(result, top, shown_as, output)
    except NothingFound as why:
        raise InputError.at(f"hglab front {study}", str(why).removesuffix("."), search_on(result)) from None


def _figure_asked(
    figure: SearchFigure | None, shown_as: TableFormat | None, output: Path | None, top: int | None
) -> SearchFigure | None:
    """Which figure is meant, if one is. Raises InputError for options that do not go together."""
    from search_space import InputError

    drawn = output is not None and output.suffix.lower() in ENDINGS_OF_FIGURES
    if figure is None and not drawn:
        return None
    if shown_as is not None:
        raise InputError.at(f"--format {shown_as}", "is for the table, not for a figure", "leave it out")
    if top is not None:
        raise InputError.at(f"--top {top}", "is for the table; a figure shows all trials", "leave it out")
    if output is not None and not drawn:
        raise InputError.at(f"--output {output}", "a figure is a .png, .pdf or .svg file", "let the file's name end so")
    return figure or SearchFigure.front


def _print(result: SearchResult, top: int | None, shown_as: TableFormat | None, output: Path | None) -> None:
    from analysis.search.table import search_table
    from cli.tables import format_of, print_table, write_text
    from runners.search.importance import importances

    chosen = format_of(output, shown_as)
    made = search_table(result, top, importances(result))
    if output is None:
        print_table(made, chosen)
        return
    from analysis.render import render

    write_text(output, render(made, chosen))


def _draw(result: SearchResult, figure: SearchFigure, output: Path | None, runs: Path) -> None:
    from analysis.figures.saving import save
    from search_space import InputError

    search = result.search
    folder = runs / "figures" / f"{search.study.name}-{search.scale}-{search.identity[:8]}"
    files = [output] if output is not None else [folder / f"{figure}{ending}" for ending in ENDINGS_OF_FIGURES[:2]]
    drawing = _drawing(result, figure)
    for file in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            save(drawing.figure, file)
        except OSError as error:
            raise InputError.at(f"--output {file}", f"cannot be written ({error.strerror})") from None
    for note in drawing.notes:
        typer.echo(f"{figure}: {note}", err=True)
    typer.echo(f"wrote {', '.join(map(str, files))}", err=True)


def _drawing(result: SearchResult, figure: SearchFigure) -> Drawing:
    from analysis.figures.style import styled

    with styled():
        if figure is SearchFigure.front:
            from analysis.search.front_figure import draw_front

            return draw_front(result)
        if figure is SearchFigure.coordinates:
            from analysis.search.coordinates_figure import draw_coordinates

            return draw_coordinates(result)
        from analysis.search.importance_figure import draw_importance
        from runners.search.importance import importances

        return draw_importance(result, importances(result))
