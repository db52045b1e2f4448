"""How a study writes the dimensions of its search: `search.space`, read with every mistake collected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from search_space.comparable import cannot_vary
from search_space.conditions import Need
from search_space.dimensions import Dimension, show_number
from search_space.keys import all_keys, assemble, check_key, check_value, flatten, show_value
from search_space.problems import Location, Problem, did_you_mean
from search_space.settings import leaves
from search_space.yaml_loader import Document, NodePath

FORMS = ("choice", "int", "float", "log")
_OPTIONS = {"choice": (), "int": ("step", "log"), "float": ("step", "log"), "log": ()}
_HINT = "write a list of values, bool, {int: [2, 6]}, {float: [0.25, 1.0]} or {log: [1e-4, 1e-2]}"
_Wrong = tuple[NodePath, str, str | None]  # where below the dimension, what, a hint


def read_dimensions(document: Document, path: NodePath, problems: list[Problem]) -> list[Dimension]:
    """The dimensions in the mapping at `path`, keys with dots or nested, in the study's order.

    Mistakes are added to `problems`, and the dimensions that have them left out.
    """
    node = document.data
    for part in path:
        node = node[part]
    dimensions: dict[str, Dimension] = {}
    for key, place, value in leaves(node, "", path):
        where = document.key_location(place)
        if key in dimensions:
            problems.append(Problem(where, f"the key '{key}' stands twice", "remove one"))
        elif wrong := cannot_vary(key) or check_key(key):
            problems.append(Problem(where, *wrong))
        else:
            found: list[_Wrong] = []
            dimension = _dimension(key, value, where, found)
            if dimension is not None and isinstance(value, dict) and "if" in value:
                needs = _needs(document, (*place, "if"), value["if"], problems)
                dimension = Dimension(**{**vars(dimension), "needs": needs})
            for below, what, hint in found:
                problems.append(Problem(document.value_location((*place, *below)), what, hint))
            if dimension is not None:
                dimensions[key] = dimension
    return list(dimensions.values())


def _dimension(key: str, value: Any, where: Location, found: list[_Wrong]) -> Dimension | None:
    if value == "bool":
        if not {False, True} <= set(all_keys()[key].choices or ()):
            found.append(((), f"'{key}' is no switch: it must be {all_keys()[key].expected}", _HINT))
            return None
        value = [False, True]
    if isinstance(value, list):
        return _choice(key, value, (), where, found)
    if not isinstance(value, dict):
        found.append(((), f"'{key}' has no domain: {show_value(value)}", _HINT))
        return None
    forms = [form for form in FORMS if form in value]
    if len(forms) > 1 and not isinstance(value.get("log"), list):  # there `log` is an option of another form
        forms = [form for form in forms if form != "log"]
    if len(forms) != 1:
        what = f"'{key}' has {'two domains, ' + ' and '.join(forms) if forms else 'no domain'}"
        found.append(((), what, "keep one" if forms else _HINT))
        return None
    (form,) = forms
    known = (form, *_OPTIONS[form], "if")
    for name in value:
        if name not in known:
            hint = did_you_mean(name, known)
            found.append(((name,), f"unknown key '{name}' of a dimension with '{form}'", hint))
    if found:
        return None
    given = value[form]
    if form == "choice":
        if not isinstance(given, list):
            found.append((("choice",), f"'{key}' lists no values", "write a list, as in [2, 3]"))
            return None
        return _choice(key, given, ("choice",), where, found)
    return _range(key, form, value, where, found)


def _choice(key: str, listed: list[Any], below: NodePath, where: Location, found: list[_Wrong]) -> Dimension | None:
    if not listed:
        found.append((below, f"'{key}' lists no values", "write at least two, as in [2, 3]"))
    choices: list[Any] = []
    for index, item in enumerate(listed):
        if wrong := check_value(key, item):
            found.append(((*below, index), *wrong))
        elif (value := _as_configured(key, item)) in choices:
            found.append(((*below, index), f"'{key}' lists {show_value(item)} twice", "remove one"))
        else:
            choices.append(value)
    return None if found else Dimension(key, "choice", tuple(choices), location=where)


def _range(key: str, form: str, value: Mapping[str, Any], where: Location, found: list[_Wrong]) -> Dimension | None:
    bounds, step, log = value[form], value.get("step"), form == "log" or value.get("log", False)
    whole = form == "int"
    if not isinstance(bounds, list) or len(bounds) != 2:
        found.append(((form,), f"'{key}' needs two bounds", f"write {{{form}: [LOW, HIGH]}}"))
        return None
    if all_keys()[key].choices:
        hint = f"write a list, as in [{', '.join(map(show_value, all_keys()[key].choices or ()))}]"
        found.append(((form,), f"'{key}' is no number: it must be {all_keys()[key].expected}", hint))
        return None
    if not whole and _takes_whole_numbers(key):
        log_hint = ", log: true" if form == "log" else ""
        hint = f"write {{int: [{show_value(bounds[0])}, {show_value(bounds[1])}]{log_hint}}}"
        found.append(((form,), f"'{key}' takes whole numbers only", hint))
        return None
    for index, bound in enumerate(bounds):
        fits = isinstance(bound, int if whole else int | float) and not isinstance(bound, bool)
        if not fits:
            what = f"a bound of '{key}' must be {'a whole number' if whole else 'a number'}, not {show_value(bound)}"
            example = "{int: [2, 6]}" if whole else f"{{{form}: [{'1e-4, 1e-2' if form == 'log' else '0.25, 1.0'}]}}"
            found.append(((form, index), what, f"as in {example}"))
        elif wrong := check_value(key, bound):
            found.append(((form, index), *wrong))
    if "log" in value and form != "log" and not isinstance(value["log"], bool):
        found.append((("log",), "'log' is true or false", f"as in {{{form}: {show_value(bounds)}, log: true}}"))
    if not found:
        found += _order(key, form, bounds[0], bounds[1], step, log)
    if found:
        return None
    number = int if whole else float
    low, high = number(bounds[0]), number(bounds[1])
    return Dimension(key, "int" if whole else "float", (), low, high, None if step is None else number(step), log,
                     location=where)  # fmt: skip


def _order(key: str, form: str, low: float, high: float, step: Any, log: bool) -> list[_Wrong]:
    """What is wrong with bounds that fit the key, a step and a scale."""
    wrong: list[_Wrong] = []
    if low > high:
        what = f"the lower bound of '{key}', {show_number(low)}, is above the upper one, {show_number(high)}"
        wrong.append(((form,), what, "exchange them"))
    if log and low <= 0:
        what = f"the logarithmic scale of '{key}' cannot begin at {show_number(low)}"
        wrong.append(((form, 0), what, "write a lower bound above 0, or no `log`"))
    if step is None or wrong:
        return wrong
    if log:
        return [(("step",), f"a logarithmic scale, as '{key}' has, has no step", "remove 'step' or 'log'")]
    fits = isinstance(step, int if form == "int" else int | float) and not isinstance(step, bool)
    if not fits or not math.isfinite(step) or step <= 0:
        kind = "a whole number" if form == "int" else "a number"
        what = f"the step of '{key}' must be {kind} above 0, not {show_value(step)}"
        return [(("step",), what, f"as in step: {1 if form == 'int' else 0.25}")]
    steps = (high - low) / step
    if abs(steps - round(steps)) > 1e-9 * max(1, steps) or round(steps) == 0:
        nearest = [low + math.floor(steps) * step, low + math.ceil(steps) * step]
        shown = " or ".join(show_number(end) for end in nearest if end > low and check_value(key, end) is None)
        what = f"steps of {show_number(step)} from {show_number(low)} do not meet {show_number(high)}"
        return [(("step",), what, f"end at {shown}, or write another step" if shown else "write a smaller step")]
    return []


def _needs(document: Document, path: NodePath, given: Any, problems: list[Problem]) -> tuple[Need, ...]:
    """The conditions of an `if:`: `{key: value}` or `{key: [value, ...]}`."""
    if not isinstance(given, dict) or not given:
        what = "`if:` is a mapping of keys to values"
        problems.append(Problem(document.value_location(path), what, "as in if: {block.type: hierarchical}"))
        return ()
    needs = []
    for key, place, value in leaves(given, "", path):
        if wrong := check_key(key):
            problems.append(Problem(document.key_location(place), f"a condition on an {wrong[0]}", wrong[1]))
            continue
        listed = value if isinstance(value, list) else [value]
        if not listed:
            problems.append(Problem(document.value_location(place), f"'{key}' lists no values", "write at least one"))
        fitting = []
        for index, item in enumerate(listed):
            where = document.value_location((*place, index) if isinstance(value, list) else place)
            if wrong_value := check_value(key, item):
                problems.append(Problem(where, *wrong_value))
            else:
                fitting.append(_as_configured(key, item))
        if fitting:
            needs.append(Need(key, tuple(fitting)))
    return tuple(needs)


def _takes_whole_numbers(key: str) -> bool:
    return "integer" in all_keys()[key].expected


def _as_configured(key: str, value: Any) -> Any:
    """The value as a configuration holds it: 1 of a key of numbers is 1.0."""
    return flatten(assemble({key: value}))[key]
