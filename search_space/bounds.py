"""The constraints of a search as its study writes them, with the variants that they are relative to."""

from __future__ import annotations

from dataclasses import replace

from search_space.constraints import Constraint, parse_constraint
from search_space.problems import Problem
from search_space.settings import Settings
from search_space.study import Study
from search_space.variant_beside import find_variant


def read_constraints(study: Study, scale: str, fixed: Settings, problems: list[Problem]) -> tuple[Constraint, ...]:
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
    study: Study, constraint: Constraint, scale: str, fixed: Settings, problems: list[Problem]
) -> Constraint:
    if constraint.reference_name is None:
        return constraint
    found = find_variant(study, constraint.reference_name, constraint.location, scale, fixed, problems)
    return constraint if found is None else replace(constraint, reference=found.config)
