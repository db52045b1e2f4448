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

    Written = tuple[str, Promotion, tuple[int, ...]]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}\Z")
_MOST_SEEDS = 1000


@guarded
def promote(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The search, a YAML file.", show_default=False)],
    top: Annotated[
        int | None,
        typer.Option(
            help="How many of the best, or of the front spread over it.", show_default="3, or as many as there are"
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(help="How many seeds each row is trained with: from 0, or after the search's own (see above)."),
    ] = 3,
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

    They stand beside the points that the search was given first; the first of these that it did not leave out is the
    baseline. The search's budget does not hold there. Where nothing made the search cheaper, seeds begin after the
    search's, whose trials the rows were chosen by. The file is a study like any other: `hglab plan`, `run`, `table`.

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
    name = _checked_name(output, study, force)
    places = Places.below(runs, tracking_uri, data_root)
    search = search_as_launched(study, scale, data, settings, places)
    if name == search.study.name:
        what = "has the name of the search: two studies of one name share an experiment"
        raise InputError.at(f"--output {output}", what, "give the file another name")
    result = read_search(search, places, storage)
    promotion = choose(result, top, tuple(beside or ()))
    _check_references(search, promotion, output)
    text, promotion, numbers = _text(result, promotion, name, seeds, output)
    write_file(output, text)
    _say(search, promotion, numbers, output)


def _checked_name(output: Path, study: Path, force: bool) -> str:
    """The name of the study that the file is called after. Raises InputError."""
    from search_space import InputError

    source = f"--output {output}"
    if output.suffix != ".yaml":
        raise InputError.at(source, "a study is a .yaml file", "let the file's name end so")
    if not _NAME.match(output.stem) or output.stem == "Default":
        raise InputError.at(source, f"'{output.stem}' is no name for a study", "use letters, digits, - and _")
    if output.exists() and study.exists() and output.samefile(study):
        raise InputError.at(source, "is the search itself, which would be lost", "give the file another name")
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


def _text(result: SearchResult, promotion: Promotion, name: str, count: int, output: Path) -> Written:
    """The study's text, its rows and its seeds, once it has proved to be a study: read and expanded as any verb would.

    Raises:
        InputError: where it is none.
    """
    from analysis.search.promotion import faithful, promoted_seeds
    from analysis.search.study_text import study_text

    def written(rows: Promotion, seeds: tuple[int, ...]) -> tuple[str, ExpandedStudy]:
        text = study_text(result, rows, name, str(output), seeds)
        return text, _expanded(text, output, result.search.scale)

    seeds = tuple(range(count))
    text, study = written(promotion, seeds)
    mended = faithful(promotion, study, result.search)
    if mended != promotion:
        text, study = written(mended, seeds)
    wanted = promoted_seeds(mended, study, result.search, count)
    if wanted != seeds:
        text, study = written(mended, wanted)
    return text, mended, wanted


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


def _say(search: ExpandedSearch, promotion: Promotion, seeds: tuple[int, ...], output: Path) -> None:
    from analysis.search.promotion import cautions
    from analysis.search.study_text import after_the_search

    found, given = len(promotion.found), len(promotion.given)
    again = sum(row.rank is not None for row in promotion.given)
    beside = f" beside {given} to compare with" if given else ""
    known = f", {again} of which the search chose" if again else ""
    trials = (found + given) * len(seeds)
    one = "trial" if trials == 1 else "trials"
    typer.echo(f"wrote {output}: {found} found by the search{beside}{known}, {trials} {one}", err=True)
    for caution in cautions(promotion):
        typer.echo(caution, err=True)
    if seeds[0] > search.trial_seed:
        typer.echo(after_the_search(search, seeds), err=True)
    if not given:
        typer.echo("no row to compare with, so no difference in the table: --beside STUDY/VARIANT adds one", err=True)
    typer.echo(f"next: hglab plan {output} --scale {search.scale}", err=True)
