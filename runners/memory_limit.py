"""A limit on the memory of a trial, so that one that takes too much fails alone and the machine goes on."""

from __future__ import annotations

import resource
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

LARGER_SHARE = 1.5
"""A trial that runs out of its share of memory is tried once more with so many times of it."""

_STATUS = Path("/proc/self/status")
_MIB = 2**20
# What torch says on a CPU (its allocator, or the C++ library below it) and on a GPU.
_WORDS = ("can't allocate memory", "not enough memory", "std::bad_alloc", "CUDA out of memory")

T = TypeVar("T")


def within_memory(megabytes: int | None, work: Callable[[], T], on_retry: Callable[[int], None]) -> T:
    """Do work within a limit of memory; once more, with `LARGER_SHARE` of it, if it runs out.

    Args:
        megabytes: what the process may allocate beyond what it holds now, in MiB; None: no limit, and no second try.
        work: may be begun again: a trial goes on from its checkpoint.
        on_retry: is told the larger limit before the second try.

    Raises:
        MemoryError: or torch's RuntimeError (see `is_out_of_memory`), if the larger limit does not suffice either.
        OSError: for a limit on a system that is not Linux.
    """
    if megabytes is None:
        return work()
    held = _held_bytes()
    try:
        with _limited(held + megabytes * _MIB):
            return work()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)  # which hold the memory that was taken
    larger = round(megabytes * LARGER_SHARE)
    on_retry(larger)
    with _limited(held + larger * _MIB):
        return work()


@contextmanager
def limit_memory(megabytes: int) -> Iterator[None]:
    """Let this process allocate only so many MiB beyond what it holds; beyond that, allocations fail.

    What counts is private memory that may be written (RLIMIT_DATA), whether it has been touched or not.

    Raises:
        OSError: on a system that is not Linux, or for a limit above the system's own.
    """
    with _limited(_held_bytes() + megabytes * _MIB):
        yield


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be allocated, in a process's or a GPU's memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, without its import
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _WORDS)


def describe_out_of_memory(error: BaseException, peak_mb: float, megabytes: int | None) -> str:
    """An error of memory for a trial's record: how much it took, and what may help."""
    first = (str(error).strip().splitlines() or [""])[0]
    limit = f", within {megabytes} MiB and then {round(megabytes * LARGER_SHARE)} MiB more" if megabytes else ""
    what = f"out of memory after a peak of {peak_mb:.0f} MiB{limit} ({type(error).__name__}: {first})"
    more = "give it a larger share of memory" if megabytes else "run fewer trials at once"
    return f"{what}; {more}, or set a smaller training.batch_size, which is another trial"


@contextmanager
def _limited(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY and size > hard:
        raise OSError(f"a memory limit of {size // _MIB} MiB is above the system's own of {hard // _MIB} MiB")
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held_bytes() -> int:
    """What counts against RLIMIT_DATA now."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        raise OSError("a trial's memory can be limited on Linux only: run without a limit") from None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
