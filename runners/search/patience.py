"""Patience with Optuna's storage: a server that restarts, or a file that another process has locked, is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 60.0
"""For how long a storage that does not answer is asked again, in seconds."""
_PAUSE_S = 1.0


class StorageAway(Exception):  # noqa: N818  # no error of the search: the next launch goes on
    """Optuna's storage did not answer for `PATIENCE_S`."""


class Patient:
    """A storage whose calls are tried again while its database does not answer.

    After one call in vain further ones are tried once each, until the database answers: a launch that ends must not
    wait again and again.
    """

    def __init__(self, storage: Any) -> None:
        """Wrap a storage of Optuna's that keeps a relational database."""
        self._storage = storage
        self._gone = False

    def __getattr__(self, name: str) -> Any:
        """The storage's own attribute; of a method, one that is patient."""
        found = getattr(self._storage, name)
        return self._patient(found) if callable(found) else found

    def _patient(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def patient(*args: Any, **kwargs: Any) -> Any:
            until = time.monotonic() + (0.0 if self._gone else PATIENCE_S)
            while True:
                try:
                    answer = call(*args, **kwargs)
                except Exception as error:
                    cause = _does_not_answer(error)
                    if cause is None:
                        raise
                    if time.monotonic() >= until:
                        self._gone = True
                        raise StorageAway(f"the search's storage does not answer: {cause}") from error
                    time.sleep(_PAUSE_S)
                else:
                    self._gone = False
                    return answer

        return patient


def _does_not_answer(error: BaseException) -> str | None:
    """What the database said, if an error is one that may pass; Optuna wraps some of them."""
    from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

    for each in (error, error.__cause__):
        if isinstance(each, OperationalError | InterfaceError | InternalError):
            return str(each.orig or each).splitlines()[0]
    return None
