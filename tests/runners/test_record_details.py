"""Files that are kept with runs: where they are looked for, and what is said where they are not."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from runners.job import Places
from runners.record import details, reading
from runners.record.details import kept_file, kept_files

NAME = "predictions.npz"


def _record(runs: Path, folders: dict[str, str]) -> Places:
    """A local record of which only the table of runs is there, with these artifact URIs."""
    runs.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(runs / "mlflow.db")) as database, database:
        database.execute("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)")
        database.executemany("INSERT INTO runs VALUES (?, ?)", list(folders.items()))
    return Places.below(runs)


def _find(places: Places, run: str, name: str = NAME) -> details.KeptFile:
    return kept_file(places.uri, run, name, places.cache / "downloads", places.artifacts)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder of runs, with a name that a URI must quote: one run with a file, one with none, one without a folder."""
    folder = tmp_path / "my runs #1"
    places = {run: folder / "artifacts" / "small" / run / "artifacts" for run in ("one", "empty", "gone")}
    _record(folder, {**{run: place.as_uri() for run, place in places.items()}, "plain": str(places["one"])})
    for run in ("one", "empty"):
        places[run].mkdir(parents=True)
    (places["one"] / NAME).write_bytes(b"kept")
    return folder


@pytest.mark.parametrize("change", [None, shutil.move, shutil.copytree], ids=["as it was", "moved", "copied"])
def test_a_file_is_found_where_the_record_is(runs, tmp_path, change) -> None:
    now = runs
    if change is not None:
        now = tmp_path / "elsewhere" / "runs"
        now.parent.mkdir()
        change(runs, now)
    places = Places.below(now)
    for run in ("one", "plain"):
        found = _find(places, run)
        assert isinstance(found, Path)
        assert found.read_bytes() == b"kept"
        assert found.is_relative_to(now if change is shutil.move else runs)
    assert _find(places, "empty") is None
    assert _find(places, "one", "another.npz") is None
    assert _find(places, "nobody") is None


def test_a_folder_that_is_nowhere_is_said(runs, tmp_path) -> None:
    old = runs / "artifacts" / "small"
    assert _find(Places.below(runs), "gone") == f"its files are not in {old}: was the record moved?"
    (tmp_path / "new").mkdir()
    shutil.move(runs / "mlflow.db", tmp_path / "new")  # the database alone
    shutil.rmtree(runs)
    new = tmp_path / "new" / "artifacts" / "small"
    said = f"its files are not in {old} nor in {new}: was the record moved?"
    assert _find(Places.below(tmp_path / "new"), "one") == said


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ("s3://bucket/small/one/artifacts", "s3://bucket"),
        ("ftp://user:secret@host/small/one/artifacts", "ftp://host"),
        ("mlflow-artifacts:/0/one/artifacts", "mlflow-artifacts://"),
    ],
)
def test_files_on_no_disk_are_said(tmp_path, place, where) -> None:
    places = _record(tmp_path / "runs", {"one": place})
    assert _find(places, "one") == f"its files are in no folder of this machine but at {where}"


def test_many_runs_are_looked_up_through_one_connection(tmp_path, monkeypatch) -> None:
    names = [f"run{number}" for number in range(1203)]  # more than one statement takes
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / NAME).touch()
    places = _record(tmp_path / "runs", dict.fromkeys(names, str(folder)))
    opened = []
    connect = sqlite3.connect
    monkeypatch.setattr(
        reading.sqlite3, "connect", lambda *args, **kwargs: opened.append(1) or connect(*args, **kwargs)
    )
    found = kept_files(places.uri, [*names, "nobody"], NAME, places.cache / "downloads", places.artifacts)
    assert found == {**dict.fromkeys(names, folder / NAME), "nobody": None}
    assert len(opened) == 1


class Server:
    """What is asked of MLflow's client; the first download is interrupted in its middle."""

    def __init__(self) -> None:
        self.asked = 0

    def list_artifacts(self, run: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(path=NAME)]

    def download_artifacts(self, run: str, name: str, folder: str) -> str:
        self.asked += 1
        path = Path(folder) / name
        path.write_bytes(b"who")
        if self.asked == 1:
            raise KeyboardInterrupt
        path.write_bytes(b"whole")
        return str(path)


def test_an_interrupted_download_is_not_kept(tmp_path, monkeypatch) -> None:
    server = Server()
    monkeypatch.setattr(details, "connect", lambda uri: server)
    with pytest.raises(KeyboardInterrupt):
        kept_file("http://server", "one", NAME, tmp_path)
    assert list((tmp_path / "one").iterdir()) == []
    for _ in range(2):  # fetched, and there from then on
        found = kept_file("http://server", "one", NAME, tmp_path)
        assert found == tmp_path / "one" / NAME
        assert found.read_bytes() == b"whole"
    assert server.asked == 2
    assert [path.name for path in (tmp_path / "one").iterdir()] == [NAME]
