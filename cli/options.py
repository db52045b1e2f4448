"""Options that several verbs share, and how their errors reach the user."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class ShownAs(StrEnum):
    """How a verb prints what it found."""

    terminal = "terminal"
    json = "json"


StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="The study, a YAML file.", show_default=False)]
Scale = Annotated[
    str | None,
    typer.Option(
        help="What it costs: tiny, laptop or paper.",
        show_default="laptop",
        autocompletion=lambda: ["tiny", "laptop", "paper"],
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        help="Data set: synthetic, lsp or mpii.",
        show_default=False,
        autocompletion=lambda: ["synthetic", "lsp", "mpii"],
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(envvar="HGLAB_DATA_ROOT", help="Folder with the data set's files.", show_default=False),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key for every trial; repeatable.", show_default=False),
]
Runs = Annotated[Path, typer.Option(envvar="HGLAB_RUNS", help="Folder of the record, checkpoints and caches.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        envvar="MLFLOW_TRACKING_URI",
        help="MLflow's tracking URI.",
        show_default="an SQLite file in the folder of --runs",
    ),
]
Checkpoints = Annotated[
    str | None,
    typer.Option(
        envvar="HGLAB_CHECKPOINTS",
        metavar="URL",
        help="Keep checkpoints and weights at this URL, too (s3://..., any of fsspec): nodes need not share --runs.",
        show_default=False,
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        envvar="HGLAB_SEARCH_STORAGE",
        metavar="URL",
        help="Where Optuna keeps searches: an SQLAlchemy URL.",
        show_default="an SQLite file in the folder of --runs",
    ),
]
Format = Annotated[ShownAs, typer.Option("--format", help="How to print it.")]

DEFAULT_RUNS = Path("runs")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"hglab {version('hglab')}")
        raise typer.Exit


def before_any_verb(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the verb."""


def guarded(verb: Callable[P, R]) -> Callable[P, R]:
    """A verb whose errors of input become one clear message and exit code 2, and an interruption exit code 130."""

    @functools.wraps(verb)
    def guard(*args: P.args, **kwargs: P.kwargs) -> R:
        from runners.record.patience import RecordAway, RecordRefused
        from search_space.problems import InputError

        try:
            return verb(*args, **kwargs)
        except InputError as error:
            show_input_error(error)
            raise typer.Exit(EXIT_BAD_INPUT) from None
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except (RecordAway, RecordRefused) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(EXIT_FAILED) from None
        except BrokenPipeError:  # `hglab table ... | head`
            sys.stderr.close()
            raise typer.Exit from None

    return guard


def checked_root(data_root: Path | None) -> Path | None:
    """The data folder, if one was named and exists. Raises InputError for one that does not."""
    from search_space.problems import InputError

    if data_root is not None and not data_root.is_dir():
        raise InputError.at(
            f"--data-root {data_root}", "there is no such folder", "name the folder that holds the data set"
        )
    return data_root


def show_input_error(error: Exception) -> None:
    """Print every problem of an input error on standard error."""
    from rich.console import Console
    from rich.text import Text

    from search_space.problems import InputError

    assert isinstance(error, InputError)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in error.problems:
        line = (
            Text(f"{problem.location}", style="bold")
            .append(": ", style="not bold")
            .append(problem.what, style="not bold red")
        )
        if problem.hint:
            line.append(f"; {problem.hint}", style="not bold")
        console.print(line)
    if len(error.problems) > 1:
        console.print(f"{len(error.problems)} problems")
