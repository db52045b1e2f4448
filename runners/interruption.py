"""Stopping a launch after the epochs under way: the first Ctrl-C leaves a file that every trial looks for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runners.job import Job
    from runners.mirror import Mirror


class Interrupted(SystemExit):
    """Ends a trial that was asked to stop, after an epoch whose checkpoint is written. Not an error: Ray knows code 0
    as an end, and hglab records an interruption.
    """

    def __init__(self) -> None:
        super().__init__(0)


@dataclass(frozen=True)
class StopRequest:
    """Whether a launch was asked to stop: a file, so that trials on other machines that share the folder see it.

    Where they share a URL instead (see `runners.mirror`), a file of the same name lies there, too.
    """

    file: Path
    url: str | None = None

    @classmethod
    def of(cls, job: Job) -> StopRequest:
        """The one of a job's launch."""
        return cls(job.places.trials / f".stop.{job.launch}", job.places.checkpoints)

    def made(self) -> bool:
        """Whether the launch was asked to stop, as far as this machine's file tells."""
        return self.file.exists()

    def seen(self, mirror: Mirror | None) -> bool:
        """Whether the launch was asked to stop, here or, as a trial's mirror tells, at the URL."""
        return self.made() or (mirror is not None and mirror.is_marked(self.file.name))

    def make(self) -> None:
        """Ask the launch to stop."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()
        if self.url is not None:  # in a thread, for a URL may hang, and this may be a signal's handler
            from runners.checkpoints_url import mark

            threading.Thread(target=mark, args=(self.url, self.file.name), daemon=True).start()

    def withdraw(self) -> None:
        """Forget that the launch was asked to stop, once it has."""
        made = self.made()
        with suppress(OSError):
            self.file.unlink()
        if made and self.url is not None:
            from runners.checkpoints_url import unmark

            unmark(self.url, self.file.name)

    def check(self) -> None:
        """Raise Interrupted if the launch was asked to stop."""
        if self.made():
            raise Interrupted


@contextmanager
def finishing_epochs_on_interrupt(request: StopRequest, say: Callable[[], None]) -> Iterator[None]:
    """Take the first SIGINT as a request to stop after the epochs under way; the second does what it did before.

    Does nothing outside the main thread, where Python allows no handlers, nor where SIGINT is ignored, as in the
    background of a shell script.

    Args:
        request: is made with the first SIGINT.
        say: tells the user, with the first SIGINT.

    Raises:
        KeyboardInterrupt: with the second SIGINT, if that is what it did before.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (signal.SIG_IGN, None):
        yield
        return

    def first(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        request.make()
        say()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
