"""`hglab submit`: Ray's own client against a server that answers as a head does; a real head where there can be one."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runners.record.reading import read_launches, read_trials
from tests.cli.conftest import command, environment
from tests.cli.searches import write_search
from tests.small import OPTIONS


class Head:
    """What a head was sent: jobs, and packages by name."""

    def __init__(self) -> None:
        self.jobs: list[dict] = []
        self.packages: dict[str, bytes] = {}
        self.closed = False


@pytest.fixture
def head() -> Iterator[tuple[str, Head]]:
    """The HTTP side of a head: takes packages and jobs. Gives its address and what it was sent."""
    import ray

    sent = Head()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, code: int, content: object = None) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def do_GET(self) -> None:
            if sent.closed:
                self.send_response(401)
                self.end_headers()
                self.wfile.write(b"Unauthorized: Missing authentication token")
            elif self.path.startswith("/api/version"):
                known = {"version": "4", "ray_version": ray.__version__, "ray_commit": ray.__commit__}
                self._answer(200, {**known, "session_name": "session"})
            elif self.path.startswith("/api/packages/"):
                self._answer(200 if self.path.rsplit("/", 1)[1] in sent.packages else 404)
            else:
                self._answer(404)

        def do_PUT(self) -> None:
            sent.packages[self.path.rsplit("/", 1)[1]] = self._body()
            self._answer(200)

        def do_POST(self) -> None:
            sent.jobs.append(json.loads(self._body()))
            self._answer(200, {"job_id": "raysubmit_1", "submission_id": "raysubmit_1"})

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_study_is_sent_with_its_code_and_what_it_refers_to(call, small_study, tmp_path, head) -> None:
    address, sent = head
    (tmp_path / "other.yaml").write_text("study: other\nvariants: [{id: a, set: {loss.name: l2}}, {id: b}]\n")
    (tmp_path / "real.yaml").write_text("study: real\nvariants: [{id: a, set: {model.binary: false}}]\n")
    (tmp_path / "unrelated.yaml").write_text("password: not to be sent\n")
    small_study.write_text(small_study.read_text() + "from: other/a\n")
    (tmp_path / "large.bin").write_bytes(b"not to be sent")
    options = [*OPTIONS, "--runs", "kept runs", "--set", "distillation.teacher=real/a", "--retry", "failed"]
    result = call("submit", small_study, *options, "--address", address)
    assert result.exit_code == 0, result.output
    assert result.stdout == "raysubmit_1\n"
    assert f"ray job logs --follow --address {address} raysubmit_1" in result.stderr
    assert f"ray job stop --address {address} raysubmit_1" in result.stderr
    (job,) = sent.jobs
    words = shlex.split(job["entrypoint"])
    assert words[:4] == ["python", "-c", "from cli.main import main; main()", "run"]
    assert words[4 : 5 + len(OPTIONS)] == ["small.yaml", *OPTIONS]
    assert words[words.index("--retry") + 1] == "failed"
    assert words[-4:] == ["--runs", str(tmp_path / "kept runs"), "--address", "auto"]

    def names(uri: str) -> set[str]:
        return set(zipfile.ZipFile(io.BytesIO(sent.packages[uri.rsplit("/", 1)[1]])).namelist())

    assert names(job["runtime_env"]["working_dir"]) == {"small.yaml", "other.yaml", "real.yaml"}
    code = set().union(*map(names, job["runtime_env"]["py_modules"]))
    assert {"cli/main.py", "runners/sweep.py", "search_space/scales.py"} <= {
        name for name in code if name.endswith(".py")
    }
    assert any(name.startswith("search_space/") and name.endswith(".yaml") for name in code)


@pytest.mark.slow
def test_a_search_is_sent_with_its_storage(call, tmp_path, head) -> None:
    address, sent = head
    path = write_search(tmp_path, 'constraints: ["params <= 1.0 x other/a"]')
    rows = "{id: a, set: {block.type: multi_scale}}, {id: b}"
    (tmp_path / "other.yaml").write_text(f"study: other\nvariants: [{rows}]\n")
    result = call("submit", path, "--scale", "tiny", "--storage", "sqlite:///here.db", "--address", address)
    assert result.exit_code == 0, result.output
    (job,) = sent.jobs
    words = shlex.split(job["entrypoint"])
    assert words[3:5] == ["run", "small_search.yaml"]
    assert words[-4:] == ["--storage", f"sqlite:///{tmp_path / 'here.db'}", "--address", "auto"]
    package = sent.packages[job["runtime_env"]["working_dir"].rsplit("/", 1)[1]]
    assert set(zipfile.ZipFile(io.BytesIO(package)).namelist()) == {"small_search.yaml", "other.yaml"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scale", "huge"], "huge"),
        (["--tracking-uri", "http://me:secret@head:5000"], "holds a password"),
        (["--sclae", "tiny"], "--sclae"),
        (["--set", "block.dept=3"], "did you mean 'block.depth'"),
        (["--executor", "inline"], "--executor: has no meaning for a job"),
        (["--concurrent", "none"], "--concurrent"),
    ],
)
def test_what_run_would_refuse_is_refused_before_anything_is_sent(call, small_study, words, message: str) -> None:
    result = call("submit", small_study, *words, "--address", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert message in result.output


def test_options_before_the_study_are_refused(call, small_study) -> None:
    result = call("submit", "--scale", "tiny", small_study, "--address", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "the study comes first" in result.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("auto", "is not the address of a dashboard; write http://HEAD:8265"),
        ("http://127.0.0.1:9", "no cluster takes jobs there"),
    ],
)
def test_a_head_that_does_not_answer_is_said(call, small_study, address: str, message: str) -> None:
    result = call("submit", small_study, *OPTIONS, "--address", address)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_a_head_that_asks_for_a_token_is_said(call, small_study, head) -> None:
    address, sent = head
    sent.closed = True
    result = call("submit", small_study, *OPTIONS, "--address", address)
    assert result.exit_code == 2
    assert "the cluster does not let you in" in result.output
    assert "RAY_AUTH_MODE=token" in result.output
    assert not sent.jobs


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("aiohttp_cors", "opencensus", "virtualenv")),
    reason="a head with a dashboard needs ray[default]: pip install 'hglab[cluster]'",
)
def test_a_job_runs_on_a_real_head(small_study, tmp_path) -> None:
    ray = shutil.which("ray", path=str(Path(sys.executable).parent)) or "ray"
    port, dashboard = _free_port(), _free_port()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    surroundings = {**environment(), "PATH": path, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    start = [ray, "start", "--head", "--block", f"--port={port}", "--num-cpus=2", "--dashboard-host=127.0.0.1"]
    start += [f"--dashboard-port={dashboard}", "--dashboard-agent-listen-port=0"]
    log = (tmp_path / "head.log").open("w")
    running = subprocess.Popen(start, env=surroundings, stdout=log, stderr=log, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{dashboard}"
        words = ["submit", small_study, *OPTIONS, "--runs", tmp_path / "runs", "--wait", "--address", address]
        for _ in range(20):
            done = subprocess.run(
                command(*words), cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
            )
            if done.returncode != 2:
                break
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Hierarchical & binary" in done.stdout
        uri = f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"
        assert [trial.state for trial in read_trials(uri)] == ["complete"] * 4
        assert read_launches(uri)[-1].state == "complete"
    finally:
        running.terminate()
        running.wait(timeout=60)
