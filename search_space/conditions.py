"""Which keys mean something in a configuration.

A key that nothing reads, the depth of a bottleneck say, is not part of what a trial trains: it is left out of the
trial's identity, and a study that sets it is told so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from search_space.config import SYNTHETIC_IMAGES, TrialConfig
from search_space.keys import LEVELS, flatten, show_value

BLOCK_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "width": ("bottleneck",),
        "remove_1x1": ("bottleneck", "multi_scale"),
        "depth": ("hierarchical",),
        "cardinality": ("hierarchical",),
    }
)
"""Of which types of block the other settings of a block are."""


@dataclass(frozen=True)
class Need:
    """`key` has one of `values`; any but null, where there are none of these."""

    key: str
    values: tuple[Any, ...] = ()

    def holds(self, settings: Mapping[str, Any]) -> bool:
        """Whether it has in these (complete, flat) settings.

        What a level leaves out it has from `block.*`, unless it is asked for that: null is among the values.
        """
        value = settings[self.key] if None in self.values else resolved(self.key, settings)
        return value in self.values if self.values else value is not None

    def __str__(self) -> str:
        if not self.values:
            return f"'{self.key}' is given"
        run = len(self.values) > 2 and all(isinstance(value, int) for value in self.values)
        shown = [show_value(value) for value in self.values]
        return f"'{self.key}' is " + (f"{shown[0]} to {shown[-1]}" if run else " or ".join(shown))


@dataclass(frozen=True)
class Condition:
    """`key` means something only where `needs` has one of `values`, or where all needs of one of `otherwise` hold.

    Without `values` any but null will do.

    `also` says the latter in words, where naming all of them would be a wall of text.
    """

    key: str
    needs: str
    values: tuple[Any, ...] = ()
    otherwise: tuple[tuple[Need, ...], ...] = ()
    also: str = ""

    @functools.cached_property
    def alternatives(self) -> tuple[tuple[Need, ...], ...]:
        """One of these suffices; of each all needs must hold."""
        return ((Need(self.needs, self.values),), *self.otherwise)

    def holds(self, settings: Mapping[str, Any]) -> bool:
        """Whether one of the alternatives holds, whatever its keys mean themselves."""
        return any(all(need.holds(settings) for need in needs) for needs in self.alternatives)

    def found(self, settings: Mapping[str, Any]) -> str:
        """What these settings have instead, in words: `it is bottleneck`."""
        if self.otherwise and not self.also:
            keys = dict.fromkeys(need.key for needs in self.alternatives for need in needs)
            return " and ".join(f"'{key}' is {_shown(key, settings)}" for key in keys)
        return f"it is {_shown(self.needs, settings)}"

    def __str__(self) -> str:
        shown = (Need(self.needs, self.values),), *(() if self.also else self.otherwise)
        words = " or ".join(" and ".join(map(str, needs)) for needs in shown)
        return f"'{self.key}' means something only where {words}{self.also}"


def _reaches(level: int) -> tuple[str, tuple[Any, ...]]:
    """Where the hourglass has blocks of a level: the improved one has none on its outermost way across."""
    return ("model.hourglass", ("standard",)) if level == 0 else ("model.order", tuple(range(level, LEVELS[-1] + 1)))


def _block_conditions() -> Iterator[Condition]:
    for name, kinds in BLOCK_TYPES.items():
        # A level of such a type that leaves the setting out has it from the block.
        levels = tuple(
            (Need(f"level{level}.block.type", kinds), Need(f"level{level}.block.{name}", (None,))) for level in LEVELS
        )
        yield Condition(f"block.{name}", "block.type", kinds, levels, ", there or in a level")
    for level in LEVELS:
        yield Condition(f"level{level}.block.type", *_reaches(level))
        if level > 0:
            yield Condition(f"level{level}.width", *_reaches(level))
        for name, kinds in BLOCK_TYPES.items():
            yield Condition(f"level{level}.block.{name}", f"level{level}.block.type", kinds)


CONDITIONS: tuple[Condition, ...] = (
    *_block_conditions(),
    Condition("model.relu", "model.binary", (True,)),
    Condition("model.relu_first", "model.relu", (True,), ((Need("model.binary", (False,)),),)),
    Condition("model.activation", "model.relu", (True,)),
    Condition("model.sign_gradient", "model.binary", (True,)),
    Condition("model.sign_beta", "model.sign_gradient", ("swish",)),
    Condition("model.weight_scale", "model.binary", (True,)),
    Condition("model.shortcut_projection", "model.binary", (True,)),
    Condition("augmentation.rotation", "augmentation.enabled", (True,)),
    Condition("augmentation.scale_min", "augmentation.enabled", (True,)),
    Condition("augmentation.scale_max", "augmentation.enabled", (True,)),
    Condition("augmentation.flip", "augmentation.enabled", (True,)),
    Condition("training.final_learning_rate", "training.schedule", ("steps", "cosine")),
    Condition("training.momentum", "training.optimiser", ("sgd",)),
    Condition("training.clip_weights", "model.binary", (True,)),
    Condition("training.stacking", "model.stacks", tuple(range(2, 9))),
    Condition("training.joint_epochs", "training.stacking", ("sequential",)),
    Condition("distillation.weight", "distillation.teacher"),
)

_BY_KEY: Mapping[str, Condition] = MappingProxyType({condition.key: condition for condition in CONDITIONS})


def resolved(key: str, settings: Mapping[str, Any]) -> Any:
    """The value of a key; of a level's block that does not say it, that of `block.*`."""
    value = settings[key]
    return settings[inherited] if value is None and (inherited := _inherits(key)) else value


def unmet(key: str, settings: Mapping[str, Any]) -> Condition | None:
    """The condition that keeps `key` from meaning anything in these (complete, flat) settings; None if it is active."""
    condition = _BY_KEY.get(key)
    if condition is None:
        return None
    beneath: Condition | None = None
    for needs in condition.alternatives:
        if not all(need.holds(settings) for need in needs):
            continue
        found = [unmet(need.key, settings) for need in needs if None not in need.values]
        lacking = next((each for each in found if each is not None), None)  # what it needs means nothing itself
        if lacking is None:
            return None
        beneath = beneath or lacking
    return beneath if beneath and len(condition.alternatives) == 1 else condition


@functools.cache
def depends_on(key: str) -> frozenset[str]:
    """Every key whose value can decide whether `key` means something: those of its condition, and what these need."""
    found: set[str] = set()
    condition = _BY_KEY.get(key)
    for need in [need for needs in condition.alternatives for need in needs] if condition else []:
        inherited = _inherits(need.key)
        found |= {need.key, *depends_on(need.key), *([inherited] if inherited and None not in need.values else [])}
    return frozenset(found - {key})


def active_settings(config: TrialConfig) -> dict[str, Any]:
    """The settings that decide what the trial trains, flat: inactive keys left out, equivalent spellings made one.

    `model.features` and `model.width` give only their product, the width of the network that is built. Of a level of
    the hourglass there is what differs from the rest of the network, and that alone.
    """
    flat = flatten(config)
    silent = _silent_levels()
    if any(flat[key] != value for key, value in silent.items()):
        silent = {}
    active = {key: value for key, value in flat.items() if key not in silent and unmet(key, flat) is None}
    active = {key: value + 0.0 if isinstance(value, float) else value for key, value in active.items()}  # -0.0 is 0.0
    if active["data.name"] == "synthetic":
        for key, number in SYNTHETIC_IMAGES.items():
            active[key] = number if active[key] is None else active[key]
    active["model.features"] = active["model.features"] * active.pop("model.width")
    return _levels_made_one(active, flat)


@functools.cache
def _silent_levels() -> Mapping[str, Any]:
    """The keys of levels, with the values at which they say nothing: then none of them need be looked at."""
    return MappingProxyType({key: value for key, value in flatten(TrialConfig()).items() if key.startswith("level")})


def _levels_made_one(active: dict[str, Any], flat: Mapping[str, Any]) -> dict[str, Any]:
    """Without what levels say and the block says, too; and with what they have from a block that does not use it."""
    unused = {f"block.{name}" for name, kinds in BLOCK_TYPES.items() if flat["block.type"] not in kinds}
    made = {}
    for key, value in active.items():
        inherited = _inherits(key)
        if inherited:
            own = resolved(key, flat)
            if inherited in unused or own != flat[inherited]:
                made[key] = own
        elif key not in unused and not (key.startswith("level") and value == 1.0):
            made[key] = value
    return made


@functools.cache
def _inherits(key: str) -> str | None:
    """The key that says what a key of a level's block leaves out; None for every other key."""
    level, _, rest = key.partition(".")
    return rest if level.startswith("level") and rest.startswith("block.") else None


def _shown(key: str, settings: Mapping[str, Any]) -> str:
    value = settings[key]
    inherited = f", as 'block.type' {show_value(resolved(key, settings))}" if value is None and _inherits(key) else ""
    return show_value(value) + inherited


def contradictions(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of (key, what is wrong) in complete, flat settings whose values do not go together."""
    wrong: list[tuple[str, str]] = []
    final, first = settings["training.final_learning_rate"], settings["training.learning_rate"]
    if unmet("training.final_learning_rate", settings) is None and final > first:
        what = f"'training.final_learning_rate' ({final:g}) is above 'training.learning_rate' ({first:g})"
        wrong.append(("training.final_learning_rate", what))
    if settings["data.resolution"] % 4:
        what = f"'data.resolution' must be divisible by 4, not {settings['data.resolution']}"
        wrong.append(("data.resolution", what))
    return wrong
