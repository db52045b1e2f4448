"""A real record that is away, locked, killed or hangs while it is written: it has everything in the end, once."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time

import pytest

from runners.record import names
from runners.record.buffer import outbox_file
from runners.record.left_over import send_left_over
from runners.record.reading import local_database, read_trials
from runners.record.writing import Record
from tests.tracking import TrackingServer

TAGS = {
    names.KIND: names.TRIAL_KIND,
    names.STUDY: "s",
    names.VARIANT: "v",
    names.SEED: "0",
    names.FINGERPRINT: "f",
}


@pytest.mark.slow
def test_what_waits_for_another_record_is_left_alone(places, tmp_path) -> None:
    folder = places.trials / "f"
    folder.mkdir(parents=True)
    file = outbox_file(folder, "http://head:5000/")
    file.write_text('{"do": "tag", "run": "of another record", "key": "k", "value": "v"}\n')
    left = send_left_over(places.trials, Record(places.uri, places.artifacts))
    assert (left.elsewhere, left.sent, left.refused) == ([folder], [], {})
    assert file == outbox_file(folder, "http://head:5000")
    assert file.read_text().count("another record") == 1


@pytest.mark.slow
def test_sending_everything_twice_changes_nothing(places) -> None:
    record = Record(places.uri, places.artifacts)
    run = record.start_run(record.experiment("s"), "r", TAGS)
    entries = [
        {"do": "params", "run": run, "params": {"a": "1"}},
        {"do": "metrics", "run": run, "rows": [["loss", 1.0, 1000, 1], ["bad", float("nan"), 1000, 1]]},
        {"do": "metrics", "run": run, "rows": [["loss", 0.5, 2000, 2]]},
        {"do": "text", "run": run, "text": "x: 1", "name": "config.yaml"},
        {"do": "tag", "run": run, "key": "k", "value": "v"},
        {"do": "end", "run": run, "state": "complete", "time": 3000},
    ]
    for _ in range(2):
        for entry in entries:
            record.perform(json.loads(json.dumps(entry)))
        history = record.client.get_metric_history(run, "loss")
        assert [(point.step, point.value) for point in history] == [(1, 1.0), (2, 0.5)]
        assert len(record.client.get_metric_history(run, "bad")) == 1
        (trial,) = read_trials(places.uri)
        assert (trial.state, trial.metrics["loss"]) == ("complete", 0.5)
        assert record.client.get_run(run).info.end_time == 3000


@pytest.mark.slow
def test_a_locked_database_is_waited_for(places, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
    folder = places.trials / "f"
    record = Record(places.uri, places.artifacts, outbox=outbox_file(folder, places.uri), patience_s=60)
    run = record.start_run(record.experiment("s"), "r", TAGS)
    with sqlite3.connect(local_database(places.uri), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        record.log_epochs(run, [(1, {"loss": 1.0})])
        assert outbox_file(folder, places.uri).stat().st_size > 0
        other.execute("ROLLBACK")
    assert record.end_run(run, "complete")
    (trial,) = read_trials(places.uri)
    assert (trial.state, trial.metrics["loss"]) == ("complete", 1.0)
    assert not outbox_file(folder, places.uri).exists()


@pytest.fixture
def tracking_server(tmp_path):
    with TrackingServer(tmp_path) as server:
        yield server


@pytest.mark.slow
def test_a_server_killed_in_mid_trial_has_everything_in_the_end(tmp_path, tracking_server, monkeypatch) -> None:
    folder = tmp_path / "trials" / "f"
    uri = tracking_server.uri
    record = Record(uri, None, outbox=outbox_file(folder, uri), patience_s=3)
    run = record.start_run(record.experiment("s"), "r", TAGS)
    record.log_epochs(run, [(1, {"loss": 1.0})])
    tracking_server.kill()
    for epoch in (2, 3):
        record.log_epochs(run, [(epoch, {"loss": 1.0 / epoch})])
    record.tag(run, "k", "v")
    record.log_text(run, "x: 1", "config.yaml")
    assert not record.end_run(run, "complete"), "its patience is at an end"
    left = send_left_over(tmp_path / "trials", record)
    assert (left.sent, left.waiting) == ([], [folder])

    tracking_server.start()
    left = send_left_over(tmp_path / "trials", record)
    assert (left.sent, left.waiting, left.refused) == ([folder], [], {})
    assert not outbox_file(folder, uri).exists()
    (trial,) = read_trials(uri)
    assert (trial.state, trial.ended) == ("complete", True)
    assert [point.step for point in record.client.get_metric_history(run, "loss")] == [1, 2, 3]
    assert [file.path for file in record.client.list_artifacts(run)] == ["config.yaml"]

    # One that hangs for a while when a trial begins.
    tracking_server.signal(signal.SIGSTOP)
    waking = threading.Timer(6, tracking_server.signal, [signal.SIGCONT])
    waking.start()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    patient = Record(uri, None, outbox=outbox_file(folder, uri), patience_s=60)
    begin = time.monotonic()
    second = patient.start_run(trial.experiment_id, "second", TAGS)
    assert time.monotonic() - begin > 4
    waking.join()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    assert patient.end_run(second, "failed", "why not")
    assert [each.state for each in read_trials(uri)] == ["complete", "failed"], "no run was started twice"
