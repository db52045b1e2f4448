"""The command, as a function and as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

QUICK = {
    "data.resolution": 32,
    "data.train_images": 8,
    "data.validation_images": 4,
    "model.features": 8,
    "model.stem_features": 4,
    "model.order": 2,
    "training.epochs": 2,
    "training.batch_size": 4,
}


def options(**changes: int) -> list[str]:
    """Options that make a study train in seconds; `training__epochs=9` changes one of them."""
    settings = {**QUICK, **{key.replace("__", "."): value for key, value in changes.items()}}
    return ["--scale", "tiny", *(word for key, value in settings.items() for word in ("--set", f"{key}={value}"))]


QUICK_OPTIONS = options()
STUDY = """\
study: small
title: A study for tests
seeds: [0, 1]
variants:
  - {id: bottleneck, baseline: true}
  - {id: hierarchical, label: "Hierarchical & binary", set: {block.type: hierarchical}}
"""

Call = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def small_study(tmp_path: Path) -> Path:
    """A study file of two variants and two seeds."""
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """A function that calls the command in this process, in a folder of its own."""
    from cli.main import app

    monkeypatch.chdir(tmp_path)
    for name in ("HGLAB_RUNS", "HGLAB_DATA_ROOT", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def command(*words: object) -> list[str]:
    """The command line that runs hglab as a process of its own."""
    return [sys.executable, "-c", "from cli.main import main; main()", *map(str, words)]


def environment() -> dict[str, str]:
    """The environment for a process: this one's, without what would lead it to another record."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("HGLAB_", "MLFLOW_"))}


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """A function that runs the command as a process and waits for it."""

    def run(*words: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
