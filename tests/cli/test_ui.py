"""`hglab ui`: MLflow's server on the record, on this machine only, gone when it is ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from cli.ui import _answers, free_port
from search_space import InputError
from tests.cli.conftest import command, environment
from tests.small import OPTIONS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ui")]


def test_the_record_can_be_browsed(process, small_study, tmp_path) -> None:
    assert process("run", small_study, *OPTIONS, "--executor", "inline").returncode == 0
    log = tmp_path / "ui.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command("ui", "--port", "0"),
            cwd=tmp_path,
            env=environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        page = _address(log, server)
        host, port, experiment = re.fullmatch(
            r"http://([\d.]+):(\d+)/#/experiments/(\d+)/runs\?workflowType=machine_learning&viewStateShareKey=hglab-variants",
            page,
        ).groups()
        assert host == "127.0.0.1"
        base = f"http://{host}:{port}"
        assert b"MLflow" in urllib.request.urlopen(base, timeout=30).read()
        answer = urllib.request.urlopen(f"{base}/api/2.0/mlflow/experiments/get?experiment_id={experiment}", timeout=30)
        found = json.load(answer)["experiment"]
        assert found["name"] == "small"
        tags = {tag["key"]: tag["value"] for tag in found["tags"]}
        view = json.loads(json.loads(tags["mlflow.sharedViewState.hglab-variants"])["state"])
        assert {"metrics.`pckh`", "params.`block.type`", "params.`seed`"} <= set(view["selectedColumns"])
        assert f"curves: {page}&compareRunsMode=CHART" in log.read_text()
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(timeout=60) == 0
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(base, timeout=5)


def _address(log, server, limit: float = 150) -> str:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"^MLflow: (\S+)$", log.read_text(), re.MULTILINE)
        if found:
            return found[1]
        time.sleep(0.3)
    raise AssertionError(f"no address: {log.read_text()}")


def test_a_host_that_is_none() -> None:
    with pytest.raises(InputError, match=r"--host no.such.host.invalid: cannot listen there .*127.0.0.1 is this"):
        free_port("no.such.host.invalid")


def test_whatever_listens_holds_the_port() -> None:
    """Something that speaks no HTTP, as ssh does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            connection.sendall(b"SSH-2.0-something\r\n")
            connection.close()

        greeting = threading.Thread(target=greet)
        greeting.start()
        assert _answers("127.0.0.1", server.getsockname()[1])
        greeting.join()
    assert not _answers("127.0.0.1", server.getsockname()[1] if server.fileno() >= 0 else free_port("127.0.0.1"))
