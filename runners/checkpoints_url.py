"""A URL at which checkpoints may lie, of any file system that fsspec knows: whether and how it can be used."""

from __future__ import annotations

import contextlib
import errno
import re
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from search_space import InputError

T = TypeVar("T")

OPTION = "--checkpoints"
_SEE = "see docs/cluster.md"


class MirrorAway(RuntimeError):  # noqa: N818
    """The URL did not answer for as long as was waited for it, or refuses."""


def check_url(url: str) -> None:
    """Check what can be checked of a URL without opening it.

    Raises:
        InputError: for what is no URL, a protocol that fsspec does not know, memory, and a relative file.
    """
    from fsspec.registry import known_implementations, registry

    where = f"{OPTION} {shown(url)}"
    protocol, separator, path = url.partition("://")
    if not separator:
        raise InputError.at(where, "is not a URL", "write s3://BUCKET/FOLDER, or file:///FOLDER for a folder")
    protocol = protocol.split("::")[-1]
    if protocol not in {*known_implementations, *registry}:
        raise InputError.at(
            where, f"'{protocol}' is no protocol of fsspec", "write s3://, gs://, abfs://, file:/// ..."
        )
    if protocol == "memory":
        raise InputError.at(where, "it is gone with the process", "write file:///FOLDER for a folder")
    if protocol in ("file", "local") and not path.startswith("/"):
        raise InputError.at(where, "is a relative path, another one for each worker", f"write {protocol}:///FOLDER")


def check_usable(url: str) -> None:
    """Check that this process can write to a URL, read what it has written, and remove it.

    Raises:
        InputError: with what is wrong, as `check_url`; also where the package is missing that its protocol needs.
    """
    check_url(url)
    where = f"{OPTION} {shown(url)}"
    try:
        open_url(url)
    except ImportError as error:
        what, mend = _missing_package(url, error)
        raise InputError.at(where, what, mend) from None
    except Exception as error:
        raise InputError.at(where, f"it cannot be opened ({in_words(error)})", _SEE) from None
    problem = probe(url)
    if problem is not None:
        raise InputError.at(where, problem, f"is it spelt right, and do you have access? {_SEE}")


def probe(url: str, marker: str | None = None) -> str | None:
    """What keeps this process from using a URL; None if nothing does. Raises nothing: it is asked on other machines.

    Args:
        url: where checkpoints are to lie.
        marker: the name of a file that another machine has left there, which must be seen.
    """
    try:
        files, root = open_url(url)
        if marker is not None and not files.exists(f"{root}/{marker}"):
            return "it does not see there what this machine has written"
        content = uuid.uuid4().hex.encode()
        file = f"{root}/.probe-{content.decode()[:12]}"
        write_below(files, root, lambda: files.pipe_file(file, content))
        try:
            if files.cat_file(file) != content:
                return "it gives back something else than was written"
        finally:
            files.rm_file(file)
    except ImportError as error:
        return _missing_package(url, error)[0]
    except Exception as error:
        return f"it cannot be written and read ({in_words(error)})"
    return None


def open_url(url: str) -> tuple[Any, str]:
    """The file system of a URL, as fsspec makes it, and the path in it. Asks anew what lies there, never a cache.

    Raises:
        ImportError: if the package is missing that its protocol needs.
        Exception: whatever its driver raises.
    """
    from fsspec.core import url_to_fs

    files, root = url_to_fs(url)
    files.invalidate_cache()
    return files, root.rstrip("/")


def write_below(files: Any, folder: str, write: Callable[[], T]) -> T:
    """What `write` gives, which writes into a folder. A folder that is missing is made, and `write` called again.

    A bucket is never made: one that is missing is misspelt.

    Args:
        files: a file system of fsspec.
        folder: the path in it.
        write: writes there.

    Raises:
        FileNotFoundError: for a bucket that is not there.
        Exception: whatever `write` or the driver raises.
    """
    try:
        return write()
    except Exception:
        if files.exists(folder):
            raise
    missing: list[str] = []
    while folder.strip("/") and not files.exists(folder):
        if "/" not in folder:
            raise FileNotFoundError(f"there is no {folder}")
        missing.append(folder)
        folder = str(files._parent(folder))
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another machine was quicker
            files.mkdir(path, create_parents=False)
    return write()


def mark(url: str, name: str) -> None:
    """Leave an empty file at the URL itself. It may fail: whoever looks for it then does not see it."""
    with contextlib.suppress(Exception):
        files, root = open_url(url)
        write_below(files, root, lambda: files.pipe_file(f"{root}/{name}", b""))


def unmark(url: str, name: str) -> None:
    """Remove what `mark` has left, if it is there. It may fail."""
    with contextlib.suppress(Exception):
        files, root = open_url(url)
        files.rm_file(f"{root}/{name}")


def shown(text: str) -> str:
    """A URL, or a text with URLs in it, without the credentials that they may hold.

    >>> shown("sftp://me:secret@host/x?key=1")
    'sftp://***@host/x?***'
    """
    return re.sub(r"(\w://[^\s?'\"]*)\?[^\s'\")]+", r"\1?***", re.sub(r"://[^\s/]*@", "://***@", text))


def in_words(error: BaseException) -> str:
    """An error of a driver in one line, without credentials."""
    first = (shown(str(error)).strip().splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def may_go_by(error: BaseException) -> bool:
    """Whether it may help to try again. Drivers have errors of their own: only what is known to stay is told apart."""
    if isinstance(error, PermissionError | NotImplementedError | ImportError):
        return False
    return not (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT))


def _missing_package(url: str, error: ImportError) -> tuple[str, str]:
    """What is missing, and the pip package that mends it."""
    from fsspec.registry import known_implementations

    protocol = url.partition("://")[0].split("::")[-1]
    module = str(known_implementations.get(protocol, {}).get("class", "")).partition(".")[0]
    if module in ("", "fsspec"):  # fsspec's own driver, around a package
        cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
        module = (cause.name or "").partition(".")[0]
    package = {"smbclient": "smbprotocol"}.get(module, module) or f"fsspec[{protocol}]"
    return (
        f"{protocol}:// needs the package {package}, which is not installed",
        f"pip install {package}, on each machine",
    )
