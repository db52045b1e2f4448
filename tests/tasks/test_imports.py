"""The package is light: a plan must not wait for torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tasks


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import tasks", ("torch", "scipy", "numpy", "PIL", "h5py")),
        ("from tasks import DataError", ("torch", "scipy", "numpy", "PIL", "h5py")),
        ("import tasks.version", ("torch", "scipy", "numpy", "PIL", "h5py")),
        ("import tasks.crops, tasks.lsp, tasks.mpii, tasks.metrics", ("torch", "scipy", "h5py")),
        ("import tasks.pose", ("scipy", "h5py")),
    ],
)
def test_import_is_light(statement: str, absent: tuple[str, ...]) -> None:
    code = f"{statement}\nimport sys\nprint([m for m in {absent!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in tasks.__all__:
        assert getattr(tasks, name).__name__ == name


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tasks.nonsense
