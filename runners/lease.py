"""Leases: who trains a trial holds the lease of its folder, so that two launches never train it at once.

A lease is a numbered file, `lease-1.json`. Its holder makes it (of several who try, one succeeds, also on NFS), never
changes what it says, and touches it every few seconds: that is the heartbeat. To take over lease 1 is to make lease 2,
so of several who find the same lease stale one succeeds as well; the highest number counts. Whoever waits measures with
a clock of its own for how long a lease has not been touched. Clocks of two machines are never compared.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runners.record.liveness import process_lives, start_ticks, this_machine
from search_space import InputError

HEARTBEAT_S = 5.0
"""How often a holder touches its lease, in seconds."""

STALE_BEATS = 6
"""A lease that has not been touched for so many heartbeats of its holder may be taken over."""

_VARIABLE = "HGLAB_HEARTBEAT_S"


@dataclass(frozen=True)
class Holder:
    """What a lease says: the process that holds it, where it runs, for which launch.

    `machine` and `began` (in clock ticks) tell a process from another one with the same number; `token` is the
    lease's own.
    """

    host: str
    machine: str
    process: int
    began: int | None
    launch: str
    token: str
    heartbeat_s: float


@dataclass(frozen=True)
class Claim:
    """What a launch lets its worker know about the lease of a trial.

    Args:
        heartbeat_s: how often to touch the lease.
        takes_over: the mark of a lease that the launch has watched and found stale; it may be taken over.
        known: complete runs of the trial that the launch knew of. Any other is news: the trial is not trained again.
        fresh: whether to train from the start, whatever checkpoint an earlier launch has left.
        boot: the machine of the launch (`runners.record.liveness.boot_id`).
    """

    heartbeat_s: float = HEARTBEAT_S
    takes_over: str | None = None
    known: tuple[str, ...] = ()
    fresh: bool = False
    boot: str = ""


@dataclass(frozen=True)
class Found:
    """A lease as it was found: its number, its holder (None where the file cannot be read), and a mark of both.

    The mark changes with each heartbeat.
    """

    number: int
    holder: Holder | None
    mark: str


class HeldElsewhere(Exception):  # noqa: N818  # no error: the trial is in good hands
    """A trial that this process does not train, because another does or has just done so.

    `holder` is the other process, None where it is not known or has ended already.
    """

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(f"held by {describe_holder(holder)}")
        self.holder = holder


class LostLease(HeldElsewhere):
    """Another process took the lease over: this one was silent for too long (a closed laptop, say)."""


class Lease:
    """A lease that this process holds, with its heartbeat. Made by `hold`."""

    def __init__(self, folder: Path, number: int, holder: Holder) -> None:
        self._folder = folder
        self._path = _path(folder, number)
        self._number = number
        self._holder = holder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="hglab-lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Make sure that the lease is still this process's. Raises LostLease."""
        found = find_lease(self._folder)
        if found is None or found.holder != self._holder:
            raise LostLease(found.holder if found else None)

    def release(self) -> None:
        """End the heartbeat and remove the lease, if it is still this process's."""
        self._ended.set()
        self._thread.join()
        with contextlib.suppress(OSError, LostLease):  # what is left of it grows stale
            self.check()
            _remove_below(self._folder, self._number)
            self._path.unlink()

    def _beat(self) -> None:
        while not self._ended.wait(self._holder.heartbeat_s):
            # A lost lease is for `check` to tell. A disk that fails may answer again; if it does not in time, another
            # process takes over.
            with contextlib.suppress(OSError, LostLease):
                self.check()
                os.utime(self._path)


@contextmanager
def hold(folder: Path, launch: str, claim: Claim) -> Iterator[Lease]:
    """Hold the lease of a trial's folder while the block runs; given up at its end, and with the process in any case.

    A lease of a process of this machine that is gone is taken over at once, another one only if `claim` names it.

    Raises:
        HeldElsewhere: if another process holds the lease. At once: nobody waits here.
        OSError: for a folder that cannot be written.
    """
    holder = Holder(
        host=platform.node(),
        machine=this_machine(),
        process=os.getpid(),
        began=start_ticks(os.getpid()),
        launch=launch,
        token=uuid.uuid4().hex,
        heartbeat_s=claim.heartbeat_s,
    )
    lease = Lease(folder, _acquire(folder, holder, claim.takes_over), holder)
    try:
        yield lease
    finally:
        lease.release()


def find_lease(folder: Path) -> Found | None:
    """The lease that counts in a trial's folder, None where there is none."""
    while numbers := _numbers(folder):
        found = _read(folder, max(numbers))
        if found is not None:  # else it was given up just now
            return found
    return None


@dataclass
class LeaseWatch:
    """Watches the lease of a folder for one that waits: whether it is held, and by whom.

    Args:
        folder: the trial's.
        heartbeat_s: what is taken for the heartbeat of a lease that cannot be read.
    """

    folder: Path
    heartbeat_s: float = HEARTBEAT_S
    _mark: str = field(default="", init=False)
    _since: float = field(default=0.0, init=False)

    def look(self, now: float | None = None) -> tuple[Found | None, bool]:
        """The lease, and whether it may be taken: because there is none, its process is gone, or it is stale.

        Args:
            now: seconds of a clock that only goes forwards; by default this machine's.
        """
        now = time.monotonic() if now is None else now
        found = find_lease(self.folder)
        if found is None or _is_gone(found.holder):
            return found, True
        if found.mark != self._mark:
            self._mark, self._since = found.mark, now
        beat = found.holder.heartbeat_s if found.holder else self.heartbeat_s
        return found, now - self._since >= STALE_BEATS * beat


def heartbeat_s() -> float:
    """The heartbeat that HGLAB_HEARTBEAT_S asks for, in seconds, else `HEARTBEAT_S`.

    Raises:
        InputError: for a value that is no number above 0.
    """
    text = os.environ.get(_VARIABLE, "")
    if not text:
        return HEARTBEAT_S
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError.at(_VARIABLE, f"'{text}' is no number of seconds above 0", "leave it out for 5 seconds")
    return value


def describe_holder(holder: Holder | None) -> str:
    """A holder in words: `process 4711 on node3`."""
    return f"process {holder.process} on {holder.host}" if holder else "another process"


def _acquire(folder: Path, holder: Holder, takes_over: str | None) -> int:
    """Make the next lease of a folder and give its number. Raises HeldElsewhere, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        before = find_lease(folder)
        if before is not None and before.mark != takes_over and not _is_gone(before.holder):
            raise HeldElsewhere(before.holder)
        number = before.number + 1 if before else 1
        try:
            file = os.open(_path(folder, number), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            continue  # another one was quicker: see who
        try:
            with open(file, "w", encoding="utf-8") as stream:
                json.dump(asdict(holder), stream)
            # The number is free again once others have taken and given up the lease meanwhile: then begin anew.
            unchanged = before is None or _read(folder, before.number) == before
            if unchanged and max(_numbers(folder), default=0) == number:
                _remove_below(folder, number)
                return number
        except OSError:
            _path(folder, number).unlink(missing_ok=True)
            raise
        _path(folder, number).unlink(missing_ok=True)


def _read(folder: Path, number: int) -> Found | None:
    try:
        with _path(folder, number).open("rb") as file:
            content, touched = file.read(), os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return None
    try:
        holder = Holder(**json.loads(content))
    except (ValueError, TypeError):  # cut short
        holder = None
    return Found(number, holder, f"{number} {holder.token if holder else content.hex()} {touched}")


def _is_gone(holder: Holder | None) -> bool:
    """Whether a holder is a process of this machine that is no more. Of other machines nothing can be said."""
    if holder is None or holder.machine != this_machine():
        return False
    return not process_lives(holder.process, holder.began)


def _path(folder: Path, number: int) -> Path:
    return folder / f"lease-{number}.json"


def _numbers(folder: Path) -> list[int]:
    names = (path.stem.removeprefix("lease-") for path in folder.glob("lease-*.json"))
    return [int(name) for name in names if name.isdigit()]


def _remove_below(folder: Path, number: int) -> None:
    for other in _numbers(folder):
        if other < number:
            _path(folder, other).unlink(missing_ok=True)
