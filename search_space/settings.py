"""Settings of a study: a key, its value, and where in the file both stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from search_space.keys import all_keys, check_key, check_value
from search_space.problems import InputError, Location, Problem
from search_space.yaml_loader import Document, NodePath, parse_scalar


@dataclass(frozen=True)
class Setting:
    """The value that a study, a scale or the command line gives to a key."""

    value: Any
    key_location: Location
    value_location: Location


Settings = Mapping[str, Setting]


def read_settings(document: Document, path: NodePath, problems: list[Problem]) -> dict[str, Setting]:
    """The settings in the mapping at `path`: `block.depth: 4`, or nested, `block: {depth: 4}`.

    Misspelt keys and values that do not fit are added to `problems` and left out of the result.
    """
    settings: dict[str, Setting] = {}
    node = document.data
    for part in path:
        node = node[part]
    for name, value_path, value in leaves(node, "", path):
        where, value_where = document.key_location(value_path), document.value_location(value_path)
        if name in settings:
            problems.append(Problem(where, f"the key '{name}' stands twice", "remove one"))
        elif wrong := check_key(name):
            problems.append(Problem(where, *wrong))
        elif wrong_value := check_value(name, value):
            problems.append(Problem(value_where, *wrong_value))
        else:
            settings[name] = Setting(value, where, value_where)
    return settings


def read_overrides(overrides: Mapping[str, Any] | None = None, texts: tuple[str, ...] = ()) -> dict[str, Setting]:
    """The settings of the command line: `--set key=value` as texts, and named ones (`--data lsp`) as a mapping.

    Raises:
        InputError: for texts that are not `key=value`, unknown keys, values that do not fit.
    """
    problems: list[Problem] = []
    settings: dict[str, Setting] = {}
    pairs = [(f"--set {name}={value}", name, value) for name, value in (overrides or {}).items()]
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            what = f"'{text}' is not key=value"
            problems.append(Problem(Location(f"--set {text}"), what, "as in --set training.epochs=3"))
            continue
        pairs.append((f"--set {text}", name.strip(), parse_scalar(value.strip())))
    for source, name, value in pairs:
        location = Location(source)
        wrong = check_key(name) or check_value(name, value)
        if wrong:
            problems.append(Problem(location, *wrong))
        elif name in settings and settings[name].value != value:
            problems.append(
                Problem(location, f"'{name}' is set twice, also by {settings[name].key_location}", "keep one")
            )
        else:
            settings[name] = Setting(value, location, location)
    if problems:
        raise InputError(problems)
    return settings


def values(settings: Settings) -> dict[str, Any]:
    """The settings without their places."""
    return {name: setting.value for name, setting in settings.items()}


def leaves(node: Any, prefix: str, path: NodePath) -> Iterator[tuple[str, NodePath, Any]]:
    """Each key in the mapping `node`, written with dots or nested, with its path in the document and what it has."""
    for key, value in node.items():
        name = f"{prefix}{key}"
        is_section = name not in all_keys() and any(known.startswith(f"{name}.") for known in all_keys())
        if is_section and isinstance(value, dict):
            yield from leaves(value, f"{name}.", (*path, key))
        else:
            yield name, (*path, key), value
