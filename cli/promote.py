"""`hglab promote`: from a search to a study of its best, whose table may be quoted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, Storage, TrackingUri, guarded

if TYPE_CHECKING:
    from analysis.search.promotion import Promotion
    from runners.search.results import SearchResult
    from search_space import ExpandedSearch, ExpandedStudy

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}\Z")
_MOST_SEEDS = 1000


@guarded
def promote(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The search, a YAML file.", show_default=False)],
    top: Annotated[int, typer.Option(help="How many of the best, or of the front spread over it.")] = 3,
    seeds: Annotated[int, typer.Option(help="How many seeds each row is trained with, from 0.")] = 3,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The study to write.", show_default="STUDY_promoted.yaml beside STUDY"),
    ] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(metavar="STUDY/VARIANT", help="A row to compare with; repeatable.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
) -> None:
    """Write a study of the best that a search found, to train them anew: for longer, and with several seeds.

    They stand beside the points that the search was given first, of which the first is the baseline. The search's
    budget does not hold there. The file is a study like any other: `hglab plan`, `run` and `table` take it.

    Example: hglab promote studies/search_blocks.yaml --top 3 --seeds 3 --beside table2_blocks/hierarchical
    """
    from analysis.search.promotion import promote as choose
    from cli.searches import search_as_launched
    from cli.tables import write_file
    from runners.job import Places
    from runners.search.results import read_search
    from search_space import InputError

    output = study.with_name(f"{study.stem}_promoted.yaml") if output is None else output
    if seeds < 1:
        raise InputError.at(f"--seeds {seeds}", "trains nothing", "--seeds 3 trains each row three times")
    if seeds > _MOST_SEEDS:
        what = f"is more than {_MOST_SEEDS}, which no comparison of rows needs"
        raise InputError.at(f"--seeds {seeds}", what, "--seeds 3 trains each row three times")
    name = _checked_name(output, force)
    places = Places.below(runs, tracking_uri, data_root)
    search = search_as_launched(study, scale, data, settings, places)
    if name == search.study.name:
        what = "has the name of the search: two studies of one name share an experiment"
        raise InputError.at(f"--output {output}", what, "give the file another name")
    result = read_search(search, places, storage)
    promotion = choose(result, top, tuple(beside or ()))
    _check_references(search, promotion, output)
    write_file(output, _text(result, promotion, name, seeds, output))
    _say(search, promotion, seeds, output)


def _checked_name(output: Path, force: bool) -> str:
    """The name of the study that the file is called after. Raises InputError."""
    from search_space import InputError

    source = f"--output {output}"
    if output.suffix != ".yaml":
        raise InputError.at(source, "a study is a .yaml file", "let the file's name end so")
    if not _NAME.match(output.stem) or output.stem == "Default":
        raise InputError.at(source, f"'{output.stem}' is no name for a study", "use letters, digits, - and _")
    if output.exists() and not force:
        raise InputError.at(source, "there is such a file already", "--force writes over it, -o names another")
    return output.stem


def _check_references(search: ExpandedSearch, promotion: Promotion, output: Path) -> None:
    """That the studies which the promoted one refers to lie beside it. Raises InputError."""
    from search_space import InputError

    folder = search.study.path.resolve().parent
    if output.resolve().parent == folder:
        return
    references = [search.study.spec.from_, *(row.reference for row in promotion.rows)]
    names = dict.fromkeys(each.partition("/")[0] for each in references if each is not None)
    missing = [name for name in names if not (output.parent / f"{name}.yaml").is_file()]
    if missing:
        what = f"it would refer to {' and '.join(f'{name}.yaml' for name in missing)}, which lies in {folder}"
        raise InputError.at(f"--output {output}", what, "write it there: a study refers to studies beside it")


def _text(result: SearchResult, promotion: Promotion, name: str, seeds: int, output: Path) -> str:
    """The study's text, once it has proved to be one: read and expanded as any verb would. Raises InputError."""
    from analysis.search.promotion import faithful
    from analysis.search.study_text import study_text

    text = study_text(result, promotion, name, str(output), seeds)
    study = _expanded(text, output, result.search.scale)
    mended = faithful(promotion, study, result.search)
    if mended == promotion:
        return text
    text = study_text(result, mended, name, str(output), seeds)
    _expanded(text, output, result.search.scale)
    return text


def _expanded(text: str, output: Path, scale: str) -> ExpandedStudy:
    """The study that the text would be in its place, at this scale. Raises InputError."""
    from cli.tables import write_file
    from search_space import InputError, Location, Problem, expand, read_study

    trial = output.with_name(f".{output.stem}.new.yaml")  # beside the studies that it refers to
    write_file(trial, text)
    try:
        return expand(read_study(trial), scale)
    except InputError as error:
        told = [
            Problem(Location(f"--output {output}"), f"line {each.location.line} would be wrong: {each.what}", each.hint)
            for each in error.problems
        ]
        raise InputError(told) from None
    finally:
        trial.unlink()


def _say(search: ExpandedSearch, promotion: Promotion, seeds: int, output: Path) -> None:
    found, given = len(promotion.found), len(promotion.given)
    again = sum(row.rank is not None for row in promotion.given)
    beside = f" beside {given} to compare with" if given else ""
    known = f", {again} of which the search chose" if again else ""
    trials = (found + given) * seeds
    one = "trial" if trials == 1 else "trials"
    typer.echo(f"wrote {output}: {found} found by the search{beside}{known}, {trials} {one}", err=True)
    if not given:
        typer.echo("no row to compare with, so no difference in the table: --beside STUDY/VARIANT adds one", err=True)
    typer.echo(f"next: hglab plan {output} --scale {search.scale}", err=True)
