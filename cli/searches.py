"""From the options of a verb to a search; and what verbs for tables say to one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.options import checked_root
from search_space import InputError, Problem, expand_search, is_search, read_overrides, read_study
from search_space.scales import DEFAULT_SCALE

if TYPE_CHECKING:
    from runners.job import Places
    from search_space import ExpandedSearch, Study

NO_ROWS = "is a search: its trials are not compared as rows"
"""What a verb that compares variants says to a search."""
INSTEAD = "`hglab front` shows them, `hglab promote` makes a study of the best"


def names_a_search(path: Path) -> bool:
    """Whether a file is a study that searches. Raises InputError for one that cannot be read."""
    return is_search(read_study(path))


def refuse_search(study: Study) -> None:
    """Raises InputError for a search, whose trials are no rows of a table."""
    if is_search(study):
        where = study.document.key_location(("search",))
        raise InputError([Problem(where, f"the study '{study.name}' {NO_ROWS}", INSTEAD)])


def checked_search(
    path: Path, scale: str, data: str | None, settings: Sequence[str] | None, data_root: Path | None
) -> str:
    """What a search is, in words. Raises InputError for one that is wrong, or in whose space nothing is feasible.

    The data is looked at only where its folder is named.
    """
    from cli.search_text import size_words, trials_over
    from runners.search.feasibility import check_feasible

    search = expanded_search(path, scale, data, settings)
    check_feasible(search)
    return f"a search of {trials_over(search)}, {size_words(search.space)}"


def expanded_search(path: Path, scale: str | None, data: str | None, settings: Sequence[str] | None) -> ExpandedSearch:
    """The search that a verb was given. Raises InputError with every problem of the study and the options."""
    named = {"data.name": data} if data is not None else {}
    overrides = read_overrides(named, tuple(settings or ()))
    return expand_search(read_study(path), DEFAULT_SCALE if scale is None else scale, overrides)


def checked_data(search: ExpandedSearch, data_root: Path | None) -> None:
    """Raises InputError where the data set of a search is not there."""
    from tasks.errors import DataError
    from tasks.version import data_version

    point = search.first[0] if search.first else search.space.random(random.Random(search.seed))
    try:
        data_version(search.config(point).data, checked_root(data_root))
    except DataError as error:
        raise InputError.at("--data-root", str(error)) from None


def search_as_launched(
    path: Path, scale: str | None, data: str | None, settings: Sequence[str] | None, places: Places
) -> ExpandedSearch:
    """The search that a verb was asked for; where no option says otherwise, with those of its last launch."""
    from runners.record.reading import read_launches

    study = read_study(path)
    launches = read_launches(places.uri, study.name)
    if scale is not None or data is not None or settings or not launches:
        return expanded_search(path, scale, data, settings)
    overrides: dict[str, Any] = dict(launches[-1].overrides)
    return expand_search(study, launches[-1].scale, read_overrides(overrides))
