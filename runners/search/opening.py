"""Opening the database of a search: by URL, whichever kind it is, also while another launch makes its tables."""

from __future__ import annotations

import logging
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runners.job import Places
from runners.search.patience import Patient
from search_space import InputError

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage

_FILE = "sqlite:///"
_TRIES, _PAUSE_S = 20, 0.25
_BEING_MADE = ("already exists", "unique constraint", "duplicate key", "no such table", "no longer compatible")
"""What a database says, or Optuna of it, to who opens it while another launch makes its tables, in part."""


def storage_url(places: Places, given: str | None = None) -> str:
    """The database of searches: the one that was given, else a file in the folder of runs.

    Raises:
        InputError: for an SQLite URL without a file: a search in memory is gone with its process.
    """
    if given is None:
        return f"{_FILE}{places.trials.parent / 'optuna.db'}"
    file = _file_of(given)
    if file is None:
        return given
    if file in ("", ":memory:"):
        what = "is kept in memory: the search would be gone with the command"
        raise InputError.at(f"--storage {given}", what, "name a file, as in --storage sqlite:///runs/optuna.db")
    return f"{_FILE}{Path(file).resolve()}"


def database_file(url: str) -> Path | None:
    """The file of an SQLite database; None of a server's."""
    return Path(url.removeprefix(_FILE)) if url.startswith(_FILE) else None


def without_password(url: str) -> str:
    """A database's URL as it may be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def quiet_optuna() -> None:
    """Let Optuna say only what went wrong: it reports each trial otherwise, and warns of what hglab relies on."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def open_storage(url: str) -> BaseStorage:
    """The database as Optuna's storage; its tables are made where they are not there.

    Raises:
        InputError: for a URL that names no database, one whose driver is not installed, or one that does not answer.
    """
    from optuna.storages._cached_storage import _CachedStorage
    from sqlalchemy.exc import SQLAlchemyError

    shown = f"--storage {without_password(url)}"
    file = database_file(url)
    try:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        rdb = _connected(url)
        if file is not None:
            _hasten(rdb)
        return _CachedStorage(Patient(rdb))  # type: ignore[arg-type]  # it has all of an RDBStorage
    except (ImportError, OSError, RuntimeError, ValueError, SQLAlchemyError) as error:
        driver = _missing_driver(error)
        if driver is not None:
            what = f"this kind of database needs the package '{driver}'"
            raise InputError.at(shown, what, f"pip install {_PACKAGES.get(driver, driver)}") from None
        said = str(error).splitlines()[0].replace(url, without_password(url))
        hint = "give a database as SQLAlchemy writes it, as in sqlite:///runs/optuna.db"
        raise InputError.at(shown, f"cannot be opened ({said})", hint) from None


def _connected(url: str) -> RDBStorage:
    """Optuna's storage, once no other launch is still at work on its tables."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    # A server that was restarted has closed the connections that are kept: they are tried before they are used.
    kept: dict[str, Any] = {"pool_pre_ping": True} if database_file(url) is None else {"connect_args": {"timeout": 60}}
    for left in reversed(range(_TRIES)):
        try:
            return optuna.storages.RDBStorage(url, engine_kwargs=kept)
        except (RuntimeError, SQLAlchemyError) as error:
            if not left or not any(words in str(error).lower() for words in _BEING_MADE):
                raise
        time.sleep(_PAUSE_S)
    raise AssertionError("the last try returns or raises")


_PACKAGES = {"psycopg": "'psycopg[binary]'", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""What installs a driver, where it is called otherwise."""


def _missing_driver(error: BaseException) -> str | None:
    """The module of a database's driver that is not installed, if that is the error's cause."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ModuleNotFoundError):
        cause = cause.__cause__ or cause.__context__
    return cause.name if isinstance(cause, ModuleNotFoundError) else None


def _file_of(url: str) -> str | None:
    """The file that an SQLite URL names, "" if it names none; None of a URL of another kind, or of none."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        read = make_url(url)
    except ArgumentError:
        return None
    return (read.database or "") if read.get_backend_name() == "sqlite" else None


def _hasten(rdb: RDBStorage) -> None:
    """Let writes to a file cost a millisecond instead of ten: a search makes some forty of them for each trial.

    What was written survives the process, killed or not. A machine that loses its power may lose the last of it, and no
    more than that.
    """
    from sqlalchemy import event
    from sqlalchemy.exc import OperationalError

    @event.listens_for(rdb.engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")

    with suppress(OperationalError), rdb.engine.connect() as connection:  # a file that may be read only
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    rdb.engine.dispose()
