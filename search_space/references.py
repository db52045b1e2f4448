"""Which files a study needs: itself, and the studies whose variants it takes as its base or learns from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from search_space.constraints import parse_constraint
from search_space.search_spec import SearchSpec
from search_space.study import read_study

_TEACHER = "distillation.teacher"
_SECTION = "distillation"


def needed_files(path: Path, teachers: Iterable[str] = ()) -> list[Path]:
    """The study's file and those of the studies that it refers to (`from:`, `distillation.teacher`), and so on, each
    once.

    Args:
        path: the study's file.
        teachers: what the command line calls `distillation.teacher`.

    Raises:
        InputError: for a study that cannot be read. One that is not there is left to `search_space.expand`.
    """
    needed: dict[Path, None] = {}
    waiting = [path, *(_beside(path, reference) for reference in teachers)]
    while waiting:
        file = waiting.pop()
        if file in needed or not file.is_file():
            continue
        needed[file] = None
        study = read_study(file)
        spec = study.spec
        references = [spec.from_, *(variant.from_ for variant in spec.variants or ())]
        if spec.search is not None:
            references += [*(point.get("from") for point in spec.search.first), *_of_constraints(spec.search)]
        waiting += [_beside(path, each) for each in references if isinstance(each, str)]
        waiting += [_beside(path, each) for each in _teachers(study.document.data)]
    return list(needed)


def _of_constraints(search: SearchSpec) -> Iterator[str | None]:
    """The variants that a search's constraints are relative to; what is no constraint is left to `expand_search`."""
    for text in search.constraints:
        with contextlib.suppress(ValueError):
            yield parse_constraint(text).reference_name


def _beside(path: Path, reference: str) -> Path:
    """The file of the study in a reference, `study/variant`."""
    return path.parent / f"{reference.partition('/')[0]}.yaml"


def _teachers(node: Any, key: str = "") -> Iterator[str]:
    """Every teacher that a study names, wherever it may set one: its base, a scale, a variant, a list of levels."""
    if isinstance(node, dict):
        for name, value in node.items():
            inner = key if key == _TEACHER else f"{key}.{name}" if key == _SECTION else str(name)
            yield from _teachers(value, inner)
    elif isinstance(node, list):
        for value in node:
            yield from _teachers(value, key)
    elif key == _TEACHER and isinstance(node, str) and "/" in node:
        yield node
