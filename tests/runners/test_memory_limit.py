"""A trial that runs out of memory: it alone fails, is known for it, and is tried once more with a larger share."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from runners import memory_limit
from runners.memory_limit import describe_out_of_memory, is_out_of_memory, limit_memory, within_memory

MIB = 2**20


def _allocate(megabytes: int) -> int:
    return torch.ones(megabytes * MIB // 4).numel() * 4 // MIB


def _limit() -> int:
    return resource.getrlimit(resource.RLIMIT_DATA)[0]


def test_an_allocation_beyond_the_limit_fails_and_the_process_goes_on() -> None:
    before = _limit()
    with limit_memory(200):
        assert _allocate(100) == 100
        with pytest.raises(RuntimeError) as raised:
            _allocate(400)
    assert is_out_of_memory(raised.value)
    assert _limit() == before
    assert _allocate(400) == 400


def test_pythons_own_error_is_known() -> None:
    with pytest.raises(MemoryError) as raised, limit_memory(200):
        bytearray(400 * MIB)
    assert is_out_of_memory(raised.value)


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            True,
        ),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("can't allocate memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_which_errors_are_of_memory(error: BaseException, known: bool) -> None:
    assert is_out_of_memory(error) is known


def test_it_is_tried_once_more_with_a_larger_share() -> None:
    told: list[int] = []
    assert within_memory(300, lambda: _allocate(400), told.append) == 400
    assert told == [450]
    with pytest.raises(RuntimeError) as raised:
        within_memory(200, lambda: _allocate(400), told.append)
    assert is_out_of_memory(raised.value)
    assert told == [450, 300]


def test_what_the_first_try_took_is_given_back_before_the_second() -> None:
    calls: list[int] = []

    def grow() -> int:
        calls.append(1)
        held = [torch.ones(50 * MIB // 4) for _ in range(5 if len(calls) == 1 else 4)]
        return len(held)

    assert within_memory(200, grow, lambda larger: None) == 4


def test_other_errors_are_not_tried_again() -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        within_memory(200, fail, calls.append)
    assert calls == [1]
    with pytest.raises(MemoryError):
        within_memory(None, lambda: (_ for _ in ()).throw(MemoryError()), calls.append)
    assert calls == [1]


def test_a_system_that_cannot_limit_says_so(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(memory_limit, "_STATUS", tmp_path / "none")
    with pytest.raises(OSError, match="on Linux only"), limit_memory(100):
        pass


def test_the_words_for_the_record() -> None:
    words = describe_out_of_memory(MemoryError("no"), 1234.5, 800)
    assert words.startswith(
        "out of memory after a peak of 1234 MiB, within 800 MiB and then 1200 MiB more (MemoryError"
    )
    assert "run fewer trials at once" in describe_out_of_memory(MemoryError(), 1.0, None)


@pytest.mark.slow
def test_a_thread_s_allocation_counts_as_well() -> None:
    """Ray runs a trial in a thread."""
    code = (
        "import threading, torch\n"
        "from runners.memory_limit import limit_memory\n"
        "def work():\n"
        "    with limit_memory(100):\n"
        "        try: torch.ones(100 * 2**20)\n"
        "        except RuntimeError as error: print('refused')\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "refused\n", done.stderr
