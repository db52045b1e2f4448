"""An outbox whose record is away, hangs or refuses: nothing that was put into it is lost."""

from __future__ import annotations

import json

import pytest
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

from runners.record.buffer import REFUSED, Outbox, outbox_file
from runners.record.patience import RecordRefused


class Clock:
    """Time that passes only by waiting, and by attempts that take theirs."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Server:
    """Takes entries; fails as often as it is told to."""

    def __init__(self, clock: Clock, error: Exception | None = None, takes_s: float = 0.0) -> None:
        self.clock = clock
        self.error = error
        self.takes_s = takes_s
        self.attempts = 0
        self.got: list[object] = []

    def __call__(self, entry) -> None:
        self.attempts += 1
        if self.error is not None:
            self.clock.now += self.takes_s
            raise self.error
        self.got.append(entry["n"])


AWAY = MlflowException("API request failed with exception: connection refused")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _outbox(tmp_path, server: Server) -> Outbox:
    return Outbox(outbox_file(tmp_path / "a", "there"), server, "there", clock=server.clock, sleep=server.clock.sleep)


def _lines(tmp_path) -> list[int]:
    return [json.loads(line)["n"] for line in (outbox_file(tmp_path / "a", "there")).read_text().splitlines()]


def test_what_arrives_is_not_kept(tmp_path, clock) -> None:
    server = Server(clock)
    outbox = _outbox(tmp_path, server)
    for number in range(3):
        outbox.put({"n": number})
        assert _lines(tmp_path) == []
    assert server.got == [0, 1, 2]
    outbox.close()
    assert not (outbox_file(tmp_path / "a", "there")).exists()


def test_while_the_record_is_away_it_waits_on_disk_and_then_arrives_in_order(tmp_path, clock) -> None:
    server = Server(clock, AWAY)
    outbox = _outbox(tmp_path, server)
    for number in range(5):
        outbox.put({"n": number})
        clock.now += 2
    assert _lines(tmp_path) == [0, 1, 2, 3, 4]
    assert not outbox.flush(60)
    assert 59 <= clock.now - 10 <= 61
    server.error = None
    outbox.put({"n": 5})
    assert outbox.flush(0)
    assert server.got == [0, 1, 2, 3, 4, 5]
    assert _lines(tmp_path) == []


def test_a_record_that_hangs_costs_at_most_a_tenth_of_the_time(tmp_path, clock) -> None:
    server = Server(clock, AWAY, takes_s=30)
    outbox = _outbox(tmp_path, server)
    trained = 0.0
    while trained < 5000:
        outbox.put({"n": 0})
        clock.now += 5
        trained += 5
    assert 5 <= server.attempts <= 5000 / 300 + 2


def test_a_killed_process_leaves_what_the_next_one_sends_first(tmp_path, clock) -> None:
    away = Server(clock, AWAY)
    first = _outbox(tmp_path, away)
    first.put({"n": 1})
    first.put({"n": 2})
    first._file.write(b'{"n": ')  # killed in the middle of a line
    first._file.close()
    back = Server(clock)
    second = _outbox(tmp_path, back)
    second.put({"n": 3})
    assert back.got == [1, 2, 3]


def test_an_outbox_in_use_is_left_alone(tmp_path, clock) -> None:
    first = _outbox(tmp_path, Server(clock, AWAY))
    first.put({"n": 1})
    second = _outbox(tmp_path, Server(clock))
    assert not second.open()
    first.close()
    assert second.open()
    assert len(second) == 1


def test_a_refused_entry_is_said_set_aside_and_does_not_block(tmp_path, clock) -> None:
    server = Server(clock, RestException({"error_code": "PERMISSION_DENIED", "message": "not yours"}))
    outbox = _outbox(tmp_path, server)
    with pytest.raises(RecordRefused, match=r"the record at there refuses what it is sent \(PERMISSION_DENIED: not"):
        outbox.put({"n": 1})
    server.error = None
    outbox.put({"n": 2})
    assert server.got == [2]
    assert (tmp_path / "a" / REFUSED).read_text() == '{"n": 1}\n'


def test_a_damaged_line_is_set_aside_and_does_not_block(tmp_path, clock) -> None:
    file = outbox_file(tmp_path / "a", "there")
    file.parent.mkdir()
    file.write_text('{"n": 1}\n{"n": \n[3]\n{"n": 4}\n{"n"')
    server = Server(clock)
    outbox = _outbox(tmp_path, server)
    assert outbox.catch_up() == []
    assert server.got == [1, 4]
    assert (tmp_path / "a" / REFUSED).read_text() == '{"n": \n[3]\n'


def test_what_was_put_while_another_had_the_file_is_kept_in_it(tmp_path, clock) -> None:
    away = Server(clock, AWAY)
    first, second = _outbox(tmp_path, away), _outbox(tmp_path, away)
    first.put({"n": 1})
    second.put({"n": 2})
    first.close()
    assert second.open()
    assert _lines(tmp_path) == [1, 2]


def test_a_trial_waits_until_what_is_left_has_been_sent(tmp_path, clock) -> None:
    first = _outbox(tmp_path, Server(clock, AWAY))
    assert first.settle(10), "there is nothing to wait for"
    first.put({"n": 1})
    assert not _outbox(tmp_path, Server(clock)).settle(3), "another process has the file"
    begin = clock.now
    assert _outbox(tmp_path, Server(clock)).settle(600), "and stands still"
    assert 30 <= clock.now - begin < 90
    first.close()
    assert not _outbox(tmp_path, Server(clock, AWAY)).settle(3), "the record is away"
    server = Server(clock)
    assert _outbox(tmp_path, server).settle(3)
    assert server.got == [1]


def test_without_room_for_the_outbox_it_waits_in_memory(tmp_path, clock, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    server = Server(clock, AWAY)
    outbox = _outbox(tmp_path, server)
    with monkeypatch.context() as patched:
        patched.setattr("runners.record.buffer.os.fsync", full)
        outbox.put({"n": 1})
    assert _lines(tmp_path) == []
    server.error = None
    assert outbox.flush(5)
    assert server.got == [1]


def test_a_full_disk_of_the_record_is_not_waited_for(tmp_path, clock) -> None:
    full = MlflowException("(sqlite3.OperationalError) database or disk is full", TEMPORARILY_UNAVAILABLE)
    outbox = _outbox(tmp_path, Server(clock, full))
    outbox.put({"n": 1})
    assert not outbox.flush(600)
    assert clock.now == 0
