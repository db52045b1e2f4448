"""A store of fsspec that is away, or cuts files short, when a test says so; a clock that goes on when one sleeps."""

from __future__ import annotations

from pathlib import Path

from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem


class Store(MemoryFileSystem):
    """A store that is away when a test says so, or takes only a part of what it is given."""

    protocol = "store"
    store: dict = {}  # noqa: RUF012  # as fsspec has it
    pseudo_dirs = [""]  # noqa: RUF012
    cachable = False
    error: Exception | None = None
    takes: int | None = None

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("store://"))

    def _answer(self) -> None:
        if Store.error is not None:
            raise Store.error

    def ls(self, path, detail=True, **kwargs):
        self._answer()
        return super().ls(path, detail=detail, **kwargs)

    def exists(self, path, **kwargs):
        self._answer()
        return super().exists(path, **kwargs)

    def put_file(self, lpath, rpath, **kwargs):
        self._answer()
        content = Path(lpath).read_bytes()
        self.pipe_file(rpath, content[: Store.takes])

    def get_file(self, rpath, lpath, **kwargs):
        self._answer()
        return super().get_file(rpath, lpath, **kwargs)

    def rm_file(self, path):
        self._answer()
        super().rm_file(path)

    def pipe_file(self, path, value, mode="overwrite", **kwargs):
        self._answer()
        super().pipe_file(path, value, mode=mode, **kwargs)


register_implementation("store", Store, clobber=True)


def names_of(fingerprint: str = "abc") -> list[str]:
    """The names of a trial's files in the store."""
    return sorted(path.rpartition("/")[2] for path in Store.store if f"/{fingerprint}/" in path)


class Clock:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds
