"""Studies and searches as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from search_space import ExpandedSearch, InputError, Study, expand_search, read_overrides, read_study

Write = Callable[..., Study]
MakeSearch = Callable[..., ExpandedSearch]
Say = Callable[..., list[str]]

TYPES = "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 5]}}"
OTHER = """\
study: other
base: {model.binary: true}
variants:
  - {id: plain}
  - {id: deep, set: {block.type: hierarchical, block.depth: 5}}
  - {id: wide, set: {block.width: 1.0}}
  - {id: narrow, set: {model.width: 0.5}}
"""


@pytest.fixture
def write_study(tmp_path: Path) -> Write:
    """A function that writes a study file and reads it."""

    def write(text: str, name: str = "study.yaml") -> Study:
        path = tmp_path / name
        path.write_text(text)
        return read_study(path)

    return write


@pytest.fixture
def make_search(write_study: Write) -> MakeSearch:
    """A function from the space of a search, as YAML, to the search: `search` has more of its keys, `head` of the
    study's, `sets` are settings of the command line."""

    def make(
        space: str, search: str = "", head: str = "", scale: str = "tiny", sets: tuple[str, ...] = ()
    ) -> ExpandedSearch:
        more = "".join(f"  {line}\n" for line in search.splitlines())
        text = f"study: x\n{head}\nsearch:\n  trials: 9\n{more}  space: {space}\n"
        return expand_search(write_study(text), scale, read_overrides(None, sets))

    return make


@pytest.fixture
def said(write_study: Write) -> Say:
    """A function that gives what is said of a study file, its name written as SEARCH."""

    def say(text: str, *sets: str) -> list[str]:
        folder = write_study(OTHER, "other.yaml").path.parent
        with pytest.raises(InputError) as raised:
            expand_search(write_study(text), "tiny", read_overrides(None, sets))
        return [str(problem).replace(f"{folder}/study.yaml", "SEARCH") for problem in raised.value.problems]

    return say


def _check(said: list[str], place: str, message: str) -> None:
    assert any(problem.startswith(f"SEARCH{place}: {message}") for problem in said), said
