"""Predictions as a trial keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runners.predictions import PREDICTIONS, read_predictions

ARRAYS = {
    "predicted": np.arange(8, dtype=np.float32).reshape(2, 2, 2),
    "target": np.ones((2, 2, 2), dtype=np.float32),
    "visible": np.array([[True, False], [True, True]]),
    "reference": np.array([2.0, np.nan]),
    "data_version": np.array("synthetic-1"),
}


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


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("predicted", np.array([["a", "b"]]), "predicted is of type <U1"),
        ("visible", np.ones((2, 2)), "visible is of type float64"),
        ("reference", np.array([1 + 1j, 2]), "reference is of type complex128"),
    ],
)
def test_arrays_of_another_type_are_refused(tmp_path, name, values, words) -> None:
    path = tmp_path / PREDICTIONS
    np.savez(path, **{**ARRAYS, name: values})
    with pytest.raises(ValueError, match=words):
        read_predictions(path)


def _usable(path: Path, content: bytes) -> bool:
    """Whether a file is read and its errors are computed. Any exception but a ValueError is a fault."""
    path.write_bytes(content)
    try:
        read = read_predictions(path)
        errors = read.errors()
    except ValueError:
        return False
    assert errors.shape == read.visible.shape
    return True


@pytest.fixture(params=[np.savez_compressed, np.savez], ids=["compressed", "stored"])
def whole(request, tmp_path) -> bytes:
    """A file of predictions, as `write_predictions` packs it and without compression."""
    path = tmp_path / PREDICTIONS
    request.param(path, **ARRAYS)
    content = path.read_bytes()
    assert _usable(path, content)
    return content


def test_a_file_cut_anywhere_is_refused(whole, tmp_path) -> None:
    assert not any(_usable(tmp_path / PREDICTIONS, whole[:length]) for length in range(len(whole)))


@pytest.mark.filterwarnings("ignore")  # of NumPy, on headers and numbers that make no sense
@pytest.mark.parametrize("flipped", [0xFF, *(pytest.param(bit, marks=pytest.mark.slow) for bit in (0x01, 0x20))])
def test_a_byte_flipped_anywhere_is_refused_or_does_no_harm(whole, tmp_path, flipped) -> None:
    usable = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= flipped
        usable += _usable(tmp_path / PREDICTIONS, bytes(damaged))
    assert 0 < usable < len(whole) // 2  # a date or a flag does no harm; most of the rest must have been noticed
