"""Patience with a record that is away: which errors may go by, and when it ends."""

from __future__ import annotations

import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, RESOURCE_DOES_NOT_EXIST, TEMPORARILY_UNAVAILABLE

from runners.record.patience import RecordAway, is_temporary, patiently

AWAY = MlflowException("API request failed with exception: connection refused")


def _response(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(response=response)


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (AWAY, True),
        (MlflowException("locked", TEMPORARILY_UNAVAILABLE), True),
        (MlflowException("no", PERMISSION_DENIED), False),
        (MlflowException("no", RESOURCE_DOES_NOT_EXIST), False),
        (requests.ConnectionError(), True),
        (requests.Timeout(), True),
        (_response(503), True),
        (_response(429), True),
        (_response(403), False),
        (ConnectionResetError(), True),
        (FileNotFoundError(), False),
        (ValueError(), False),
    ],
)
def test_which_errors_may_go_by(error: Exception, temporary: bool) -> None:
    assert is_temporary(error) is temporary


def test_patience_ends() -> None:
    calls: list[float] = []

    def fail() -> None:
        raise AWAY

    with pytest.raises(RecordAway, match=r"the record at there did not answer for 0 s .*: run the same command"):
        patiently(fail, 0, "there", sleep=calls.append)
    assert calls == []
    outcomes = iter([AWAY, AWAY, None])

    def third() -> str:
        if (error := next(outcomes)) is not None:
            raise error
        return "done"

    assert patiently(third, 60, "there", sleep=calls.append) == "done"
    assert calls == [1, 2]
