"""Where a search is kept: an Optuna study in a database beside the record, and what hglab notes at each of its trials.

Everything that a search needs to go on lies there: points, results, and who is at work on what. No pickle of a sampler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from runners.search.opening import database_file, open_storage, quiet_optuna, without_password
from search_space import ExpandedSearch, InputError

if TYPE_CHECKING:
    from optuna import Study

POINT = "point"
"""Its values exactly: Optuna's own are off by a rounding where a dimension has steps."""
FINGERPRINT = "fingerprint"
LAUNCH = "launch"
"""Who is at work on a trial; "" for one that was interrupted, nothing for one that is just being proposed."""
STATUS = "status"
INFEASIBLE = "infeasible"
RECORDED = "recorded"
FAILED = "failed"
"""Of one that Optuna is told was stopped, so that samplers learn from it: it has diverged."""
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
_MEASURED = "measured "
_SHOWN = 12  # digits of a version in a message


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
        storage=open_storage(url), study_name=study_name(search), directions=directions, load_if_exists=True
    )
    study.set_metric_names([objective.metric for objective in search.objectives])
    return study


def open_study(search: ExpandedSearch, url: str) -> Study | None:
    """The search's Optuna study; None if it has not begun. Raises InputError as `create_study`."""
    quiet_optuna()
    import optuna

    file = database_file(url)
    if file is not None and not file.is_file():
        return None
    try:
        return optuna.load_study(storage=open_storage(url), study_name=study_name(search))
    except KeyError:
        return None


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


def once(study: Study, name: str, measure: Callable[[], float]) -> float:
    """A figure that is measured once in a search, so that all its launches go by the same.

    Args:
        study: Optuna's.
        name: of the figure.
        measure: gives it.
    """
    attribute = f"{_MEASURED}{name}"
    if attribute not in study.user_attrs:
        figure = measure()
        if attribute not in study.user_attrs:  # else another launch was faster
            study.set_user_attr(attribute, figure)
    return float(study.user_attrs[attribute])


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
