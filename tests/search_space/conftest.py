"""Studies and searches as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from search_space import ExpandedSearch, Study, expand_search, read_overrides, read_study

Write = Callable[..., Study]
MakeSearch = Callable[..., ExpandedSearch]


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
