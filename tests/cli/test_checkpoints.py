"""`--checkpoints URL`, as a real process: a launch goes on from the URL where its own folder is gone."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time

import pytest

from cli.submit import _checked
from runners.files import MODEL
from runners.record.reading import read_trials
from search_space import InputError
from tests.cli.conftest import command, environment
from tests.small import OPTIONS, options

INLINE = ("--executor", "inline", "--only", "hierarchical", "--format", "json")


@pytest.mark.slow
def test_an_interrupted_launch_goes_on_from_the_url(process, small_study, tmp_path) -> None:
    words = ["run", small_study, *options(training__epochs=6, data__train_images=32), *INLINE]
    whole = process(*words, "--runs", "whole")
    assert whole.returncode == 0, whole.stderr

    url = tmp_path / "url"
    words += ["--checkpoints", f"file://{url}"]
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(command(*words), cwd=tmp_path, env=environment(), stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 120
            while not list(url.glob("*/checkpoint-*.pt")):
                assert running.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 130, (tmp_path / "log").read_text()
        finally:
            running.kill()
    uri = f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"
    done = {trial.fingerprint: trial.metrics["epoch"] for trial in read_trials(uri)}
    shutil.rmtree(tmp_path / "runs" / "trials")

    again = process(*words)
    assert again.returncode == 0, again.stderr
    one, two = (json.loads(done.stdout)["rows"][1]["cells"]["pckh"] for done in (whole, again))
    assert {**one, "runs": None} == {**two, "runs": None}
    trials = {trial.fingerprint: trial for trial in read_trials(uri) if trial.state == "complete"}
    assert len(trials) == 2
    for fingerprint in trials:
        (kept,) = (url / fingerprint).iterdir()
        assert kept.name == MODEL
        one, two = (tmp_path / runs / "trials" / fingerprint / MODEL for runs in ("whole", "runs"))
        assert one.read_bytes() == two.read_bytes() == kept.read_bytes()
    assert 1 <= done[next(iter(done))] < 6, "it was interrupted, and went on"
    assert not list(url.glob(".*")), "what was left there meanwhile is removed"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nfs5://server/x", "--checkpoints nfs5://server/x: 'nfs5' is no protocol of fsspec"),
        ("runs/trials", "is not a URL; write s3://BUCKET/FOLDER, or file:///FOLDER for a folder"),
        ("sftp://me:secret@host/x", "sftp://***@host/x"),
    ],
)
def test_a_url_that_cannot_be_used_trains_nothing(call, small_study, tmp_path, url: str, message: str) -> None:
    result = call("run", small_study, *OPTIONS, "--executor", "inline", "--checkpoints", url)
    assert result.exit_code == 2
    text = " ".join(result.output.split())
    assert message in text
    assert "Traceback" not in text
    assert "secret" not in text
    assert not (tmp_path / "runs").exists()


def test_submit_passes_it_on_and_looks_at_it_first(small_study) -> None:
    words = _checked(small_study, ["--checkpoints", "s3://bucket/x"])
    assert words[-2:] == ["--checkpoints", "s3://bucket/x"]
    assert "--checkpoints" not in _checked(small_study, [])
    with pytest.raises(InputError, match="'s5' is no protocol"):
        _checked(small_study, ["--checkpoints", "s5://bucket/x"])
