"""A search space: its dimensions in an order in which each can be decided, and the points that they make."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from search_space.conditions import depends_on, resolved, unmet
from search_space.dimensions import Dimension
from search_space.keys import show_value

Point = Mapping[str, Any]
"""The values of a point's active dimensions, in the order of the space."""

Answer = TypeVar("Answer")
_MOST_STATES = 10_000  # of counting, after which a space counts as too large to count
_MOST_QUESTIONS = 20_000  # of asking what is possible, after which anything is
_FEW = 64  # values that are tried one by one where it is asked what is possible


class CircularConditions(ValueError):  # noqa: N818  the house names errors by what is wrong
    """Dimensions that wait for one another. `keys`: the circle, its first key again at the end."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        super().__init__(" -> ".join(keys))


@dataclass(frozen=True)
class Space:
    """Dimensions over settings.

    A dimension is active at a point where its `if:` holds and where its key means something
    (`search_space.conditions`): the depth of the block for a hierarchical block only. Elsewhere the key has its value
    of the settings under the space.

    Attributes:
        dimensions: ordered so that what a dimension depends on comes before it, else as given.
        under: the flat, complete settings that hold where no dimension says otherwise.

    Raises:
        CircularConditions: for dimensions of which none can be decided first.
    """

    dimensions: tuple[Dimension, ...]
    under: Mapping[str, Any]
    by_key: Mapping[str, Dimension] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = {dimension.key: dimension for dimension in self.dimensions}
        object.__setattr__(self, "by_key", by_key)
        object.__setattr__(self, "dimensions", _in_order(self.dimensions))

    def is_active(self, dimension: Dimension, settings: Mapping[str, Any]) -> bool:
        """Whether the dimension varies where these (complete, flat) settings hold."""
        return dimension.lacking(settings) is None and unmet(dimension.key, settings) is None

    def walk(self, choose: Callable[[Dimension], Any]) -> dict[str, Any]:
        """The point that `choose` makes: it is asked for the value of each active dimension, one after the other.

        Raises:
            ValueError: for a value outside of its dimension.
        """
        point: dict[str, Any] = {}
        settings = dict(self.under)
        for dimension in self.dimensions:
            if self.is_active(dimension, settings):
                point[dimension.key] = settings[dimension.key] = dimension.settle(choose(dimension))
        return point

    def random(self, rng: random.Random) -> dict[str, Any]:
        """A point whose dimensions are drawn one by one."""
        return self.walk(lambda dimension: dimension.draw(rng))

    def settings(self, point: Point) -> dict[str, Any]:
        """The flat, complete settings at a point."""
        return {**self.under, **point}

    def point_of(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The point at which these flat settings are; what they leave out is as under the space.

        Raises:
            ValueError: where they are outside of the space, which says the key: a value outside of its dimension, or
                one that means something and does not vary in the search.
        """
        there = {**self.under, **settings}
        point = self.walk(lambda dimension: there[dimension.key])
        at_point = self.settings(point)
        for key, value in settings.items():
            if value != at_point[key] and unmet(key, there) is None:
                what = "does not vary there" if key in self.by_key else "does not vary in the search"
                raise ValueError(f"'{key}' is {show_value(value)}, not {show_value(at_point[key])}, and {what}")
        return point

    @property
    def most_epochs(self) -> int:
        """The epochs of the point that is trained for most of them."""
        key = "training.epochs"
        dimension = self.by_key.get(key)
        if dimension is None:
            return int(self.under[key])
        elsewhere = (self.under[key],) if dimension.needs else ()
        return int(max((*dimension.values(), *elsewhere)))

    @cached_property
    def finite(self) -> bool:
        """Whether there is an end of points."""
        return all(dimension.size is not None for dimension in self.dimensions)

    @cached_property
    def size(self) -> int | None:
        """How many points there are; None where there is no end of them, or where they are too many to be counted."""
        if not self.finite:
            return None
        try:
            return self._count(0, (), {})
        except OverflowError:
            return None

    def points(self) -> Iterator[dict[str, Any]]:
        """Every point of a finite space once, the last dimension varying fastest.

        Raises:
            ValueError: for a space without an end of points.
        """
        if not self.finite:
            endless = next(dimension for dimension in self.dimensions if dimension.size is None)
            raise ValueError(f"there is no end of points: '{endless.key}' is {endless.describe()}")
        return self._points(0, {}, dict(self.under))

    def may_be(self, question: Callable[[Mapping[str, Any]], bool]) -> bool:
        """Whether `question` is answered with yes for the settings at some point.

        Long ranges are tried at a few of their values only, those that an `if:` asks for among them.
        """
        left = [_MOST_QUESTIONS]
        try:
            return any(answer for _, answer in self._answers(question, {}, left))
        except OverflowError:  # not shown to be impossible
            return True

    def _points(self, place: int, point: dict[str, Any], settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while place < len(self.dimensions) and not self.is_active(self.dimensions[place], settings):
            place += 1
        if place == len(self.dimensions):
            yield dict(point)
            return
        dimension = self.dimensions[place]
        for index in range(dimension.size or 0):
            value = dimension.value(index)
            yield from self._points(place + 1, {**point, dimension.key: value}, {**settings, dimension.key: value})

    def _count(self, place: int, chosen: tuple[tuple[str, Any], ...], known: dict[Any, int]) -> int:
        """Points from the dimension at `place` on; `chosen` are the values before it that still decide something."""
        if place == len(self.dimensions):
            return 1
        deciding = self._deciding[place]
        chosen = tuple((key, value) for key, value in chosen if key in deciding)
        state = (place, chosen)
        if state in known:
            return known[state]
        if len(known) > _MOST_STATES:
            raise OverflowError
        dimension = self.dimensions[place]
        if not self.is_active(dimension, {**self.under, **dict(chosen)}):
            found = self._count(place + 1, chosen, known)
        elif place + 1 < len(self.dimensions) and dimension.key in self._deciding[place + 1]:
            found = sum(
                self._count(place + 1, (*chosen, (dimension.key, dimension.value(index))), known)
                for index in range(dimension.size or 0)
            )
        else:
            found = (dimension.size or 0) * self._count(place + 1, chosen, known)
        known[state] = found
        return found

    @cached_property
    def _deciding(self) -> tuple[frozenset[str], ...]:
        """For each place the keys that decide whether the dimension there, or one after it, is active."""
        after: list[frozenset[str]] = [frozenset()]
        for dimension in reversed(self.dimensions):
            after.append(after[-1] | _depends_on(dimension))
        return tuple(reversed(after[1:]))

    def _answers(
        self, question: Callable[[Mapping[str, Any]], Answer], decided: dict[str, Any], left: list[int]
    ) -> Iterator[tuple[dict[str, Any], Answer]]:
        """The answers that a question has over the space, each with the dimensions that it asked for.

        Only dimensions whose values the question reads are tried, so that it stays quick in large spaces.
        """
        left[0] -= 1
        if left[0] < 0:
            raise OverflowError
        reading: _Reading | None = None
        try:
            answer = question(_Partly(self, decided))
        except _Reading as asked:
            reading = asked
        if reading is None:
            yield decided, answer
            return
        dimension = self.by_key[reading.key]
        for settled, active in self._answers(lambda settings: self.is_active(dimension, settings), decided, left):
            values = self._tried(dimension) if active else (self.under[dimension.key],)
            for value in values:
                yield from self._answers(question, {**settled, dimension.key: value}, left)

    def _tried(self, dimension: Dimension) -> tuple[Any, ...]:
        if dimension.size is not None and dimension.size <= _FEW:
            return dimension.values()
        needs = [need for other in self.dimensions for need in other.needs if need.key == dimension.key]
        asked = [value for need in needs for value in need.values if dimension.contains(value)]
        return tuple(dict.fromkeys((*asked, dimension.settle(dimension.low), dimension.settle(dimension.high))))


class _Reading(Exception):  # noqa: N818  no error: a question that waits for a dimension
    def __init__(self, key: str) -> None:
        self.key = key


class _Partly(Mapping[str, Any]):
    """Settings of which some dimensions are not decided: reading one of these raises `_Reading`."""

    def __init__(self, space: Space, decided: Mapping[str, Any]) -> None:
        self._space, self._decided = space, decided

    def __getitem__(self, key: str) -> Any:
        if key in self._decided:
            return self._decided[key]
        if key in self._space.by_key:
            raise _Reading(key)
        return self._space.under[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._space.under)

    def __len__(self) -> int:
        return len(self._space.under)


def _depends_on(dimension: Dimension) -> frozenset[str]:
    """Every key whose value can decide whether the dimension is active."""
    needed = {key for need in dimension.needs for key in _read_for(need.key)}
    return depends_on(dimension.key).union(needed, *(depends_on(key) for key in needed))


def _read_for(key: str) -> list[str]:
    """The keys that say the value of a key: of a level's block that leaves it out, that of the block, too."""
    read: list[str] = []

    class Watched(dict[str, Any]):
        def __getitem__(self, name: str) -> None:
            read.append(name)

    resolved(key, Watched())
    return read


def _in_order(dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    waiting = {dimension.key: _depends_on(dimension) for dimension in dimensions}
    by_key = {dimension.key: dimension for dimension in dimensions}
    ordered: list[Dimension] = []
    while waiting:
        free = next((key for key, needed in waiting.items() if not needed & waiting.keys()), None)
        if free is None:
            raise CircularConditions(_circle(waiting))
        ordered.append(by_key[free])
        del waiting[free]
    return tuple(ordered)


def _circle(waiting: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    path = [next(iter(waiting))]
    while path[-1] not in path[:-1]:
        here = path[-1]  # which may need itself by way of another: that one says more
        path.append(next((key for key in waiting if key in waiting[here] and key != here), here))
    return tuple(path[path.index(path[-1]) :])
