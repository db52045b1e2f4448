"""Checkpoints cut short, changed, killed in mid-save or without room: the one before is there."""

from __future__ import annotations

import contextlib
import errno
import itertools
import multiprocessing
import os
import random
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from runners.checkpoint import (
    Checkpoint,
    CheckpointError,
    clear_leftovers,
    drop_checkpoint,
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
)
from runners.files import CHECKPOINT, MODEL, PREVIOUS_CHECKPOINT
from runners.safe_file import DiskFullError


def _checkpoint(epoch: int, size: int = 64) -> Checkpoint:
    """A checkpoint all of whose content follows from its epoch."""
    weights = {"w": torch.full((size,), float(epoch))}
    return Checkpoint(epoch, weights, {"state": {0: {"m": weights["w"] + 1}}}, [{"loss": 1.0}] * epoch)


def _assert_sound(found: Checkpoint | None) -> int:
    """That all parts of a checkpoint are of one epoch; gives it."""
    assert found is not None
    assert torch.equal(found.model["w"], torch.full_like(found.model["w"], float(found.epoch)))
    assert torch.equal(found.optimiser["state"][0]["m"], found.model["w"] + 1)
    assert len(found.history) == found.epoch
    return found.epoch


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with the checkpoints of epochs 1, the one before, and 2."""
    save_checkpoint(tmp_path, _checkpoint(1))
    save_checkpoint(tmp_path, _checkpoint(2))
    return tmp_path


def test_the_last_is_read_and_the_one_before_is_kept(two: Path) -> None:
    told: list[str] = []
    assert _assert_sound(load_checkpoint(two, told.append)) == 2
    assert told == []
    assert sorted(file.name for file in two.iterdir()) == [PREVIOUS_CHECKPOINT, CHECKPOINT]
    save_checkpoint(two, _checkpoint(3))
    (two / CHECKPOINT).unlink()
    assert _assert_sound(load_checkpoint(two, told.append)) == 2
    assert len(told) == 1
    assert "is missing" in told[0]


def test_cut_short_anywhere_the_one_before_is_used(two: Path, caplog) -> None:
    whole = (two / CHECKPOINT).read_bytes()
    for length in {0, 1, 100, len(whole) // 2, *range(len(whole) - 200, len(whole), 7)}:
        (two / CHECKPOINT).write_bytes(whole[:length])
        told: list[str] = []
        epoch = _assert_sound(load_checkpoint(two, told.append))
        archive_is_whole = length >= len(whole) - 40  # only the digest behind it was cut
        assert epoch == (2 if archive_is_whole else 1), length
        assert (len(told) == 1) is not archive_is_whole
    assert "goes on from the checkpoint before it, after epoch 1" in caplog.text


def test_changed_anywhere_the_one_before_is_used(two: Path) -> None:
    whole = (two / CHECKPOINT).read_bytes()
    chance = random.Random(0)
    for place in [0, len(whole) - 1, *chance.sample(range(len(whole)), 60)]:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        (two / CHECKPOINT).write_bytes(bytes(changed))
        epoch = _assert_sound(load_checkpoint(two))
        assert epoch == 1 or place >= len(whole) - 8, place  # the last bytes only say that there is a digest


def test_if_both_are_damaged_it_says_so_and_removes_nothing(two: Path) -> None:
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT):
        (two / name).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match=rf"{CHECKPOINT} is damaged .*{PREVIOUS_CHECKPOINT} is damaged .*remove"):
        load_checkpoint(two)
    assert (two / PREVIOUS_CHECKPOINT).read_bytes() == b"damaged"


def test_a_damaged_checkpoint_does_not_replace_the_good_one_before(two: Path) -> None:
    (two / CHECKPOINT).write_bytes(b"damaged")
    save_checkpoint(two, _checkpoint(2))
    (two / CHECKPOINT).unlink()
    assert _assert_sound(load_checkpoint(two)) == 1


def test_a_checkpoint_without_a_digest_is_read(tmp_path: Path) -> None:
    """Those of before there was one."""
    content = {"format": 1, "epoch": 1, "model": {"w": torch.ones(3)}, "optimiser": {}, "history": [{"loss": 1.0}]}
    torch.save(content, tmp_path / CHECKPOINT)
    found = load_checkpoint(tmp_path)
    assert found is not None
    assert found.epoch == 1


def test_a_format_of_another_version_is_not_passed_over(two: Path) -> None:
    torch.save({"format": 99}, two / CHECKPOINT)
    with pytest.raises(CheckpointError, match=r"has format 99, this hglab reads 1"):
        load_checkpoint(two)


def test_weights_are_checked_as_well(tmp_path: Path) -> None:
    file = save_model(tmp_path, {"w": torch.ones(1000)})
    assert torch.equal(load_model(file)["w"], torch.ones(1000))
    assert torch.equal(torch.load(file, weights_only=True)["w"], torch.ones(1000)), "torch alone reads it as well"
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    file.write_bytes(bytes(changed))
    with pytest.raises(CheckpointError, match="is damaged"):
        load_model(file)


def test_dropping_leaves_nothing(two: Path) -> None:
    (two / f".{CHECKPOINT}.123").write_bytes(b"half")
    drop_checkpoint(two)
    assert list(two.iterdir()) == []
    assert load_checkpoint(two) is None
    drop_checkpoint(two)


def test_what_a_killed_process_left_half_written_is_cleared(two: Path) -> None:
    for name in (f".{CHECKPOINT}.123", f".{MODEL}.77"):
        (two / name).write_bytes(b"half")
    clear_leftovers(two)
    assert sorted(file.name for file in two.iterdir()) == [PREVIOUS_CHECKPOINT, CHECKPOINT]


def test_a_disk_that_fills_up_while_syncing_leaves_all_as_it_was(two: Path, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("runners.safe_file.os.fsync", full)
    for save in (lambda: save_checkpoint(two, _checkpoint(3)), lambda: save_model(two, {"w": torch.ones(2**18)})):
        with pytest.raises(
            DiskFullError, match=r"has no room for .*\.pt: it needs \d+\.\d MiB, \d.* make room and run"
        ):
            save()
    with pytest.raises(DiskFullError, match=rf"{two} has no room for model\.pt: it needs 1\.0 MiB"):
        save()
    assert sorted(file.name for file in two.iterdir()) == [PREVIOUS_CHECKPOINT, CHECKPOINT]
    monkeypatch.undo()
    assert _assert_sound(load_checkpoint(two)) == 2


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from runners.safe_file import DiskFullError
from tests.runners.test_checkpoint import _checkpoint
from runners.checkpoint import save_checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    save_checkpoint(Path(sys.argv[1]), _checkpoint(3, 200_000))
except DiskFullError as error:
    sys.exit(str(error))
"""


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


@pytest.mark.slow
def test_a_file_that_may_not_grow_leaves_all_as_it_was(two: Path) -> None:
    command = [sys.executable, "-c", _LIMITED, str(two)]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{two} has no room for checkpoint.pt: it needs 1.5 MiB" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(file.name for file in two.iterdir()) == [PREVIOUS_CHECKPOINT, CHECKPOINT]
    assert _assert_sound(load_checkpoint(two)) == 2


def _save_for_ever(folder: Path, said: Connection) -> None:
    torch.set_num_threads(1)
    found = load_checkpoint(folder)
    said.send(0)
    for epoch in itertools.count(found.epoch + 1 if found else 1):
        save_checkpoint(folder, _checkpoint(epoch, 20_000))
        said.send(epoch)


@pytest.mark.slow
def test_killed_at_any_moment_nothing_that_was_saved_is_lost(tmp_path: Path) -> None:
    chance = random.Random(0)
    forking = multiprocessing.get_context("fork")
    torch.set_num_threads(1)
    last = 0
    for _ in range(20):
        heard, said = forking.Pipe(duplex=False)
        saving = forking.Process(target=_save_for_ever, args=(tmp_path, said))
        saving.start()
        said.close()
        assert heard.poll(30)
        time.sleep(chance.uniform(0.01, 0.1))
        saving.kill()
        saving.join()
        saved = last
        with contextlib.suppress(EOFError):
            while True:
                saved = max(saved, heard.recv())  # it said so after it had saved
        found = _assert_sound(load_checkpoint(tmp_path))
        assert found in (saved, saved + 1)
        last = found
    assert last > 20
