"""Which files a study needs: itself, and the studies whose variants it takes as its base."""

from __future__ import annotations

from pathlib import Path

from search_space.study import read_study


def needed_files(path: Path) -> list[Path]:
    """The study's file and those of the studies that it refers to (`from:`), and so on, each once.

    Raises:
        InputError: for a study that cannot be read. One that is not there is left to `search_space.expand`.
    """
    needed: dict[Path, None] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in needed or not file.is_file():
            continue
        needed[file] = None
        spec = read_study(file).spec
        references = [spec.from_, *(variant.from_ for variant in spec.variants or ())]
        waiting += [path.parent / f"{each.partition('/')[0]}.yaml" for each in references if each is not None]
    return list(needed)
