"""A strict YAML reader: safe, and closed against the traps of YAML 1.1.

- `1e-4` is a number (PyYAML reads a string), `no`, `off`, `yes` and `on` are strings (PyYAML reads booleans),
  `2020-01-01` and `1:30` are strings.
- A key that stands twice in one mapping is an error (PyYAML keeps the last in silence).
- Every key and every value remembers its line and column, for error messages.
- Tags (`!!python/...`) are refused; nothing is ever constructed but dicts, lists, strings, numbers, booleans and null.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from search_space.problems import InputError, Location, Problem

NodePath = tuple[str | int, ...]

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CONSTANTS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    ".inf": float("inf"),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}
_STANDARD_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))
# Aliases may repeat a node; a document that unfolds to more than this is an attack or a mistake.
_MOST_NODES = 200_000
_LONGEST_INT = 1000


@dataclass
class Document:
    """A YAML file as plain data, and where each part of it stands."""

    source: str
    data: Any
    keys: dict[NodePath, Location] = field(default_factory=dict)
    values: dict[NodePath, Location] = field(default_factory=dict)

    def key_location(self, path: NodePath) -> Location:
        """Where the key at this path stands; the nearest enclosing place if the path itself is not in the file."""
        return self._nearest(path, self.keys, self.values)

    def value_location(self, path: NodePath) -> Location:
        """Where the value at this path stands; the nearest enclosing place if the path itself is not in the file."""
        return self._nearest(path, self.values, self.keys)

    def _nearest(self, path: NodePath, first: dict[NodePath, Location], second: dict[NodePath, Location]) -> Location:
        while path:
            for places in (first, second):
                if path in places:
                    return places[path]
            path = path[:-1]
        return self.values.get((), Location(self.source))


class _ScalarsAsWritten(yaml.SafeLoader):
    """Composes nodes without deciding what a plain scalar means: `_scalar` below decides."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own class attribute, emptied


def load_file(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        InputError: if the file cannot be read, is not YAML, or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError.at(str(path), "no such file", _files_beside(path)) from None
    except NotADirectoryError:
        hint = "a variant is named as STUDY/VARIANT only to `hglab inspect`, and has no slash in it"
        raise InputError.at(str(path), "no such file", hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.at(str(path), f"cannot be read as a text file ({error})") from None
    return load_text(text, str(path))


def load_text(text: str, source: str) -> Document:
    """Read YAML from a string; `source` names it in messages.

    Raises:
        InputError: if the text is not YAML, or repeats a key.
    """
    loader: _ScalarsAsWritten | None = None
    try:
        loader = _ScalarsAsWritten(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        location = Location(source, mark.line + 1, mark.column + 1) if mark else Location(source)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise InputError(
            [Problem(location, f"not valid YAML: {what}", "check indentation, colons and brackets")]
        ) from None
    except yaml.YAMLError as error:
        raise InputError.at(source, f"not valid YAML: {error}") from None
    except RecursionError:
        raise InputError.at(source, "the document is nested too deep") from None
    finally:
        if loader is not None:
            loader.dispose()
    document = Document(source, None)
    if root is not None:
        problems: list[Problem] = []
        document.data = _convert(root, (), document, problems, [0], ())
        if problems:
            raise InputError(problems)
    return document


def parse_scalar(text: str) -> Any:
    """The value that a plain YAML scalar stands for, as in `--set key=VALUE`.

    >>> [parse_scalar(text) for text in ("1e-4", "no", "true", "3", "null", "l2")]
    [0.0001, 'no', True, 3, None, 'l2']
    """
    if text.lower() in _CONSTANTS and (text == text.lower() or text.lower() in ("true", "false", "null")):
        return _CONSTANTS[text.lower()]
    if _INT.match(text) and len(text) < _LONGEST_INT:
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text


def _convert(
    node: yaml.Node,
    path: NodePath,
    document: Document,
    problems: list[Problem],
    count: list[int],
    above: tuple[yaml.Node, ...],
) -> Any:
    location = _location(node, document.source)
    document.values[path] = location
    count[0] += 1
    if count[0] > _MOST_NODES or node in above:
        raise InputError([Problem(location, "the document refers to itself or unfolds to too many values")])
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None
        if node.tag not in _STANDARD_TAGS and not (plain and node.tag == "tag:yaml.org,2002:str"):
            problems.append(Problem(location, f"the tag {node.tag} is not allowed", "write a plain value"))
            return None
        return parse_scalar(node.value) if plain else node.value
    if node.tag not in _STANDARD_TAGS:
        problems.append(Problem(location, f"the tag {node.tag} is not allowed", "write a plain mapping or list"))
        return None
    above = (*above, node)
    if isinstance(node, yaml.SequenceNode):
        return [_convert(child, (*path, i), document, problems, count, above) for i, child in enumerate(node.value)]
    assert isinstance(node, yaml.MappingNode)
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key_location = _location(key_node, document.source)
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(key_location, "a key must be a plain word"))
            continue
        key = key_node.value
        if key in mapping:
            first = document.keys[(*path, key)].line
            problems.append(
                Problem(key_location, f"the key '{key}' stands twice (first in line {first})", "remove one")
            )
            continue
        document.keys[(*path, key)] = key_location
        mapping[key] = _convert(value_node, (*path, key), document, problems, count, above)
    return mapping


def _location(node: yaml.Node, source: str) -> Location:
    return Location(source, node.start_mark.line + 1, node.start_mark.column + 1)


def _files_beside(path: Path) -> str | None:
    beside = sorted(other.name for other in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
    return f"in {path.parent}: {', '.join(beside)}" if beside else None
