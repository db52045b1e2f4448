"""What is wrong with a user's input: where, what, and how to mend it.

Problems are collected, not raised one by one, so that a file with five mistakes is mended in one go.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_NAMES = 40  # in a hint


@dataclass(frozen=True, order=True)
class Location:
    """A place in the user's input: a file with line and column (both from 1), or an option of the command line."""

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


@dataclass(frozen=True)
class Problem:
    """One mistake of the input."""

    location: Location
    what: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.location}: {self.what}" + (f"; {self.hint}" if self.hint else "")


class InputError(ValueError):
    """The user's input cannot be used. Carries every problem found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.location.line or 0, p.location.column or 0)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, source: str, what: str, hint: str | None = None) -> InputError:
        """An error with a single problem that concerns a whole file, folder or option."""
        return cls([Problem(Location(source), what, hint)])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known: the nearest known one, or all of them where none is near.

    >>> did_you_mean("block.dept", ["block.depth", "block.type"])
    "did you mean 'block.depth'?"
    """
    known = list(known)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean '{near}'?"
    more = f", and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"known: {', '.join(known[:_MOST_NAMES])}{more}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to one that is not known; None where none is near.

    >>> nearest("dept", ["block.depth", "block.type"])
    'block.depth'
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not near:  # `dept` for `block.depth`: the last part alone may be near
        by_leaf = {key.rsplit(".", 1)[-1]: key for key in known}
        near = [by_leaf[leaf] for leaf in difflib.get_close_matches(name.rsplit(".", 1)[-1], list(by_leaf), n=1)]
    return near[0] if near else None
