"""An outbox on disk: what a trial writes to the record waits there while the record is away, and is sent in order.

Sending twice does no harm: a metric carries its own time and step, so MLflow keeps one row of it; tags, parameters and
texts are set to what they are already. So the outbox need not know what of it arrived before a process was killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runners.record.patience import FIRST_WAIT_S, LONGEST_WAIT_S, RecordRefused, is_full, is_temporary, one_try, refusal

_OUTBOXES = "outbox-*.jsonl"
REFUSED = "outbox.refused"
"""The name of the file that keeps what the record refused, and what cannot be read, line by line."""

Entry = Mapping[str, Any]
_SHARE = 10
"""After a failed attempt, training goes on for so many times as long as it took: a server that hangs costs a tenth."""

_LOCKED_S = 30.0
"""For how long to wait for another process that has an outbox, in seconds."""

_log = logging.getLogger(__name__)


class Outbox:
    """What waits to be sent, in a file and in order. One process at a time has it: the file is locked meanwhile."""

    def __init__(
        self,
        file: Path,
        send: Callable[[Entry], None],
        where: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Set up; the file is opened, or made, with the first entry.

        Args:
            file: one line of JSON for each entry that may not have arrived.
            send: sends an entry; raises what `is_temporary` judges.
            where: the record, for messages.
            clock: seconds.
            sleep: waits for seconds.
        """
        self._path = file
        self._send = send
        self._where = where
        self._clock = clock
        self._sleep = sleep
        self._file: io.FileIO | None = None
        self._waiting: deque[Entry] = deque()
        self._not_before = 0.0
        self._trouble: Exception | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, entry: Entry) -> None:
        """Keep an entry and send what waits, unless the record failed to answer a moment ago.

        Raises:
            RecordRefused: if the record refuses an entry; that one is set aside.
        """
        self.open()
        self._waiting.append(entry)
        self._keep(entry)
        if self._clock() >= self._not_before:
            self._send_waiting()

    def flush(self, patience_s: float) -> bool:
        """Send what waits, and be patient with a record that does not answer. Says whether all has arrived.

        Raises:
            RecordRefused: if the record refuses an entry; that one is set aside.
        """
        deadline, wait = self._clock() + patience_s, FIRST_WAIT_S
        while not self._send_waiting():
            left = deadline - self._clock()
            if left <= 0 or (self._trouble is not None and is_full(self._trouble)):
                return False
            self._sleep(min(wait, left))
            wait = min(2 * wait, LONGEST_WAIT_S)
        return True

    def settle(self, patience_s: float) -> bool:
        """Wait until all that an earlier process left in the file is sent, by this process or by another one that has
        the file. Says whether it is.

        Another process that has the file and does not get on within `_LOCKED_S` stands still, and is not waited for.
        """
        begin, wait = self._clock(), FIRST_WAIT_S
        while self._path.exists() and self._path.stat().st_size:
            if taken := self.open():
                self.catch_up()
                settled = not self._waiting
                self.close()
                if settled:
                    break
            gone = self._clock() - begin
            if not taken and gone >= _LOCKED_S:
                break
            if gone >= patience_s:
                return False
            self._sleep(min(wait, max(0.0, patience_s - gone)))
            wait = min(2 * wait, LONGEST_WAIT_S)
        return True

    def catch_up(self) -> list[str]:
        """Send what an earlier process left in the file, as far as the record answers; gives what it refuses."""
        refusals: list[str] = []
        if self._path.exists() and self.open():
            while True:
                try:
                    self.flush(0)
                    break
                except RecordRefused as refused:
                    _log.warning("left over in %s: %s", self._path, refused)
                    refusals.append(str(refused))
        return refusals

    def open(self) -> bool:
        """Take the file, with what an earlier process left in it. False if another process has it or it cannot be."""
        if self._file is not None:
            return True
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = io.FileIO(self._path, "a+")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not self._path.exists() or not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    raise BlockingIOError  # another process has just emptied and removed it
            except OSError:
                file.close()
                return False
            self._file = file
            file.seek(0)
            lines = file.read().splitlines(keepends=True)
            if lines and not lines[-1].endswith(b"\n"):  # its writer was killed in the middle of it
                file.truncate(sum(map(len, lines[:-1])))
                lines.pop()
            found = [entry for line in lines if (entry := self._parsed(line)) is not None]
            kept, self._waiting = self._waiting, deque(found)
            for entry in kept:  # put while the file could not be had
                self._waiting.append(entry)
                self._keep(entry)
        return self._file is not None

    def _parsed(self, line: bytes) -> Entry | None:
        """A line's entry; one that is none is set aside, so that it stops nothing else."""
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            return entry
        _log.warning("%s holds a damaged line: set aside in %s", self._path, REFUSED)
        self._set_aside(line)
        return None

    def _set_aside(self, line: bytes) -> None:
        with suppress(OSError), (self._path.parent / REFUSED).open("ab") as file:
            file.write(line)

    def close(self) -> None:
        """Give the file up; it stays if there are entries in it that wait."""
        if self._file is not None:
            if not self._waiting:
                self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None
            self._waiting.clear()

    def _send_waiting(self) -> bool:
        while self._waiting:
            begin = self._clock()
            try:
                with one_try():
                    self._send(self._waiting[0])
            except Exception as error:
                if not is_temporary(error):
                    self._set_aside(json.dumps(self._waiting.popleft()).encode() + b"\n")
                    raise refusal(error, self._where) from error
                if self._trouble is None:
                    _log.warning("the record at %s does not answer (%s): kept for later", self._where, error)
                self._trouble = error
                now = self._clock()
                self._not_before = now + max(FIRST_WAIT_S, _SHARE * (now - begin))
                return False
            self._waiting.popleft()
        self._trouble, self._not_before = None, 0.0
        if self._file is not None:
            self._file.truncate(0)
        return True

    def _keep(self, entry: Entry) -> None:
        if self._file is None:
            return
        line = json.dumps(entry).encode() + b"\n"
        size = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) < len(line):
                raise OSError("there is no room")
            os.fsync(self._file.fileno())
        except OSError as error:  # the entry is still in memory
            with suppress(OSError):
                self._file.truncate(size)
            _log.warning("%s cannot be written (%s)", self._path, error)


def outbox_file(folder: Path, uri: str) -> Path:
    """The outbox in a folder for a record: each record has its own, so that none is sent what is another's."""
    which = "local" if uri.startswith("sqlite:") else uri.rstrip("/")
    return folder / f"outbox-{hashlib.sha256(which.encode()).hexdigest()[:8]}.jsonl"


def outboxes(trials: Path) -> list[Path]:
    """The outboxes below a folder of folders, of any record."""
    return sorted(trials.glob(f"*/{_OUTBOXES}"))
