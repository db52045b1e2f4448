"""Where a search is kept: an Optuna study in a database beside the record, and what hglab notes at each of its trials.

Everything that a search needs to go on lies there: points, results, and who is at work on what. No pickle of a sampler.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from runners.job import Places
from runners.search.patience import Patient
from search_space import ExpandedSearch, InputError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage, RDBStorage

POINT = "point"
"""Its values exactly: Optuna's own are off by a rounding where a dimension has steps."""
FINGERPRINT = "fingerprint"
LAUNCH = "launch"
"""Who is at work on a trial; "" for one that was interrupted, nothing for one that is just being proposed."""
STATUS = "status"
INFEASIBLE = "infeasible"
RECORDED = "recorded"
FIGURES = "figures"
VIOLATIONS = "violations"
DUPLICATE_OF = "duplicate_of"
RETRIES = "retries"
"""The number of the failed trial in whose place it is."""
EPOCHS = "epochs"
ALL_EPOCHS = "all_epochs"
CURVE = "curve"
"""The scheduler's metric after each epoch."""
RUN = "run"
ERROR = "error"

OVER = -1
"""The beat of a launch that has ended."""
_BEATS = "launch "
_VERSIONS = "versions"
_SHOWN = 12  # digits of a version in a message
_SQLITE = "sqlite:///"


def storage_url(places: Places, given: str | None = None) -> str:
    """The database of searches: the one that was given, else a file in the folder of runs."""
    if given is None:
        return f"{_SQLITE}{places.trials.parent / 'optuna.db'}"
    if given.startswith(_SQLITE):
        return f"{_SQLITE}{Path(given.removeprefix(_SQLITE)).resolve()}"
    return given


def study_name(search: ExpandedSearch) -> str:
    """What the search is called in the storage: another space, objective, sampler or scale is another search."""
    return f"{search.study.name} {search.scale} {search.identity[:12]}"


def create_study(search: ExpandedSearch, url: str) -> Study:
    """The search's Optuna study, new or as it was left.

    Raises:
        InputError: for a URL that names no database, or one that does not answer.
    """
    quiet_optuna()
    import optuna

    names: Mapping[str, Literal["maximize", "minimize"]] = {"max": "maximize", "min": "minimize"}
    directions = [names[objective.direction] for objective in search.objectives]
    study = optuna.create_study(
        storage=_open_storage(url), study_name=study_name(search), directions=directions, load_if_exists=True
    )
    study.set_metric_names([objective.metric for objective in search.objectives])
    return study


def open_study(search: ExpandedSearch, url: str) -> Study | None:
    """The search's Optuna study; None if it has not begun. Raises InputError as `create_study`."""
    quiet_optuna()
    import optuna

    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).is_file():
        return None
    try:
        return optuna.load_study(storage=_open_storage(url), study_name=study_name(search))
    except KeyError:
        return None


def quiet_optuna() -> None:
    """Let Optuna say only what went wrong: it reports each trial otherwise, and warns of what hglab relies on."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def _open_storage(url: str) -> BaseStorage:
    import optuna
    from optuna.storages._cached_storage import _CachedStorage
    from sqlalchemy.exc import SQLAlchemyError

    shown = f"--storage {without_password(url)}"
    try:
        if _is_file(url):
            Path(url.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        # A server that was restarted has closed the connections that are kept: they are tried before they are used.
        kept = {"connect_args": {"timeout": 60}} if _is_file(url) else {"pool_pre_ping": True}
        rdb = optuna.storages.RDBStorage(url, engine_kwargs=kept)
        if _is_file(url):
            _hasten(rdb)
        return _CachedStorage(Patient(rdb))  # type: ignore[arg-type]  # it has all of an RDBStorage
    except ModuleNotFoundError as error:
        what = f"this kind of database needs the package '{error.name}'"
        raise InputError.at(shown, what, f"pip install {error.name}") from None
    except (ImportError, OSError, RuntimeError, ValueError, SQLAlchemyError) as error:
        said = str(error).splitlines()[0].replace(url, without_password(url))
        hint = "give a database as SQLAlchemy writes it, as in sqlite:///runs/optuna.db"
        raise InputError.at(shown, f"cannot be opened ({said})", hint) from None


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


def without_password(url: str) -> str:
    """A database's URL as it may be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _is_file(url: str) -> bool:
    return url.startswith(_SQLITE)


def check_unchanged(study: Study, url: str, versions: Mapping[str, str]) -> None:
    """Make sure that the data and the teachers are what the search began with: else results cannot be compared.

    Args:
        study: Optuna's.
        url: of the storage.
        versions: of each, by what it is called.

    Raises:
        InputError: for one that has changed since.
    """
    known: dict[str, str] = dict(study.user_attrs.get(_VERSIONS, {}))
    for name, version in versions.items():
        if known.get(name, version) != version:
            what = f"{name} has changed since the search began ({known[name][:_SHOWN]}, now {version[:_SHOWN]})"
            hint = "give another --storage to search with what is there now; recorded trials with it count there, too"
            raise InputError.at(f"--storage {without_password(url)}", what, hint)
    if not versions.items() <= known.items():
        study.set_user_attr(_VERSIONS, {**known, **versions})


def beat(study: Study, launch: str, number: int, seconds: float) -> None:
    """Show that a launch is alive: `number` grows with each call; and note what it has taken."""
    study.set_user_attr(f"{_BEATS}{launch}", {"beat": number, "seconds": seconds})


def beats(study: Study) -> dict[str, int]:
    """The last beat of every launch of the search."""
    attributes = study.user_attrs.items()
    return {key.removeprefix(_BEATS): int(noted["beat"]) for key, noted in attributes if key.startswith(_BEATS)}


def seconds_of_launches(study: Study) -> dict[str, float]:
    """What every launch of the search has taken."""
    attributes = study.user_attrs.items()
    return {key.removeprefix(_BEATS): float(noted["seconds"]) for key, noted in attributes if key.startswith(_BEATS)}
