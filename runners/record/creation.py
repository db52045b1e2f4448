"""Making the database of a local record, also where two launches do so at the same moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from runners.record.reading import connect


def create_database(path: Path) -> None:
    """Make the SQLite database of a record where there is none.

    MLflow makes the tables of a database one after the other, for seconds, and fails where two processes do so at once.
    So they are made aside, and the whole is moved into place; of several processes the first one's stays.

    Raises:
        OSError: if it cannot be written.
        mlflow.exceptions.MlflowException: if MLflow cannot make it.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".record-", dir=path.parent))
    try:
        made, whole = folder / "made.db", folder / "whole.db"
        connect(f"sqlite:///{made.resolve()}").search_experiments()
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(whole)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=WAL")  # writers then do not wait for readers
        try:
            os.link(whole, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            if not path.exists():
                os.replace(whole, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
