"""A request to stop: made by the first SIGINT, seen through a file; the second is what it was before."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from runners.interruption import Interrupted, StopRequest, finishing_epochs_on_interrupt


@pytest.fixture
def request_(tmp_path) -> StopRequest:
    return StopRequest(tmp_path / "trials" / ".stop.launch")


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_asks_and_the_second_interrupts(request_: StopRequest) -> None:
    before = signal.getsignal(signal.SIGINT)
    said: list[bool] = []

    def interrupt_twice() -> None:
        with finishing_epochs_on_interrupt(request_, lambda: said.append(True)):
            request_.check()
            _interrupt()
            assert said == [request_.made()] == [True]
            _interrupt()

    with pytest.raises(KeyboardInterrupt):
        interrupt_twice()
    assert said == [True]
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(Interrupted) as raised:
        request_.check()
    assert raised.value.code == 0, "Ray takes any other for an error"
    request_.withdraw()
    request_.withdraw()
    assert not request_.made()


def test_afterwards_it_interrupts_as_before(request_: StopRequest) -> None:
    with finishing_epochs_on_interrupt(request_, lambda: None):
        pass
    with pytest.raises(KeyboardInterrupt):
        _interrupt()
    assert not request_.made()


def test_where_it_is_ignored_it_stays_so(request_: StopRequest) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with finishing_epochs_on_interrupt(request_, lambda: None):
            _interrupt()
        assert not request_.made()
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_it_changes_nothing(request_: StopRequest) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with finishing_epochs_on_interrupt(request_, lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
