"""`hglab report`: a study's report as one HTML page, or the reports of all studies with an index."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_RUNS, Data, DataRoot, Runs, Scale, Set, Storage, TrackingUri, guarded

if TYPE_CHECKING:
    from analysis.report.contents import Contents
    from analysis.report.page import IndexEntry
    from analysis.report.search import SearchContents
    from runners.job import Places
    from runners.record.recorded import RecordedLaunch

_UI = "http://127.0.0.1:5000"
_WEB = ("http://", "https://")
_UNTRAINED = ("infeasible", "repeated", "waiting")  # points of a search that are no trials


@guarded
def report(
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="The study, a YAML file.", show_default=False)
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="A report of each study in the record, and an index page.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write it to this file; with --all, below this folder.",
            show_default="below the folder of --runs",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the page and its figures with the run of the study's last launch, too.")
    ] = False,
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="MLflow's address, to which runs are links.", show_default="that of `hglab ui`"
        ),
    ] = None,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    storage: Storage = None,
) -> None:
    """Write a study's report: one HTML page with question, table, statistics, figures, settings, failures, provenance.

    The page opens without a network and can be sent as it is. Without --scale, --data or --set it is the report of the
    study's last launch. Of a search it has the front, what matters, and every point that was proposed.

    Example: hglab report studies/quickstart.yaml -o quickstart.html
    """
    from runners.job import Places
    from search_space import InputError

    if every == (study is not None):
        what = "a study or --all, not both" if every else "which study?"
        raise InputError.at("hglab report", what, "as in hglab report STUDY, or hglab report --all")
    if mlflow is not None and not mlflow.startswith(_WEB):
        raise InputError.at(f"--mlflow {mlflow}", "is no address of a web page", f"as in --mlflow {_UI}")
    places = Places.below(runs, tracking_uri, data_root)
    server = mlflow or (places.uri if places.uri.startswith(_WEB) else None)
    if study is None:
        if scale is not None or data is not None or settings:
            raise InputError.at("--all", "reports what was launched last of each study", "leave out the other options")
        _report_all(output or runs / "reports", places, server, keep, storage)
        return
    contents, launches = _gathered(study, scale, data, settings, places, storage)
    path = output or runs / "reports" / _file_name(contents)
    _write(path, contents, server)
    typer.echo(f"wrote {path}", err=True)
    if keep:
        _keep(path, contents, launches, places)


def _gathered(
    study: Path,
    scale: str | None,
    data: str | None,
    settings: Sequence[str] | None,
    places: Places,
    storage: str | None,
) -> tuple[Contents | SearchContents, Sequence[RecordedLaunch]]:
    """What a study's report says, and the study's launches. Raises InputError."""
    from analysis.report.contents import gather
    from cli.searches import names_a_search, search_as_launched
    from cli.studies import planned_as_launched
    from runners.record.reading import read_launches, read_trials

    if names_a_search(study):
        from analysis.report.search import gather_search
        from runners.search.results import read_search

        result = read_search(search_as_launched(study, scale, data, settings, places), places, storage)
        launches = read_launches(places.uri, result.search.study.name)
        return gather_search(result, read_trials(places.uri), launches, places), launches
    plan = planned_as_launched(study, scale, data, settings, places.data_root, places)
    launches = read_launches(places.uri, plan.expanded.study.name)
    return gather(plan, read_trials(places.uri), launches, _with_data(places, launches)), launches


def _with_data(places: Places, launches: Sequence[RecordedLaunch]) -> Places:
    """The places with the data folder of the last launch, where none was named and that one is still there."""
    last = launches[-1].data_root if launches else None
    if places.data_root is None and last and Path(last).is_dir():
        return replace(places, data_root=Path(last))
    return places


def _file_name(contents: Contents | SearchContents) -> str:
    words = [contents.name, contents.scale, *contents.data]
    return "-".join([*words, contents.digest[:8]] if contents.overrides else words) + ".html"


def _write(path: Path, contents: Contents | SearchContents, server: str | None) -> None:
    from analysis.report.contents import Contents
    from analysis.report.page import report_page, search_page
    from cli.tables import write_file

    address, served = server or _UI, server is not None
    if isinstance(contents, Contents):
        write_file(path, report_page(contents, address, served=served))
    else:
        write_file(path, search_page(contents, address, served=served))
    for picture in contents.pictures:
        if picture.reason is not None:
            typer.echo(f"{contents.name}: the figure '{picture.name}' is not drawn: {picture.reason}", err=True)


def _keep(path: Path, contents: Contents | SearchContents, launches: Sequence[RecordedLaunch], places: Places) -> None:
    """Keep the page and the figures with the run of the last launch. Raises InputError for a study without one."""
    from runners.record.writing import Record
    from search_space import InputError

    if not launches:
        raise InputError.at("--keep", f"the study '{contents.name}' was never launched", "leave it out")
    record = Record(places.uri, places.artifacts)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        shutil.copyfile(path, page)
        record.log_file(launches[-1].run_id, page)
        for picture in contents.pictures:
            if picture.png:
                file = Path(folder) / f"figure_{picture.name}.png"
                file.write_bytes(picture.png)
                record.log_file(launches[-1].run_id, file)
    typer.echo(f"kept with the launch's run {launches[-1].run_id}", err=True)


def _report_all(folder: Path, places: Places, server: str | None, keep: bool, storage: str | None) -> None:
    """A report of every study that the record knows, and an index of them. Raises InputError for an empty record."""
    from analysis.report.page import index_page
    from cli.tables import write_file
    from runners.record.reading import read_launches
    from search_space import InputError

    last = {launch.study: launch for launch in read_launches(places.uri)}  # in order: the last launch of each stays
    if not last:
        raise InputError.at(places.uri, "the record knows no launch of a study", "run one first")
    entries = [_entry(last[study], folder, places, server, keep, storage) for study in sorted(last)]
    index = folder / "index.html"
    write_file(index, index_page(entries))
    typer.echo(f"wrote {index}: {sum(entry.file is not None for entry in entries)} of {len(entries)} studies", err=True)


def _entry(
    launch: RecordedLaunch, folder: Path, places: Places, server: str | None, keep: bool, storage: str | None
) -> IndexEntry:
    """A study's line in the index, its report written; or the reason why there is none."""
    from analysis.report.page import IndexEntry
    from search_space import InputError, read_study

    listed = IndexEntry(launch.study, launch.scale, launch.started)
    file = Path(launch.study_file) if launch.study_file else None
    if file is None or not file.is_file():
        where = f"its file {file} is gone" if file else "the record does not say from which file it was"
        return replace(listed, reason=f"{where}; its launch kept a copy")
    try:
        name = read_study(file).name
        if name != launch.study:
            return replace(listed, reason=f"its file {file} holds the study '{name}' now; its launch kept a copy")
        contents, launches = _gathered(file, None, None, None, places, storage)
        path = folder / _file_name(contents)
        _write(path, contents, server)
        if keep:
            _keep(path, contents, launches, places)
    except InputError as error:
        return replace(listed, reason=str(error))
    return replace(
        listed,
        file=path.name,
        title=contents.title,
        scale=contents.scale,
        trials=sum(count for state, count in contents.states.items() if state not in _UNTRAINED),
        complete=contents.states.get("complete", 0),
        failed=contents.states.get("failed", 0),
    )
