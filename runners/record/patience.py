"""Patience with a record that is away: which errors may go by, and how long to try again."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

FIRST_WAIT_S = 1.0
"""The wait after a first failed attempt, in seconds; it doubles with each."""

LONGEST_WAIT_S = 30.0
"""The longest wait between two attempts, in seconds."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class RecordRefused(RuntimeError):  # noqa: N818
    """The record answered, and refuses what it was sent: to try again would not help."""


class RecordAway(RuntimeError):  # noqa: N818
    """The record did not answer for as long as was waited for it."""


def is_temporary(error: BaseException) -> bool:
    """Whether an error of sending may go by: no answer, a server's own error (5xx), too many requests, a lock."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException

    if isinstance(error, MlflowException):
        status = error.get_http_status_code()  # type: ignore[no-untyped-call]
        return bool(status >= 500 or status in (408, 429))
    if isinstance(error, RequestException):
        response = error.response
        return response is None or response.status_code >= 500 or response.status_code in (408, 429)
    return isinstance(error, ConnectionError | TimeoutError)


def patiently(
    attempt: Callable[[], T], patience_s: float, where: str, *, sleep: Callable[[float], None] = time.sleep
) -> T:
    """Do what needs the record, again and again while that fails for reasons that may go by.

    Args:
        attempt: what to do.
        patience_s: for how long to try, in seconds.
        where: the record, for messages.
        sleep: waits for seconds.

    Raises:
        RecordRefused: if the record refuses.
        RecordAway: when the patience is at its end.
    """
    deadline, wait = time.monotonic() + patience_s, FIRST_WAIT_S
    while True:
        try:
            with one_try():
                return attempt()
        except Exception as error:
            if not is_temporary(error):
                raise refusal(error, where) from error
            left = deadline - time.monotonic()
            if left <= 0 or is_full(error):
                what = f"the record at {where} did not answer for {patience_s:g} s ({first_line(error)})"
                raise RecordAway(f"{what}: run the same command again once it does") from error
            _log.warning("the record at %s does not answer (%s): waiting for it", where, first_line(error))
        sleep(min(wait, left))
        wait = min(2 * wait, LONGEST_WAIT_S)


@contextmanager
def one_try() -> Iterator[None]:
    """Keep MLflow from repeating requests by itself, for up to minutes: what is tried again, and when, is said here."""
    chosen = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    chosen["MLFLOW_HTTP_REQUEST_TIMEOUT"] = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    before = {key: os.environ.get(key) for key in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def refusal(error: Exception, where: str) -> RecordRefused:
    """The error of a record that refuses, with its own words."""
    return RecordRefused(f"the record at {where} refuses what it is sent ({first_line(error)})")


def is_full(error: Exception) -> bool:
    """Whether a local record has no room: waiting makes none."""
    return "disk is full" in str(error) or (isinstance(error, OSError) and error.errno == errno.ENOSPC)


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
