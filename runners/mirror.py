"""A mirror of trials' folders at a URL: machines then need not share a disk to go on with each other's trials.

Below the URL each trial has a folder, named by its fingerprint, with `checkpoint-000007.pt` (after epoch 7), the one
before it, and at the end `model.pt`. The files are those of the local folder, with a digest at their end. They arrive
under a temporary name and are moved; one that is cut short all the same is told by its digest and not taken.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from runners.checkpoint import CheckpointError, drop_checkpoint, load_checkpoint
from runners.checkpoints_url import MirrorAway, in_words, may_go_by, open_url, shown, write_below
from runners.files import CHECKPOINT, MODEL, checkpoint_epochs, numbered_checkpoint
from runners.record.patience import FIRST_WAIT_S, LONGEST_WAIT_S
from runners.safe_file import is_whole

GENERATION = "generation"
"""The file that names the beginning of a trial that was begun afresh: what a machine kept from before is void."""

_KEPT = 2
_SHARE = 10
"""After a failed attempt, training goes on for so many times as long as it took: a URL that hangs costs a tenth."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Mirror:
    """The mirror of one trial's folder. What fails while it trains is kept as `trouble` and tried again later."""

    def __init__(
        self,
        url: str,
        fingerprint: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Set up; nothing is opened yet.

        Args:
            url: where all trials' mirrors lie.
            fingerprint: the trial.
            clock: seconds.
            sleep: waits for seconds.
        """
        self._url = url.rstrip("/")
        self._fingerprint = fingerprint
        self._clock = clock
        self._sleep = sleep
        self._not_before = 0.0
        self.trouble: str | None = None

    @property
    def place(self) -> str:
        """Where the trial lies, without credentials."""
        return f"{shown(self._url)}/{self._fingerprint}"

    def fetch_checkpoint(
        self, folder: Path, patience_s: float, on_fallback: Callable[[str], None] = lambda what: None
    ) -> None:
        """Bring the trial's checkpoint into its folder, if one lies at the URL that is of a later epoch.

        What the folder holds from before the trial was last begun afresh (see `begin_afresh`) is removed.

        Args:
            folder: the trial's, whose lease the caller holds.
            patience_s: for how long to wait for the URL, in seconds.
            on_fallback: is told of a checkpoint there that is cut short.

        Raises:
            MirrorAway: if the URL does not answer in time: without it, epochs might be trained twice.
        """
        names, generation = self._patiently(self._look, patience_s)
        if generation is not None and generation != _generation(folder):
            drop_checkpoint(folder)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / GENERATION).write_text(generation)
        here = epoch_here(folder)
        for epoch in sorted(checkpoint_epochs(names), reverse=True):
            if epoch <= here:
                return
            if self._download(numbered_checkpoint(epoch), folder / CHECKPOINT, patience_s):
                return
            told = f"{self.place}/{numbered_checkpoint(epoch)} is cut short or gone: not taken"
            _log.warning(told)
            on_fallback(told)

    def fetch_weights(self, folder: Path, patience_s: float) -> None:
        """Bring the trial's trained weights into its folder, if they are not there and lie at the URL.

        Raises:
            MirrorAway: if the URL does not answer in time, or lacks the weights of a trial that was begun afresh.
        """
        names, generation = self._patiently(self._look, patience_s)
        current = generation is None or generation == _generation(folder)
        if current and is_whole(folder / MODEL):
            return
        taken = MODEL in names and self._download(MODEL, folder / MODEL, patience_s)
        if not taken and not current:
            raise MirrorAway(f"{self.place} lacks {MODEL}, the weights that this trial needs: train that one again")

    def put_checkpoint(self, folder: Path, epoch: int, patience_s: float = 0.0) -> bool:
        """Upload the checkpoint of a folder, and remove those there but the newest two. Raises nothing.

        Args:
            folder: the trial's.
            epoch: after which epoch it was written.
            patience_s: for how long to try, in seconds. 0: once, and not at all shortly after a failed attempt.

        Gives:
            Whether it lies at the URL now. Else `trouble` says why.
        """
        if not patience_s and self._clock() < self._not_before:
            return False

        def attempt() -> None:
            self._upload(folder / CHECKPOINT, numbered_checkpoint(epoch))
            older = sorted((found for found in checkpoint_epochs(self._look()[0]) if found <= epoch), reverse=True)
            self._remove(numbered_checkpoint(found) for found in older[_KEPT:])

        return self._tried(attempt, patience_s)

    def put_weights(self, folder: Path, patience_s: float) -> bool:
        """Upload the trained weights of a folder; as `put_checkpoint`."""
        return self._tried(lambda: self._upload(folder / MODEL, MODEL), patience_s)

    def drop_checkpoints(self, patience_s: float = 0.0) -> bool:
        """Remove the checkpoints of a trial that is complete, and parts of uploads that were killed; as the others."""
        return self._tried(lambda: self._remove(name for name in self._look()[0] if _is_of_training(name)), patience_s)

    def begin_afresh(self, patience_s: float) -> None:
        """Forget the trial's checkpoints there, and make every machine forget those that it has.

        Raises:
            MirrorAway: if the URL does not answer in time.
        """

        def attempt() -> None:
            self._remove(name for name in self._look()[0] if _is_of_training(name))
            files, root = self._open()
            content = uuid.uuid4().hex.encode()
            write_below(files, root, lambda: files.pipe_file(f"{root}/{GENERATION}", content))

        self._patiently(attempt, patience_s)

    def is_current(self, folder: Path, patience_s: float) -> bool:
        """Whether what a folder holds is not from before the trial was last begun afresh. Raises MirrorAway."""
        _, generation = self._patiently(self._look, patience_s)
        return generation is None or generation == _generation(folder)

    def describe_trouble(self, what: str, folder: Path) -> str:
        """What to tell of something that could not be uploaded, and where it lies."""
        return f"{what} is only in {folder} on {platform.node()}: {self.trouble}"

    def is_marked(self, name: str) -> bool:
        """Whether a file of this name lies at the URL itself. False where the URL does not tell, or is in trouble."""
        if self.trouble is not None:
            return False
        with contextlib.suppress(Exception):
            files, root = open_url(self._url)
            return bool(files.exists(f"{root}/{name}"))
        return False

    def _open(self) -> tuple[Any, str]:
        files, root = open_url(self._url)
        return files, f"{root}/{self._fingerprint}"

    def _look(self) -> tuple[set[str], str | None]:
        """The names of the trial's files there, and its generation."""
        files, root = self._open()
        try:
            names = {str(path).rstrip("/").rpartition("/")[2] for path in files.ls(root, detail=False)}
        except FileNotFoundError:
            return set(), None
        return names, files.cat_file(f"{root}/{GENERATION}").decode() if GENERATION in names else None

    def _upload(self, file: Path, name: str) -> None:
        files, root = self._open()
        part = f"{root}/{name}.part-{uuid.uuid4().hex[:8]}"
        try:
            write_below(files, root, lambda: files.put_file(str(file), part))
            files.invalidate_cache()
            there, here = files.size(part), file.stat().st_size
            if there != here:
                raise OSError(f"{there} of {here} bytes arrived")
            files.mv(part, f"{root}/{name}")
        except BaseException:
            with contextlib.suppress(Exception):
                files.rm_file(part)
            raise

    def _download(self, name: str, to: Path, patience_s: float) -> bool:
        """Whether the file was there, whole, and is now in its place. Raises MirrorAway."""
        return self._patiently(lambda: self._download_once(name, to), patience_s)

    def _download_once(self, name: str, to: Path) -> bool:
        files, root = self._open()
        to.parent.mkdir(parents=True, exist_ok=True)
        temporary = to.with_name(f".{to.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")  # as in `safe_file`
        try:
            files.get_file(f"{root}/{name}", str(temporary))
            if not is_whole(temporary):
                return False
            os.replace(temporary, to)
            return True
        except FileNotFoundError:
            return False
        finally:
            temporary.unlink(missing_ok=True)

    def _remove(self, names: Iterable[str]) -> None:
        files, root = self._open()
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                files.rm_file(f"{root}/{name}")

    def _tried(self, attempt: Callable[[], None], patience_s: float) -> bool:
        begin = self._clock()
        try:
            self._patiently(attempt, patience_s)
        except MirrorAway as away:
            if self.trouble is None:
                _log.warning("%s", away)
            self.trouble = str(away)
            now = self._clock()
            self._not_before = now + max(FIRST_WAIT_S, _SHARE * (now - begin))
            return False
        self.trouble, self._not_before = None, 0.0
        return True

    def _patiently(self, attempt: Callable[[], T], patience_s: float) -> T:
        """What an attempt gives, which is repeated while it fails. Raises MirrorAway."""
        deadline, wait = self._clock() + patience_s, FIRST_WAIT_S
        while True:
            try:
                return attempt()
            except Exception as error:
                left = deadline - self._clock()
                if left <= 0 or not may_go_by(error):
                    # Without its cause: a traceback goes into the record, and a driver's may hold credentials.
                    raise MirrorAway(f"{shown(self._url)} cannot be used ({in_words(error)})") from None
            self._sleep(min(wait, left))
            wait = min(2 * wait, LONGEST_WAIT_S)


def epoch_here(folder: Path) -> int:
    """After which epoch the checkpoint of a local folder was written; 0 where there is none that can be used."""
    try:
        checkpoint = load_checkpoint(folder)
    except CheckpointError:
        return 0
    return checkpoint.epoch if checkpoint else 0


def _is_of_training(name: str) -> bool:
    return name.startswith("checkpoint-") or ".part-" in name


def _generation(folder: Path) -> str | None:
    try:
        return (folder / GENERATION).read_text()
    except FileNotFoundError:
        return None
