"""The constraints of a search as its study writes them, with the variants that they are relative to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from search_space.constraints import Constraint, parse_constraint
from search_space.designs import read_rows
from search_space.expand import expand_variant
from search_space.problems import InputError, Problem, did_you_mean
from search_space.settings import Setting
from search_space.study import Study, read_study


def read_constraints(
    study: Study, scale: str, fixed: Mapping[str, Setting], problems: list[Problem]
) -> tuple[Constraint, ...]:
    """The constraints of a search, those of relative ones with the configuration that they refer to.

    Args:
        study: the search.
        scale: at which the variants that constraints refer to are taken.
        fixed: the search's budget and the command line, which hold for these variants, too.
        problems: where mistakes are added.
    """
    spec = study.spec.search
    read: list[Constraint] = []
    for index, text in enumerate(spec.constraints if spec else ()):
        where = study.document.value_location(("search", "constraints", index))
        try:
            constraint = parse_constraint(text, where)
        except ValueError as error:
            what, _, hint = str(error).partition("; ")
            problems.append(Problem(where, what, hint or None))
            continue
        other = next((each for each in read if _exclude(each, constraint)), None)
        if other is not None:
            what = f"no figure satisfies both '{other}' and '{constraint}'"
            problems.append(Problem(where, what, "change or remove one"))
        if constraint in read:
            problems.append(Problem(where, f"the constraint '{constraint}' stands twice", "remove one"))
        read.append(constraint)
    return tuple(_with_reference(study, constraint, scale, fixed, problems) for constraint in read)


def _exclude(one: Constraint, other: Constraint) -> bool:
    """Whether no figure satisfies both of two absolute constraints."""
    if one.metric != other.metric or one.is_relative or other.is_relative:
        return False
    at_most, at_least = sorted((one, other), key=lambda each: each.operator.startswith(">"))
    if at_most.operator.startswith(">") == at_least.operator.startswith(">"):
        return False
    strict = "=" not in at_most.operator or "=" not in at_least.operator
    return at_most.bound < at_least.bound or (strict and at_most.bound == at_least.bound)


def _with_reference(
    study: Study, constraint: Constraint, scale: str, fixed: Mapping[str, Setting], problems: list[Problem]
) -> Constraint:
    if constraint.reference_name is None:
        return constraint
    name, _, variant = constraint.reference_name.partition("/")
    path = study.path.parent / f"{name}.yaml"
    if not path.is_file():
        beside = [other.stem for other in sorted(study.path.parent.glob("*.yaml"))]
        what = f"there is no study '{name}' beside this one"
        problems.append(Problem(constraint.location, what, did_you_mean(name, beside)))
        return constraint
    try:
        other = read_study(path)
        found = expand_variant(other, variant, scale, fixed)
    except InputError as error:
        problems += error.problems
    except KeyError:
        known = [row.id for row in read_rows(other, [])]
        what = f"the study '{name}' has no variant '{variant}'"
        problems.append(Problem(constraint.location, what, did_you_mean(variant, known)))
    else:
        return replace(constraint, reference=found.config)
    return constraint
