"""From the options of a verb to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.options import checked_root
from cli.searches import refuse_search
from search_space import InputError, Location, Problem, expand, read_overrides, read_study
from search_space.scales import DEFAULT_SCALE
from search_space.teachers import find_teachers

if TYPE_CHECKING:
    from runners.job import Places
    from runners.planning import Plan
    from search_space import ExpandedStudy


def expanded_study(path: Path, scale: str | None, data: str | None, settings: Sequence[str] | None) -> ExpandedStudy:
    """The study that a verb was given, expanded.

    Raises:
        InputError: with every problem of the study and the options; with those of teachers, where it has no other.
    """
    named = {"data.name": data} if data is not None else {}
    overrides = read_overrides(named, tuple(settings or ()))
    expanded = expand(read_study(path), DEFAULT_SCALE if scale is None else scale, overrides)
    find_teachers(expanded.study, expanded.scale, expanded.overrides, expanded.variants)
    return expanded


def planned(
    path: Path, scale: str | None, data: str | None, settings: Sequence[str] | None, data_root: Path | None
) -> Plan:
    """The plan that a verb was asked for. Raises InputError."""
    from runners.planning import plan_study

    return plan_study(expanded_study(path, scale, data, settings), checked_root(data_root))


def planned_all(
    paths: Sequence[Path], scale: str | None, data: str | None, settings: Sequence[str] | None, data_root: Path | None
) -> list[Plan]:
    """The plans of several studies. Raises InputError with the problems of all."""
    plans: list[Plan] = []
    problems: dict[Problem, None] = {}
    by_name: dict[str, Path] = {}
    for path in {path.resolve(): path for path in paths}.values():  # the same file twice is one study
        try:
            plan = planned(path, scale, data, settings, data_root)
        except InputError as error:
            problems |= dict.fromkeys(error.problems)
            continue
        name = plan.expanded.study.name
        if name in by_name:
            what = f"the study '{name}' is {by_name[name]}, too: two studies of one name share an experiment"
            problems[Problem(plan.expanded.study.document.value_location(("study",)), what, "rename one")] = None
        by_name[name] = path
        plans.append(plan)
    if problems:
        raise InputError(problems)
    return plans


def planned_as_launched(
    path: Path,
    scale: str | None,
    data: str | None,
    settings: Sequence[str] | None,
    data_root: Path | None,
    places: Places,
) -> Plan:
    """The plan that a verb was asked for; where no option says otherwise, with those of the study's last launch.

    So `hglab table STUDY` shows what was last run, and needs neither its options again nor its data.
    """
    from runners.planning import plan_study
    from runners.record.reading import read_launches

    study = read_study(path)
    refuse_search(study)
    launches = read_launches(places.uri, study.name)
    if scale is not None or data is not None or settings or not launches:
        return planned(path, scale, data, settings, data_root)
    last = launches[-1]
    overrides: dict[str, Any] = dict(last.overrides)
    expanded = expand(study, last.scale, read_overrides(overrides))
    return plan_study(expanded, checked_root(data_root), last.data_versions)


def planned_as_launched_all(
    paths: Sequence[Path],
    scale: str | None,
    data: str | None,
    settings: Sequence[str] | None,
    data_root: Path | None,
    places: Places,
) -> list[Plan]:
    """The plans of several studies, as `planned_as_launched` makes each.

    Raises:
        InputError: with the problems of all; for a study that stands twice, and for two of one name.
    """
    plans: list[Plan] = []
    problems: dict[Problem, None] = {}
    seen: dict[Path, Path] = {}
    names: dict[str, Path] = {}
    for path in paths:
        if (resolved := path.resolve()) in seen:
            problems[Problem(Location(str(path)), "the study stands twice", "name each study once")] = None
            continue
        seen[resolved] = path
        try:
            plan = planned_as_launched(path, scale, data, settings, data_root, places)
        except InputError as error:
            problems |= dict.fromkeys(error.problems)
            continue
        study = plan.expanded.study
        if study.name in names:
            what = f"the study '{study.name}' is {names[study.name]}, too: their rows cannot be told apart"
            problems[Problem(study.document.value_location(("study",)), what, "rename one")] = None
        names.setdefault(study.name, path)
        plans.append(plan)
    if problems:
        raise InputError(problems)
    return plans
