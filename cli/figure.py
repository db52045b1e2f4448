"""`hglab figure`: the figures of a study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import (
    DEFAULT_RUNS,
    EXIT_BAD_INPUT,
    Data,
    DataRoot,
    Format,
    Runs,
    Scale,
    Set,
    ShownAs,
    TrackingUri,
    guarded,
)

if TYPE_CHECKING:
    from analysis.figures.kind import FigureKind
    from analysis.figures.page import Drawing
    from runners.planning import Plan

ALL = "all"
"""In place of a name: every figure that suits the study."""


def _names() -> list[str]:
    from analysis.figures.catalogue import FIGURES

    return [*FIGURES, ALL]


@guarded
def figure(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Which figure, see --list; `all`: those that suit the study.",
            show_default=False,
            autocompletion=_names,
        ),
    ] = None,
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="The study, a YAML file.", show_default=False)
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write it to FILE.png, .pdf or .svg; repeatable.",
            show_default="NAME.png and NAME.pdf below the folder of --runs",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Tell it something, see --list; repeatable.", show_default=False),
    ] = None,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    listed: Annotated[bool, typer.Option("--list", help="List the figures and their options, and leave.")] = False,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Draw a figure of a study from what the record holds, as PNG, PDF or SVG.

    Without --scale, --data or --set it is of the study's last launch. What the bands are, and which trials are not in
    it, stands below the figure and is printed.

    Example: hglab figure curves studies/quickstart.yaml --option metric=validation_loss -o curves.pdf
    """
    if listed:
        _print_list(shown_as)
        return
    kinds, texts, files = _asked(name, study, option or [], output or [])
    assert study is not None
    from analysis.figures.material import Material, NothingToDraw
    from analysis.figures.options import read_options
    from cli.studies import planned_as_launched
    from runners.job import Places
    from runners.record.reading import read_trials
    from search_space import InputError

    told: Mapping[str, Any] = read_options(kinds[0].name, texts) if len(kinds) == 1 else {}
    places = Places.below(runs, tracking_uri, data_root)
    plan = planned_as_launched(study, scale, data, settings, data_root, places)
    if name == ALL:
        from analysis.figures.catalogue import FIGURES, default_figures

        kinds = [FIGURES[each] for each in default_figures(plan, places)]
    material = Material(plan, read_trials(places.uri), places, told)
    written: list[dict[str, Any]] = []
    at_fault = False
    for kind in kinds:
        try:
            drawing = kind.make(material)
            paths = _write(drawing, files or _default_files(runs, plan, kind))
        except NothingToDraw as why:
            if len(kinds) == 1:
                raise InputError.at(f"hglab figure {kind.name} {study}", str(why), why.mend) from None
            typer.echo(f"{kind.name}: not drawn: {why}", err=True)
            continue
        except InputError as error:  # one figure that cannot be drawn does not keep the others from it
            if len(kinds) == 1:
                raise
            typer.echo(f"{kind.name}: not drawn: {error}", err=True)
            at_fault = True
            continue
        written.append({"figure": kind.name, "files": [str(path) for path in paths], "notes": list(drawing.notes)})
        if shown_as is ShownAs.terminal:
            for note in drawing.notes:
                typer.echo(f"{kind.name}: {note}", err=True)
            typer.echo(f"wrote {', '.join(map(str, paths))}", err=True)
    if shown_as is ShownAs.json:
        typer.echo(json.dumps(written, indent=2, ensure_ascii=False))
    if at_fault or not written:
        raise typer.Exit(EXIT_BAD_INPUT)


def _asked(
    name: str | None, study: Path | None, texts: Sequence[str], files: Sequence[Path]
) -> tuple[list[FigureKind], Sequence[str], Sequence[Path]]:
    """The figures asked for, with their options and files as far as these can be checked. Raises InputError."""
    from analysis.figures.catalogue import FIGURES
    from analysis.figures.saving import SUFFIXES
    from search_space import InputError, Location, Problem
    from search_space.problems import did_you_mean

    if name is None or study is None:
        what = "which figure, and of which study?" if name is None else "a figure is of a study"
        raise InputError.at("hglab figure", what, "as in hglab figure curves STUDY; --list names the figures")
    if name != ALL and name not in FIGURES:
        raise InputError.at(f"hglab figure {name}", f"there is no figure '{name}'", did_you_mean(name, [*FIGURES, ALL]))
    problems = [
        Problem(Location(f"--output {file}"), "a figure is a .png, .pdf or .svg file", "let the file's name end so")
        for file in files
        if file.suffix.lower() not in SUFFIXES
    ]
    if name == ALL:
        given = {"--option": bool(texts), "--output": bool(files)}
        problems += [
            Problem(Location(word), "is for one figure", "name it instead of `all`") for word in given if given[word]
        ]
    if problems:
        raise InputError(problems)
    return (list(FIGURES.values()) if name == ALL else [FIGURES[name]]), texts, files


def _default_files(runs: Path, plan: Plan, kind: FigureKind) -> list[Path]:
    from cli.tables import file_stem

    folder = runs / "figures" / file_stem(plan)
    return [folder / f"{kind.name}.png", folder / f"{kind.name}.pdf"]


def _write(drawing: Drawing, files: Sequence[Path]) -> list[Path]:
    from analysis.figures.saving import save
    from search_space import InputError

    for file in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            save(drawing.figure, file)
        except OSError as error:
            raise InputError.at(f"--output {file}", f"cannot be written ({error.strerror})") from None
    return list(files)


def _print_list(shown_as: ShownAs) -> None:
    from analysis.figures.catalogue import FIGURES
    from search_space.figure_spec import FIGURE_OPTIONS, FigureOptions

    options = {
        name: {key: (field.default, field.description or "") for key, field in model.model_fields.items()}
        for name, model in FIGURE_OPTIONS.items()
    }
    if shown_as is ShownAs.json:
        found = [
            {
                "name": kind.name,
                "title": kind.title,
                "help": kind.help,
                "paper": kind.paper,
                "needs": kind.needs,
                "options": [
                    {"key": key, "default": default, "description": words}
                    for key, (default, words) in options[kind.name].items()
                ],
            }
            for kind in FIGURES.values()
        ]
        typer.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for kind in FIGURES.values():
        about = f" ({kind.paper} of the paper)" if kind.paper else ""
        console.print(f"[bold]{kind.name}[/]  {kind.help}{about} Needs: {kind.needs}.")
        for key, (default, words) in options[kind.name].items():
            if key not in FigureOptions.model_fields:
                console.print(f"    {key}={_as_text(default)}  [dim]{words}[/]")
    console.print("Every figure:")
    for key, field in FigureOptions.model_fields.items():
        console.print(f"    {key}={_as_text(field.default)}  [dim]{field.description}[/]")


def _as_text(default: Any) -> str:
    from search_space.keys import show_value

    return ",".join(map(str, default)) if isinstance(default, tuple) else show_value(default)
