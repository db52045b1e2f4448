"""Leases: one holds, the others are turned away; what a dead holder leaves is taken over by exactly one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from runners.lease import (
    HEARTBEAT_S,
    STALE_BEATS,
    Claim,
    HeldElsewhere,
    Holder,
    LeaseWatch,
    LostLease,
    describe_holder,
    find_lease,
    heartbeat_s,
    hold,
)
from runners.record.liveness import process_lives, start_ticks, this_machine
from search_space import InputError

QUICK = Claim(heartbeat_s=0.05)
ELSEWHERE = Holder("node3", "node3 booted otherwise", 4711, 1, "a-launch", "0" * 32, HEARTBEAT_S)
GONE = 2**22 + 1  # more than Linux numbers processes to


def _leave(folder: Path, holder: Holder, number: int = 1) -> Path:
    """A lease as a holder that does not touch it any more left it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lease-{number}.json"
    path.write_text(json.dumps(asdict(holder)))
    return path


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _wait_until(condition, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def test_one_holds_and_others_are_turned_away(tmp_path) -> None:
    folder = tmp_path / "trial"
    with hold(folder, "first", QUICK) as lease:
        lease.check()
        with pytest.raises(HeldElsewhere) as turned_away, hold(folder, "second", QUICK):
            raise AssertionError("two hold it")
        holder = turned_away.value.holder
        assert (holder.process, holder.launch) == (os.getpid(), "first")
        assert describe_holder(holder) == f"process {os.getpid()} on {holder.host}"
        assert _files(folder) == ["lease-1.json"]
        lease.check()
    assert _files(folder) == []
    with hold(folder, "second", QUICK) as lease:
        lease.check()


def test_an_error_gives_the_lease_up(tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt), hold(tmp_path, "first", QUICK):
        raise KeyboardInterrupt
    assert find_lease(tmp_path) is None


def test_a_held_lease_beats(tmp_path) -> None:
    with hold(tmp_path, "first", QUICK):
        watch = LeaseWatch(tmp_path)
        first, may_take = watch.look()
        assert not may_take
        _wait_until(lambda: find_lease(tmp_path).mark != first.mark)
        second, _ = watch.look()
        assert second.holder == first.holder


def test_a_lease_of_another_machine_is_stale_once_it_has_not_moved_for_long_enough(tmp_path) -> None:
    path, watch = _leave(tmp_path, ELSEWHERE), LeaseWatch(tmp_path)
    limit = STALE_BEATS * HEARTBEAT_S
    assert limit == 30
    os.utime(path, (1, 1))  # the other machine's clock is years behind: it does not matter
    assert [watch.look(now)[1] for now in (100, 100 + limit - 0.1)] == [False, False]
    os.utime(path, (2, 2))
    assert [watch.look(now)[1] for now in (100 + limit, 100 + 2 * limit - 0.1)] == [False, False]
    assert watch.look(100 + 2 * limit)[1]


def test_a_lease_says_itself_how_often_it_is_touched(tmp_path) -> None:
    _leave(tmp_path, replace(ELSEWHERE, heartbeat_s=60))
    watch = LeaseWatch(tmp_path, heartbeat_s=1)
    assert [watch.look(now)[1] for now in (0, 359, 360)] == [False, False, True]


@pytest.mark.parametrize("content", [b"", b'{"host": "no', b"[]", b'{"host": "node3"}', b"\xff\xfe"])
def test_a_lease_that_is_cut_short_is_held_until_it_is_stale(tmp_path, content: bytes) -> None:
    (tmp_path / "lease-1.json").write_bytes(content)
    watch = LeaseWatch(tmp_path, heartbeat_s=1)
    found, may_take = watch.look(0)
    assert (found.holder, may_take) == (None, False)
    with pytest.raises(HeldElsewhere) as turned_away, hold(tmp_path, "launch", QUICK):
        raise AssertionError("it was not stale")
    assert turned_away.value.holder is None
    found, may_take = watch.look(STALE_BEATS)
    assert may_take
    with hold(tmp_path, "launch", replace(QUICK, takes_over=found.mark)) as lease:
        lease.check()
    assert _files(tmp_path) == []


@pytest.mark.parametrize(
    ("process", "began"),
    [(GONE, 1), (os.getpid(), (start_ticks(os.getpid()) or 0) + 1)],
    ids=["no such process", "the number was given again"],
)
def test_what_a_process_of_this_machine_left_is_taken_over_at_once(tmp_path, process: int, began: int) -> None:
    _leave(tmp_path, replace(ELSEWHERE, machine=this_machine(), process=process, began=began))
    _, may_take = LeaseWatch(tmp_path).look()
    assert may_take
    with hold(tmp_path, "launch", QUICK) as lease:
        lease.check()
        assert _files(tmp_path) == ["lease-2.json"]
    assert _files(tmp_path) == []


def test_a_lease_that_was_touched_since_it_was_found_stale_is_not_taken_over(tmp_path) -> None:
    path = _leave(tmp_path, ELSEWHERE)
    mark = find_lease(tmp_path).mark
    os.utime(path, (5, 5))
    with pytest.raises(HeldElsewhere), hold(tmp_path, "launch", replace(QUICK, takes_over=mark)):
        raise AssertionError("its holder is back")
    assert _files(tmp_path) == ["lease-1.json"]


def test_a_holder_that_comes_back_finds_its_lease_lost_and_leaves_the_new_one(tmp_path) -> None:
    with hold(tmp_path, "asleep", QUICK) as lease:
        _leave(tmp_path, replace(ELSEWHERE, process=12), number=2)
        with pytest.raises(LostLease) as lost:
            lease.check()
        assert lost.value.holder.process == 12
    assert find_lease(tmp_path).holder.process == 12


def test_a_lease_that_was_removed_is_lost(tmp_path) -> None:
    with hold(tmp_path, "launch", replace(QUICK, heartbeat_s=60)) as lease:
        (tmp_path / "lease-1.json").unlink()
        with pytest.raises(LostLease):
            lease.check()
        _leave(tmp_path, ELSEWHERE)  # of the same number, but another's
        with pytest.raises(LostLease):
            lease.check()
    assert find_lease(tmp_path).holder == ELSEWHERE


def test_one_that_comes_too_late_to_a_stale_lease_does_not_take_the_place_of_its_heir(tmp_path, monkeypatch) -> None:
    """It has found lease 1 stale; before it makes lease 2, others have taken over, ended, and begun anew."""
    _leave(tmp_path, ELSEWHERE)
    mark = find_lease(tmp_path).mark
    made = os.open
    begun_anew = replace(ELSEWHERE, token="1" * 32)

    def late(path, *options):
        if Path(path).name == "lease-2.json":
            _leave(tmp_path, begun_anew)
        return made(path, *options)

    monkeypatch.setattr("runners.lease.os.open", late)
    with pytest.raises(HeldElsewhere) as turned_away, hold(tmp_path, "late", replace(QUICK, takes_over=mark)):
        raise AssertionError("two hold it")
    assert turned_away.value.holder == begun_anew
    assert _files(tmp_path) == ["lease-1.json"]


RACE = """
import multiprocessing, os, sys
from pathlib import Path
from runners.lease import Claim, HeldElsewhere, find_lease, hold

def contend(folder, mark, barrier, won):
    made, tried = os.open, []

    def make(path, *options):
        if not tried:
            tried.append(path)
            barrier.wait()  # until all have looked at the lease
        return made(path, *options)

    os.open = make
    try:
        with hold(folder, "launch", Claim(60.0, takes_over=mark)) as lease:
            with won.get_lock():
                won.value += 1
            barrier.wait()  # until all have tried
            lease.check()
    except HeldElsewhere:
        barrier.wait()

fork = multiprocessing.get_context("fork")
for folder in map(Path, sys.argv[1:]):
    found = find_lease(folder)
    barrier, won = fork.Barrier(8, timeout=20), fork.Value("i", 0)
    contenders = [
        fork.Process(target=contend, args=(folder, found.mark if found else None, barrier, won)) for _ in range(8)
    ]
    for contender in contenders:
        contender.start()
    for contender in contenders:
        contender.join()
    print(won.value, [c.exitcode for c in contenders].count(0), find_lease(folder))
"""


def test_of_eight_processes_exactly_one_gets_a_lease(tmp_path) -> None:
    folders = [tmp_path / str(index) for index in range(10)]
    for index, folder in enumerate(folders):
        folder.mkdir()
        if index % 2:  # a stale one, to be taken over
            _leave(folder, ELSEWHERE)
    done = subprocess.run(
        [sys.executable, "-c", RACE, *map(str, folders)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.splitlines() == ["1 8 None"] * len(folders), done.stderr


def test_a_holder_that_is_killed_blocks_nobody(tmp_path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from runners.lease import Claim, hold\n"
        "with hold(Path(sys.argv[1]), 'launch', Claim()): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            found, may_take = LeaseWatch(tmp_path).look()
            assert (found.holder.process, may_take) == (holder.pid, False)
        finally:
            os.kill(holder.pid, signal.SIGKILL)
        # Nobody has waited for it yet: it has still its number.
        _wait_until(lambda: not process_lives(holder.pid))
        assert LeaseWatch(tmp_path).look()[1]
    with hold(tmp_path, "another", QUICK) as lease:
        lease.check()


def test_the_heartbeat_can_be_set(monkeypatch) -> None:
    monkeypatch.delenv("HGLAB_HEARTBEAT_S", raising=False)
    assert heartbeat_s() == HEARTBEAT_S
    monkeypatch.setenv("HGLAB_HEARTBEAT_S", "0.5")
    assert heartbeat_s() == 0.5
    for wrong in ("soon", "0", "-1", "inf", "nan"):
        monkeypatch.setenv("HGLAB_HEARTBEAT_S", wrong)
        with pytest.raises(InputError, match=f"HGLAB_HEARTBEAT_S: '{wrong}' is no number of seconds above 0"):
            heartbeat_s()
