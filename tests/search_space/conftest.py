"""Studies as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from search_space import Study, read_study

Write = Callable[..., Study]


@pytest.fixture
def write_study(tmp_path: Path) -> Write:
    """A function that writes a study file and reads it."""

    def write(text: str, name: str = "study.yaml") -> Study:
        path = tmp_path / name
        path.write_text(text)
        return read_study(path)

    return write
