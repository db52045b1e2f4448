"""What a figure is told: its defaults, under what the study's `figures:` says, under what the caller says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_origin

from pydantic import ValidationError

from analysis.figures.material import Material
from search_space.figure_spec import FIGURE_OPTIONS, FigureOptions
from search_space.problems import InputError, Location, Problem, did_you_mean
from search_space.yaml_loader import parse_scalar

Options = TypeVar("Options", bound=FigureOptions)


def options_of(material: Material, model: type[Options]) -> Options:
    """The options of a figure.

    Args:
        material: the plan, whose study may tell the figure something, and what the caller tells it.
        model: which figure's, one of `search_space.figure_spec.FIGURE_OPTIONS`.

    Raises:
        InputError: for options that the figure does not have, values that do not fit, variants that are not there.
    """
    name = next(name for name, options in FIGURE_OPTIONS.items() if options is model)
    expanded = material.plan.expanded
    told = {**expanded.study.spec.figures.given(name), **material.options}
    known = list(model.model_fields)
    problems = [
        Problem(Location(f"--option {key}"), f"the figure '{name}' has no option '{key}'", did_you_mean(key, known))
        for key in told
        if key not in known
    ]
    if problems:
        raise InputError(problems)
    try:
        options = model.model_validate(told)
    except ValidationError as error:
        raise InputError(_problem(details) for details in error.errors()) from None
    ids = [variant.id for variant in expanded.variants]
    unknown = [variant for variant in options.variants if variant not in ids]
    if unknown:
        raise InputError(
            Problem(
                Location(f"--option variants={each}"), f"the study has no variant '{each}'", did_you_mean(each, ids)
            )
            for each in unknown
        )
    return options


def read_options(name: str, texts: Sequence[str]) -> Mapping[str, Any]:
    """The options of the command line, `until=0.5`; lists with commas, `variants=bottleneck,hierarchical`.

    Raises:
        InputError: for texts that are not `key=value`, and options that the figure does not have.
    """
    fields = FIGURE_OPTIONS[name].model_fields
    problems: list[Problem] = []
    options: dict[str, Any] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        where = Location(f"--option {text}")
        if not equals:
            problems.append(Problem(where, f"'{text}' is not key=value", f"as in --option {next(iter(fields))}=..."))
        elif key not in fields:
            problems.append(Problem(where, f"the figure '{name}' has no option '{key}'", did_you_mean(key, fields)))
        elif get_origin(fields[key].annotation) is tuple:
            options[key] = tuple(part.strip() for part in value.split(",") if part.strip())
        else:
            options[key] = parse_scalar(value)
    if problems:
        raise InputError(problems)
    return options


def _problem(details: Any) -> Problem:
    what, _, hint = details["msg"].removeprefix("Value error, ").partition("; ")
    key = str(details["loc"][0])
    given = "" if details["type"] in ("too_short", "value_error") else f", not {details['input']!r}"
    return Problem(Location(f"--option {key}"), f"{what[0].lower()}{what[1:]}{given}", hint or None)
