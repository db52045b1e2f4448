"""`hglab ui --search`: optuna-dashboard on the searches, on this machine only, gone when it is ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from cli.dashboard import only_from
from runners.search import storage as kept
from tests.cli.conftest import Call, command, environment
from tests.cli.searches import fill, point, read, write_search

needs_dashboard = pytest.mark.skipif(
    find_spec("optuna_dashboard") is None, reason="no optuna-dashboard: pip install 'hglab[dashboard]'"
)


@pytest.fixture
def searched(tmp_path: Path) -> str:
    """A storage with a search of one complete trial, below the folder of runs."""
    search = read(write_search(tmp_path))
    return fill(search, tmp_path / "runs", [(point(search), "COMPLETE", {kept.FIGURES: {"pckh": 35.24}})])


def test_without_the_extra_it_says_how_to_install_it(call: Call, searched, monkeypatch) -> None:
    monkeypatch.setattr("cli.dashboard.find_spec", lambda name: None)
    result = call("ui", "--search", "--port", "0")
    assert result.exit_code == 2
    assert "needs optuna-dashboard, which is not installed; pip install 'hglab[dashboard]'" in result.stderr


@needs_dashboard
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "optuna.db: there is no storage of searches yet; search first (hglab search STUDY)"),
        (("--storage", "no database"), "--storage: the storage of searches cannot be read"),
        (("--storage", "postgresql://me:secret@127.0.0.1:9/optuna"), "--storage: the storage of searches cannot be"),
    ],
)
def test_a_storage_that_cannot_be_shown(call: Call, tmp_path, words: tuple[str, ...], message: str) -> None:
    result = call("ui", "--search", "--port", "0", *words)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert "secret" not in result.output
    assert not list(tmp_path.rglob("*.db")), "looking makes no storage"


@needs_dashboard
def test_a_file_that_is_no_storage(call: Call, tmp_path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "optuna.db").write_bytes(b"not a database" * 100)
    result = call("ui", "--search", "--port", "0")
    assert result.exit_code == 2, result.output
    assert "cannot be read" in result.stderr
    assert "Traceback" not in result.output


@needs_dashboard
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--host", "no.such.host.invalid", "--port", "0"),
            "--host no.such.host.invalid --port 0: cannot listen there",
        ),
        (("--host", "203.0.113.1", "--port", "0"), "--host 203.0.113.1 --port 0: cannot listen there"),
    ],
)
def test_a_host_on_which_one_cannot_listen(call: Call, searched, words: tuple[str, ...], message: str) -> None:
    result = call("ui", "--search", *words)
    assert result.exit_code == 2, result.output
    assert message in result.stderr


@needs_dashboard
def test_a_port_in_use(call: Call, searched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = call("ui", "--search", "--port", port)
    assert result.exit_code == 2, result.output
    assert f"--port {port}" in result.stderr


@pytest.mark.parametrize(
    ("host", "called", "answers"),
    [
        ("127.0.0.1", "127.0.0.1:8080", True),
        ("127.0.0.1", "localhost:8080", True),
        ("localhost", "[::1]:8080", True),
        ("127.0.0.1", "elsewhere.example:8080", False),
        ("127.0.0.1", "127.0.0.1.elsewhere.example", False),
        ("127.0.0.1", "", False),
        ("0.0.0.0", "elsewhere.example:8080", True),
    ],
)
def test_it_answers_to_its_own_address(host: str, called: str, answers: bool) -> None:
    said: list[str] = []

    def application(environment, start):
        start("200 OK", [])
        return [b"page"]

    only_from(host, application)({"HTTP_HOST": called}, lambda status, headers: said.append(status))
    assert said == (["200 OK"] if answers else ["403 Forbidden"])


@needs_dashboard
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_searches_can_be_browsed(searched, tmp_path, how: signal.Signals) -> None:
    log = tmp_path / "ui.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command("ui", "--search", "--port", "0"),
            cwd=tmp_path,
            env=environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 120
        while "End it" not in log.read_text() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        addresses = dict(re.findall(r"^(\S.*): (http\S+)$", log.read_text(), re.MULTILINE))
        page = addresses["optuna-dashboard"]
        base = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/dashboard", page)[1]
        assert b"Optuna Dashboard" in urllib.request.urlopen(page, timeout=30).read()
        (found,) = json.load(urllib.request.urlopen(f"{base}/api/studies", timeout=30))["study_summaries"]
        assert found["study_name"].startswith("small_search tiny ")
        assert addresses[found["study_name"]] == f"{base}/dashboard/studies/{found['study_id']}"
        stranger = urllib.request.Request(f"{base}/api/studies", headers={"Host": "elsewhere.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(stranger, timeout=30)
        os.kill(server.pid, how)
        assert server.wait(timeout=30) == 0
        assert "GET" not in log.read_text()
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(base, timeout=5)
