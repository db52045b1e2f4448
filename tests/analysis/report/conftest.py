"""Reports of the hand-made study: a record with just the tables that files and curves are read from."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from analysis.report.contents import Contents, gather
from runners.job import Places
from runners.planning import Plan
from runners.record.recorded import RecordedTrial

Gather = Callable[[Plan, Sequence[RecordedTrial]], Contents]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Places with an empty record, whose runs keep their files below `kept/`."""
    places = Places.below(tmp_path / "runs")
    (tmp_path / "runs").mkdir()
    with closing(sqlite3.connect(tmp_path / "runs" / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)")
        connection.execute("CREATE TABLE metrics (run_uuid TEXT, key TEXT, step INTEGER, value REAL, is_nan INTEGER)")
        connection.commit()
    return places


@pytest.fixture
def keep_file(places: Places, tmp_path: Path) -> Callable[[str, str, str], None]:
    """Keeps a text with a run."""

    def keep(run: str, name: str, text: str) -> None:
        folder = tmp_path / "kept" / run
        folder.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
        with closing(sqlite3.connect(places.uri.removeprefix("sqlite:///"))) as connection:
            connection.execute("INSERT INTO runs VALUES (?, ?)", [run, folder.as_uri()])
            connection.commit()

    return keep


@pytest.fixture
def gathered(places: Places) -> Gather:
    return lambda plan, recorded: gather(plan, recorded, [], places)
