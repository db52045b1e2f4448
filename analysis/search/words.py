"""Points of a search in words: only what tells them apart, as few words as will do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search_space.keys import all_keys, show_value
from search_space.metrics import LATENCY, METRICS, Metric

if TYPE_CHECKING:
    from search_space import Objective, Point
    from search_space.dimensions import Dimension

_ABSENT = object()


def metric_named(name: str) -> Metric:
    """A metric by its name; one that hglab no longer knows is a plain number, less of it better."""
    return METRICS.get(name) or Metric(name, name.replace("_", " "), "min", "number", name)


def is_cost(name: str) -> bool:
    """Whether a figure is known of a network before it is trained: counts, and the latency that searches measure."""
    return metric_named(name).counted or name == LATENCY


def main_objective(objectives: Sequence[Objective]) -> Objective:
    """The first objective that training measures; where all are known before it, the first."""
    return next((each for each in objectives if not is_cost(each.metric)), objectives[0])


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them.

    >>> listed(["PCKh", "# params"]), listed(["PCKh", "# params", "size"])
    ('PCKh and # params', 'PCKh, # params and size')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """What the keys of a space are called: by their last part, by two parts where that is not enough.

    A level of the hourglass is named in any case, as `ExpandedSearch.label` does: its depth is not that of the whole.

    >>> names_of(["block.width", "model.width", "training.learning_rate"])
    {'block.width': 'block width', 'model.width': 'model width', 'training.learning_rate': 'learning rate'}
    >>> names_of(["level1.block.depth", "level1.width"])
    {'level1.block.depth': 'level1 depth', 'level1.width': 'level1 width'}
    """
    keys = list(keys)
    ends = [_end(key) for key in keys]
    names = {}
    for key, end in zip(keys, ends, strict=True):
        alone = ends.count(end) == 1 and end.rpartition(" ")[2] not in ("type", "name", "enabled")
        names[key] = (end if alone else key.replace(".", " ")).replace("_", " ")
    return names


def _end(key: str) -> str:
    """The last part of a key, after its level where it has one."""
    leaf = key.rpartition(".")[2]
    known = all_keys().get(key)
    return leaf if known is None or known.level is None else f"{key.partition('.')[0]} {leaf}"


def in_words(key: str, value: Any, name: str) -> str:
    """One dimension's value in words; null, which leaves the value to another key, in none.

    A switch that is off is left out of longer descriptions: see `describe`.

    >>> in_words("block.type", "multi_scale", "block type"), in_words("model.relu", False, "relu")
    ('multi-scale', 'no relu')
    >>> in_words("model.pooling", "average", "pooling"), in_words("block.depth", 4, "depth")
    ('average pooling', 'depth 4')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if isinstance(value, str):
        shown = value.replace("_", "-")
        if key.endswith("block.type"):
            return f"{key.removesuffix('block.type').rstrip('.')} {shown}".strip()
        return f"{shown} {name}"
    return f"{name} {number(value)}"


def number(value: Any) -> str:
    """A value along an axis or in a label: three digits of a float.

    >>> number(0.00234567), number(0.5), number(8), number("multi_scale"), number(True)
    ('0.00235', '0.5', '8', 'multi-scale', 'true')
    """
    if isinstance(value, str):
        return value.replace("_", "-")
    return f"{value:.3g}" if isinstance(value, float) else show_value(value)


def differing(points: Sequence[Point], dimensions: Sequence[Dimension]) -> tuple[str, ...]:
    """The keys in which some of these points differ, in the order of the dimensions; not to be used counts, too."""

    def values(key: str) -> list[Any]:
        return [point.get(key, _ABSENT) for point in points]

    return tuple(each.key for each in dimensions if any(value != values(each.key)[0] for value in values(each.key)))


def describe(point: Point, keys: Sequence[str], names: Mapping[str, str]) -> str:
    """A point in words, of these keys alone: `hierarchical, depth 4, average pooling`.

    Switches that are off are left out, unless there is nothing else to say.
    """
    there = [key for key in keys if key in point and point[key] is not None]
    on = [key for key in there if point[key] is not False]
    return ", ".join(in_words(key, point[key], names[key]) for key in on or there)


def descriptions(points: Sequence[Point], dimensions: Sequence[Dimension]) -> list[str]:
    """Each point in words, by what tells these points apart. One point alone: by all that it is."""
    names = names_of(each.key for each in dimensions)
    keys = differing(points, dimensions) if len(points) > 1 else ()
    every = tuple(each.key for each in dimensions)
    return [describe(point, keys, names) or describe(point, every, names) or "the base" for point in points]


def shared(points: Sequence[Point], dimensions: Sequence[Dimension]) -> str:
    """What all these points have in common, in words; empty where there is one point alone, or nothing."""
    if len(points) < 2:
        return ""
    names = names_of(each.key for each in dimensions)
    apart = differing(points, dimensions)
    return describe(points[0], [each.key for each in dimensions if each.key not in apart], names)
