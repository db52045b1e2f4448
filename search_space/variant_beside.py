"""A variant of a study beside a search, resolved: what a first point comes from, or a constraint is relative to."""

from __future__ import annotations

from search_space.designs import read_rows
from search_space.expand import Variant, expand_variant
from search_space.problems import InputError, Location, Problem, did_you_mean
from search_space.settings import Settings
from search_space.study import Study, read_study


def find_variant(
    study: Study, reference: str, where: Location, scale: str, fixed: Settings, problems: list[Problem]
) -> Variant | None:
    """The variant that a search calls `STUDY/VARIANT`, as its own study makes it.

    Args:
        study: the search; the other study is looked for beside it.
        reference: the name.
        where: the place of the name, for problems.
        scale: at which the variant is resolved.
        fixed: settings that are laid over it: the search's budget and the command line.
        problems: where mistakes are added; the result is None then.
    """
    name, _, variant_id = reference.partition("/")
    path = study.path.parent / f"{name}.yaml"
    if not path.is_file():
        beside = [other.stem for other in sorted(study.path.parent.glob("*.yaml"))]
        problems.append(Problem(where, f"there is no study '{name}' beside this one", did_you_mean(name, beside)))
        return None
    try:
        other = read_study(path)
        ids = [row.id for row in read_rows(other, [])]
        if other.spec.search is None and variant_id not in ids:
            what = f"the study '{name}' has no variant '{variant_id}'"
            problems.append(Problem(where, what, did_you_mean(variant_id, ids)))
            return None
        return expand_variant(other, variant_id, scale, fixed)
    except InputError as error:
        problems += error.problems
        return None
