"""The command, as a function and as a process, and a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.cli.browsing import FLAGS, SCREENSHOTS

Call = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[str]"]

TINY = ("--scale", "tiny")


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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a window, with a profile of its own."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    chosen = Options()
    chosen.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--window-size=1600,1000"):
        chosen.add_argument(flag)
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    SCREENSHOTS.mkdir(exist_ok=True)
    driver = webdriver.Chrome(options=chosen, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()
