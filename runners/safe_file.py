"""Files of tensors that are whole or not there: written aside, with a digest at their end, and moved into place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

# What torch.save writes is a zip archive, whose own checksums torch.load does not look at. The digest of all of it
# stands behind its end, where torch.load and other readers of zip archives do not mind it.
_MARK = b"hglabSHA"
_DIGEST_BYTES = hashlib.sha256().digest_size
_TRAILER_BYTES = _DIGEST_BYTES + len(_MARK)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CHUNK = 1 << 20


class DiskFullError(OSError):
    """A file that did not fit on its disk. What was there before is untouched."""


class DamagedError(ValueError):
    """A file that does not hold what was written to it."""


def write_tensors(content: Any, path: Path, keep: Path | None = None) -> None:
    """Write what `torch.load` can read with `weights_only`, so that at every moment `path` or `keep` is whole.

    Args:
        content: tensors in mappings and lists, with numbers and texts.
        path: the file; its folder is made if there is none.
        keep: where the file that `path` holds now is moved to, if it is whole; None: it is replaced.

    Raises:
        DiskFullError: if it does not fit; no part of it stays behind.
        OSError: if it cannot be written for another reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    try:
        with _naming_the_need(path, content), temporary.open("wb") as file:
            writer = _Digesting(file)
            try:
                torch.save(content, cast(BinaryIO, writer))
            except RuntimeError:
                if writer.error is None:
                    raise
                raise writer.error from None  # torch has put its own words over it while closing the archive
            file.write(writer.digest() + _MARK)
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and is_whole(path):
            os.replace(path, keep)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def read_tensors(path: Path) -> Any:
    """What `write_tensors` wrote, on the CPU; also a file of `torch.save` without a digest.

    Raises:
        DamagedError: if it is cut short or changed.
        OSError: if it cannot be read.
    """
    if not is_whole(path):
        raise DamagedError(f"{path} is cut short or changed")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DamagedError(f"{path} cannot be loaded ({type(error).__name__})") from error


def is_whole(path: Path) -> bool:
    """Whether a file is there and holds what was written: by its digest or, without one, by the end of its archive."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END) - _TRAILER_BYTES
            if size > 0:
                file.seek(size)
                trailer = file.read(_TRAILER_BYTES)
                if trailer.endswith(_MARK):
                    return _digest(file, size) == trailer[:_DIGEST_BYTES]
        return zipfile.is_zipfile(path)
    except FileNotFoundError:
        return False


def remove_leftovers(folder: Path, names: Iterable[str]) -> None:
    """Remove what a killed process left half written under these names. Only for the one process that writes there."""
    for name in names:
        for path in folder.glob(f".{name}.*"):
            path.unlink(missing_ok=True)


class _Digesting:
    """A file that is written in sequence, and the digest of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()

    def digest(self) -> bytes:
        return self._hash.digest()


def _digest(file: BinaryIO, size: int) -> bytes:
    """The digest of the first `size` bytes."""
    found = hashlib.sha256()
    file.seek(0)
    while size > 0 and (data := file.read(min(_CHUNK, size))):
        found.update(data)
        size -= len(data)
    return found.digest()


@contextlib.contextmanager
def _naming_the_need(path: Path, content: Any) -> Iterator[None]:
    """Make the error of a full disk say where, how much was needed and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        needed = sum(tensor.nbytes for tensor in _tensors(content)) / 2**20
        free = shutil.disk_usage(path.parent).free / 2**20
        what = f"{path.parent} has no room for {path.name}: it needs {needed:.1f} MiB, {free:.1f} MiB are free"
        limit = f" ({os.strerror(error.errno)})" if error.errno != errno.ENOSPC else ""
        mend = "make room and run the same command again: the trial goes on from its last checkpoint"
        raise DiskFullError(error.errno, f"{what}{limit}; {mend}") from error


def _tensors(content: Any) -> Iterator[torch.Tensor]:
    if isinstance(content, torch.Tensor):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _tensors(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _tensors(value)


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a loss of power, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
