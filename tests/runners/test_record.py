"""The record: what is written is what is read, directly and through MLflow's client."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
import time

import pytest

from runners.job import Places
from runners.launch import remaining
from runners.predictions import PREDICTIONS, read_predictions
from runners.record import names, reading
from runners.record.details import kept_file, read_curves
from runners.record.liveness import is_gone
from runners.record.reading import read_launches, read_trials
from runners.record.writing import Record
from search_space import InputError
from tasks.metrics import pckh
from tests.runners.launches import _launch
from tests.tracking import TrackingServer


@pytest.mark.slow
def test_a_launch_is_recorded_and_not_trained_again(finished, places) -> None:
    trials = read_trials(places.uri)
    assert {trial.fingerprint for trial in trials} == {trial.fingerprint for trial in finished.trials}
    assert all(trial.state == "complete" and trial.metrics["pckh"] >= 0 for trial in trials)
    assert all(trial.metrics["params"] == finished.counts[trial.variant].params for trial in trials)
    assert all(trial.settings["seed"] == trial.seed and trial.settings["training.epochs"] == 2 for trial in trials)
    (recorded,) = read_launches(places.uri, "small")
    assert (recorded.scale, recorded.state, recorded.overrides["training.epochs"]) == ("tiny", "complete", 2)
    assert read_launches(places.uri, "another") == []

    rest = remaining(finished, trials, places)
    assert (len(rest.reused), rest.to_train) == (4, ())

    # Through MLflow itself: an experiment, a parent, children with curves, configuration and picture.
    client = Record(places.uri, places.artifacts).client
    experiment = client.get_experiment_by_name("small")
    runs = client.search_runs([experiment.experiment_id], f"tags.`{names.KIND}` = 'trial'")
    assert {run.data.tags[names.PARENT] for run in runs} == {recorded.run_id}
    assert all(run.info.status == "FINISHED" and run.data.params["block.type"] for run in runs)
    assert [point.step for point in client.get_metric_history(runs[0].info.run_id, "pckh")] == [1, 2]
    kept = {file.path for file in client.list_artifacts(runs[0].info.run_id)}
    assert {"config.yaml", "predictions.png", PREDICTIONS} <= kept


def _check_details(uri, downloads) -> None:
    """Curves and predictions of every trial, the same as the trial reported."""
    trials = read_trials(uri)
    curves = read_curves(uri, [trial.run_id for trial in trials], "pckh")
    assert {run: curve[-1][1] for run, curve in curves.items()} == {t.run_id: t.metrics["pckh"] for t in trials}
    assert read_curves(uri, [trials[0].run_id], "params") == {trials[0].run_id: ((0, trials[0].metrics["params"]),)}
    for trial in trials:
        kept = read_predictions(kept_file(uri, trial.run_id, PREDICTIONS, downloads))
        found = pckh(kept.predicted, kept.target, kept.reference, kept.visible)["total"]
        assert found == pytest.approx(trial.metrics["pckh"], abs=0.3)  # rounded to float32: a joint on the threshold
        assert kept.errors().shape == kept.visible.shape
    assert kept_file(uri, trials[0].run_id, "another.npz", downloads) is None


@pytest.mark.slow
def test_curves_and_predictions_of_single_runs(finished, places, tmp_path) -> None:
    _check_details(places.uri, tmp_path / "downloads")
    assert not (tmp_path / "downloads").exists()
    assert kept_file(places.uri, "0" * 32, PREDICTIONS, tmp_path) is None
    assert read_curves(places.uri, [read_trials(places.uri)[0].run_id], "no_such") == {}


@pytest.mark.slow
def test_both_ways_of_reading_agree(finished, places, monkeypatch) -> None:
    direct_trials, direct_launches = read_trials(places.uri), read_launches(places.uri)
    wanted = direct_trials[2].fingerprint
    assert read_trials(places.uri, wanted) == [direct_trials[2]]
    assert read_trials(places.uri, "0" * 64) == []
    monkeypatch.setattr(reading, "local_database", lambda uri: None)
    assert read_trials(places.uri) == direct_trials
    assert read_trials(places.uri, wanted) == [direct_trials[2]]
    assert read_trials(places.uri, "0" * 64) == []
    assert read_launches(places.uri) == direct_launches


@pytest.mark.slow
def test_a_record_of_a_newer_version_is_refused_and_kept(finished, places) -> None:
    client = Record(places.uri, places.artifacts).client
    run = read_trials(places.uri)[0].run_id
    client.set_tag(run, names.VERSION, str(names.RECORD_VERSION + 1))
    with pytest.raises(InputError, match=rf"the run {run} was written by a newer hglab .* install the newer hglab"):
        read_trials(places.uri)
    assert client.get_run(run).info.status == "FINISHED"


def test_a_database_of_something_else_is_refused_and_kept(places) -> None:
    path = reading.local_database(places.uri)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is not a database at all, only text that is long enough")
    with pytest.raises(InputError, match="the record cannot be read"):
        read_trials(places.uri)
    assert path.read_bytes().startswith(b"this is not")


@pytest.mark.slow
def test_a_database_of_a_newer_mlflow_is_refused(places) -> None:
    Record(places.uri, places.artifacts).experiment("small")
    with sqlite3.connect(reading.local_database(places.uri)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    code = (
        "import sys; from runners.record.writing import Record; from search_space import InputError\n"
        f"try: Record({places.uri!r}, None).experiment('small')\n"
        "except InputError as error: sys.exit(f'refused: {error}')\n"
    )  # in a process of its own: MLflow keeps a database that it has once opened
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "refused: " in done.stderr, done.stderr
    assert "the record cannot be opened" in done.stderr


def test_a_record_that_is_not_there_yet_holds_nothing(places) -> None:
    assert read_trials(places.uri) == []
    assert not reading.local_database(places.uri).exists()


@pytest.fixture
def tracking_server(tmp_path):
    """MLflow's own server on this machine; gives its URI."""
    with TrackingServer(tmp_path) as server:
        yield server.uri


@pytest.mark.slow
def test_a_tracking_server_holds_the_record_as_well(make_plan, tmp_path, tracking_server) -> None:
    places = Places.below(tmp_path / "runs", tracking_server)
    plan = make_plan("training.epochs=1")
    assert len(_launch(plan, places).trained) == 4
    assert remaining(plan, read_trials(tracking_server), places).to_train == ()
    assert read_launches(tracking_server, "small")[0].state == "complete"
    assert not (tmp_path / "runs" / "mlflow.db").exists()
    client = Record(places.uri, places.artifacts).client
    kept = {file.path for file in client.list_artifacts(read_trials(tracking_server)[0].run_id)}
    assert {"config.yaml", "predictions.png"} <= kept
    _check_details(tracking_server, tmp_path / "downloads")
    _check_details(tracking_server, tmp_path / "downloads")  # what was fetched is there


def test_a_tracking_server_that_is_away_is_said(monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError, match=r"the record cannot be read .* is the server up"):
        read_trials("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("host", "process", "age_s", "gone"),
    [
        ("here", "mine", 0, False),
        ("here", str(2**22 + 1), 0, True),
        ("here", "mine", 1e9, True),  # the number was given again since
        ("elsewhere", str(2**22 + 1), 0, False),
        ("here", "", 0, False),
    ],
)
def test_whether_a_process_is_gone(host: str, process: str, age_s: float, gone: bool) -> None:
    provenance = {
        "host": platform.node() if host == "here" else host,
        "process": str(os.getpid()) if process == "mine" else process,
    }
    assert is_gone(provenance, time.time() - age_s) is gone


def test_a_relative_database_is_made_absolute(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Places.below(tmp_path, "sqlite:///rel.db").uri == f"sqlite:///{tmp_path / 'rel.db'}"


def test_a_tracking_uri_of_no_known_kind_is_refused() -> None:
    with pytest.raises(InputError, match="the record cannot be read"):
        read_trials("postgres://nowhere")
