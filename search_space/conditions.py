"""Which keys mean something in a configuration.

A key that nothing reads, the depth of a bottleneck say, is not part of what a trial trains: it is left out of the
trial's identity, and a study that sets it is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_space.config import SYNTHETIC_IMAGES, TrialConfig
from search_space.keys import flatten, show_value


@dataclass(frozen=True)
class Condition:
    """`key` means something only where `needs` has one of `values`; any but null, where there are none of these."""

    key: str
    needs: str
    values: tuple[Any, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether the key means something where `needs` has this value."""
        return value in self.values if self.values else value is not None

    def __str__(self) -> str:
        if not self.values:
            return f"'{self.key}' means something only where '{self.needs}' is given"
        run = len(self.values) > 2 and all(isinstance(value, int) for value in self.values)
        shown = [show_value(value) for value in self.values]
        values = f"{shown[0]} to {shown[-1]}" if run else " or ".join(shown)
        return f"'{self.key}' means something only where '{self.needs}' is {values}"


CONDITIONS: tuple[Condition, ...] = (
    Condition("block.width", "block.type", ("bottleneck",)),
    Condition("block.remove_1x1", "block.type", ("bottleneck", "multi_scale")),
    Condition("block.depth", "block.type", ("hierarchical",)),
    Condition("block.cardinality", "block.type", ("hierarchical",)),
    Condition("model.relu", "model.binary", (True,)),
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


def unmet(key: str, settings: Mapping[str, Any]) -> Condition | None:
    """The condition that keeps `key` from meaning anything in these (complete, flat) settings; None if it is active."""
    for condition in CONDITIONS:
        if condition.key != key:
            continue
        if not condition.holds(settings[condition.needs]):
            return condition
        if (beneath := unmet(condition.needs, settings)) is not None:  # what it needs means nothing itself
            return beneath
    return None


def active_settings(config: TrialConfig) -> dict[str, Any]:
    """The settings that decide what the trial trains, flat: inactive keys left out, equivalent spellings made one.

    `model.features` and `model.width` give only their product, the width of the network that is built.
    """
    flat = flatten(config)
    active = {key: value for key, value in flat.items() if unmet(key, flat) is None}
    active = {key: value + 0.0 if isinstance(value, float) else value for key, value in active.items()}  # -0.0 is 0.0
    if active["data.name"] == "synthetic":
        for key, number in SYNTHETIC_IMAGES.items():
            active[key] = number if active[key] is None else active[key]
    active["model.features"] = active["model.features"] * active.pop("model.width")
    return active


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
