"""Predictions as a trial keeps them."""

from __future__ import annotations

import numpy as np
import pytest

from runners.predictions import PREDICTIONS, read_predictions


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"no archive at all"])
def test_a_file_that_holds_none(tmp_path, content) -> None:
    path = tmp_path / PREDICTIONS
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"holds no predictions"):
        read_predictions(path)


def test_a_pickle_is_not_opened(tmp_path) -> None:
    path = tmp_path / PREDICTIONS
    np.savez(path, predicted=np.array([{"not": "numbers"}], dtype=object))
    with pytest.raises(ValueError, match=r"holds no predictions"):
        read_predictions(path)
