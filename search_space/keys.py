"""The keys of a configuration as a study writes them: `block.type`, `training.epochs`.

One spelling for each key. The block is part of the model, yet so central that its keys stand at the top: `block.type`
rather than `model.block.type`. So do those of the hourglass's levels: `level1.block.type`, `level1.width`.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from search_space.config import LevelsConfig, TrialConfig
from search_space.problems import did_you_mean, nearest

# (prefix in a study, path in TrialConfig) of sections that do not stand where the models put them.
_LIFTED: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("model", "block"): ("block",),
    **{("model", "levels", name): (name,) for name in LevelsConfig.model_fields},
    **{("model", "levels", name, "block"): (name, "block") for name in LevelsConfig.model_fields},
}

LEVELS = range(len(LevelsConfig.model_fields))
"""The levels of the deepest hourglass: level n is its map halved n times."""


@dataclass(frozen=True)
class Key:
    """A key that a study may set."""

    name: str
    path: tuple[str, ...]
    field: FieldInfo

    @property
    def default(self) -> Any:
        """The value where no study, scale or option says otherwise."""
        return self.field.get_default(call_default_factory=True)

    @property
    def description(self) -> str:
        """What the key means, in one line."""
        return self.field.description or ""

    @property
    def choices(self) -> tuple[Any, ...] | None:
        """The allowed values of a key that has a fixed list of them, null with them where it is allowed, else None."""
        annotation: Any = self.field.annotation
        given = [each for each in get_args(annotation) if each is not type(None)] if self.optional else [annotation]
        if len(given) != 1:
            return None
        null = (None,) if self.optional else ()
        if get_origin(given[0]) is Literal:
            return (*get_args(given[0]), *null)
        return (True, False, *null) if given[0] is bool else None

    @property
    def optional(self) -> bool:
        """Whether null is a value of the key."""
        annotation: Any = self.field.annotation
        return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)

    @property
    def level(self) -> int | None:
        """Of which level of the hourglass the key is; None for a key of the whole."""
        return int(self.path[2].removeprefix("level")) if self.path[:2] == ("model", "levels") else None

    @property
    def expected(self) -> str:
        """What a value must be, in words: `one of bottleneck, hierarchical`, `an integer from 2 to 8`."""
        if self.choices:
            return "one of " + ", ".join(show_value(choice) for choice in self.choices)
        annotation: Any = self.field.annotation
        bounds = _bounds([*self.field.metadata, *_inner_metadata(annotation)])
        kind = "an integer" if "int" in str(annotation) else "a number"
        if "str" in str(annotation):
            return " or ".join(
                [f"a name as {example}" for example in self.field.examples or ()] + ["null"] * self.optional
            )
        return kind + bounds + (" or null" if self.optional else "")


@functools.cache
def all_keys() -> Mapping[str, Key]:
    """Every key that a study may set, in the order of the configuration. The seed is not among them: see `seeds`."""
    found: dict[str, Key] = {}

    def visit(model: type[BaseModel], path: tuple[str, ...]) -> None:
        for name, field in model.model_fields.items():
            annotation: Any = field.annotation
            here = (*path, name)
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                visit(annotation, here)
            elif path:
                shown = ".".join((*_LIFTED.get(path, path), name))
                found[shown] = Key(shown, here, field)

    visit(TrialConfig, ())
    return types.MappingProxyType(found)


@functools.cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = all_keys()[name].field
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation)


def check_key(name: str) -> tuple[str, str] | None:
    """What is wrong with a key's name and how to mend it; None for a key that exists."""
    if name in all_keys():
        return None
    if name == "level0.width":
        return f"unknown key '{name}'", "level 0 is as wide as the network: set 'model.width'"
    if name in ("seed", "seeds"):
        return f"unknown key '{name}'", "seeds stand at the top of a study, as in seeds: [0, 1, 2]"
    near = nearest(name, all_keys())
    hint = f"did you mean '{near}'?" if near else f"`hglab keys` lists every key; they begin with {_sections()}"
    return f"unknown key '{name}'", hint


def _sections() -> str:
    """What the names of keys begin with; the levels of the hourglass together."""
    named = [name.partition(".")[0] for name, key in all_keys().items() if key.level is None]
    return f"{', '.join(dict.fromkeys(named))}, and level{LEVELS[0]} to level{LEVELS[-1]}"


def check_value(name: str, value: Any) -> tuple[str, str | None] | None:
    """What is wrong with the value of a known key and how to mend it; None for a value that fits."""
    key = all_keys()[name]
    try:
        _adapter(name).validate_python(value, strict=True)
    except ValidationError:
        choices = key.choices if isinstance(value, str) else None
        hint = did_you_mean(str(value), map(show_value, choices)) if choices else None
        return f"'{name}' must be {key.expected}, not {show_value(value)}", hint if hint and "mean" in hint else None
    return None


def flatten(config: TrialConfig) -> dict[str, Any]:
    """The configuration as one flat mapping from keys to values, in the order of `all_keys`; the seed is left out."""
    return {name: getter(config) for name, getter in _getters().items()}


@functools.cache
def defaults() -> Mapping[str, Any]:
    """The value of every key where no study, scale or option says otherwise."""
    return types.MappingProxyType(flatten(TrialConfig()))


@functools.cache
def _getters() -> Mapping[str, Callable[[TrialConfig], Any]]:
    return {name: operator.attrgetter(".".join(key.path)) for name, key in all_keys().items()}


def assemble(settings: Mapping[str, Any], seed: int = 0) -> TrialConfig:
    """The configuration that these settings make, on top of the defaults.

    Raises:
        pydantic.ValidationError, KeyError: for settings that `check_key` and `check_value` would refuse.
    """
    tree: dict[str, Any] = {"seed": seed}
    for name, value in settings.items():
        *parents, leaf = all_keys()[name].path
        level = tree
        for part in parents:
            level = level.setdefault(part, {})
        level[leaf] = value
    return TrialConfig.model_validate(tree)


def show_value(value: Any) -> str:
    """A value as a study would write it.

    >>> [show_value(value) for value in (True, None, "l2", 0.5)]
    ['true', 'null', 'l2', '0.5']
    """
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _inner_metadata(annotation: Any) -> list[Any]:
    metadata: list[Any] = []
    for argument in get_args(annotation):
        metadata += getattr(argument, "__metadata__", ())
    return [inner for item in metadata for inner in (item.metadata if isinstance(item, FieldInfo) else [item])]


def _bounds(metadata: list[Any]) -> str:
    bound = {name: getattr(item, name) for item in metadata for name in ("ge", "gt", "le", "lt") if hasattr(item, name)}
    low = f"{bound['ge']}" if "ge" in bound else f"above {bound['gt']}" if "gt" in bound else None
    high = f"{bound['le']}" if "le" in bound else f"below {bound['lt']}" if "lt" in bound else None
    if low and high:
        return f" from {low} to {high}"
    return (
        f" of at least {low}" if low and "ge" in bound else f" {low}" if low else f" of at most {high}" if high else ""
    )
