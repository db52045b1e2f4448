"""What a plan is told of its trials, and what a second launch makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

import pytest

from runners.job import Places, Resources
from runners.launch import catch_up, launch, remaining
from runners.record import names
from runners.record.buffer import outbox_file
from runners.record.left_over import LeftOver
from runners.record.reading import read_launches, read_links, read_trials
from runners.record.recorded import RecordedTrial
from runners.record.writing import Record
from runners.standing import Standing, standing
from tests.runners.launches import Silent, _launch
from tests.small import STUDY

START = datetime(2026, 3, 1, tzinfo=UTC)


def _after(times: int, then):
    """What `runners.trial.evaluate` does, for all but the last of so many times."""
    from runners.evaluation import evaluate

    calls = count(1)
    return lambda *arguments: evaluate(*arguments) if next(calls) < times else then()


def _counting(epochs: list[int]):
    """What `runners.trial.train_epoch` does, and which epochs."""
    from runners.training import train_epoch

    def train(training, number: int):
        epochs.append(number)
        return train_epoch(training, number)

    return train


def _run(trial, state, epoch=0, study="small", error=None) -> RecordedTrial:
    figures = {"epoch": float(epoch)} if epoch else {}
    return RecordedTrial(
        "r", "e", study, trial.variant.id, 0, "tiny", trial.fingerprint, state, figures, {}, {}, START, error
    )


@pytest.mark.parametrize(
    ("state", "epoch", "study", "checkpoint", "words"),
    [
        ("complete", 2, "small", False, "done"),
        ("complete", 2, "other", False, "done in other"),
        ("running", 1, "small", True, "running, epoch 1"),
        ("interrupted", 1, "small", True, "at epoch 1"),
        ("interrupted", 1, "small", False, "new"),  # nothing to go on from
        ("failed", 1, "small", True, "failed"),
        ("running", 0, "small", False, "running"),
        (None, 0, "small", True, "has a checkpoint"),
        (None, 0, "small", False, "new"),
    ],
)
def test_where_a_trial_stands(make_plan, tmp_path, state, epoch, study, checkpoint, words) -> None:
    places, trial = Places.below(tmp_path), make_plan().trials[0]
    if checkpoint:
        places.folder(trial.fingerprint).mkdir(parents=True)
        (places.folder(trial.fingerprint) / "checkpoint.pt").write_bytes(b"some")
    chosen = {trial.fingerprint: _run(trial, state, epoch, study)} if state else {}
    found = standing(trial, chosen, places)
    assert isinstance(found, Standing)
    assert found.describe("small") == words


def test_what_has_failed_waits_to_be_asked_for(make_plan, tmp_path) -> None:
    plan, places = make_plan(), Places.below(tmp_path)
    recorded = [_run(plan.trials[0], "complete", 2), _run(plan.trials[1], "failed", 1, error="ValueError: no")]
    rest = remaining(plan, recorded, places)
    assert [trial.name for trial in rest.to_train] == ["bottleneck/1", "hierarchical/1"]
    assert [(trial.name, error) for trial, error in rest.failed] == [("hierarchical/0", "ValueError: no")]
    retried = remaining(plan, recorded, places, retry_failed=True)
    assert [trial.name for trial in retried.to_train] == ["hierarchical/0", "bottleneck/1", "hierarchical/1"]
    assert retried.failed == ()
    fresh = remaining(plan, recorded, places, fresh=True)
    assert (len(fresh.to_train), fresh.reused, fresh.failed) == (4, (), ())


@pytest.mark.slow
def test_trained_afresh_on_purpose_it_comes_to_the_same(make_plan, places) -> None:
    plan = make_plan()
    assert len(_launch(plan, places).trained) == 4
    first = {trial.fingerprint: trial.metrics["pckh"] for trial in read_trials(places.uri)}
    assert len(_launch(plan, places, fresh=True).trained) == 4
    trials = read_trials(places.uri)
    assert len(trials) == 8
    assert all(trial.metrics["pckh"] == first[trial.fingerprint] for trial in trials)


@pytest.mark.slow
def test_afresh_means_from_the_start_whoever_left_a_checkpoint(make_plan, places, monkeypatch) -> None:
    plan = make_plan()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("runners.trial.evaluate", _after(2, interrupt))
        assert _launch(plan, places).interrupted
    assert len(list(places.trials.glob("*/checkpoint.pt"))) == 1
    trained: list[int] = []
    monkeypatch.setattr("runners.trial.train_epoch", _counting(trained))
    assert len(_launch(plan, places, fresh=True).trained) == 4
    assert trained == [1, 2] * 4


@pytest.mark.slow
def test_a_trial_of_another_study_is_shown_in_this_ones_experiment(make_plan, small_study, places) -> None:
    plan = make_plan("training.epochs=1")
    assert len(_launch(plan, places).trained) == 4
    small_study.write_text(STUDY.replace("study: small", "study: second").replace("seeds: [0, 1]", "seeds: [0]"))
    second = make_plan("training.epochs=1")
    for _ in range(2):  # a second launch shows nothing twice
        rest = remaining(second, read_trials(places.uri), places)
        outcome = launch(second, rest, places, Resources(), _never, Silent(), prepare=lambda: None)
        assert (outcome.reused, outcome.trained) == (2, [])
    links = read_links(places.uri)
    assert sorted(link.variant for link in links) == ["bottleneck", "hierarchical"]
    (launched, _) = read_launches(places.uri, "second")
    client = Record(places.uri, places.artifacts).client
    originals = {trial.run_id: trial for trial in read_trials(places.uri)}
    assert len(originals) == 4  # a link is no trial
    for link in links:
        run = client.get_run(link.run_id)
        original = originals[run.data.tags[names.ORIGINAL]]
        assert run.info.experiment_id == client.get_experiment_by_name("second").experiment_id
        assert run.data.tags[names.PARENT] == launched.run_id
        assert run.data.metrics["pckh"] == original.metrics["pckh"]
        assert run.data.params == client.get_run(original.run_id).data.params
        assert original.run_id in run.data.tags[names.NOTE]


def _never(jobs, monitor) -> None:
    raise AssertionError("nothing is to be trained")


@pytest.mark.slow
def test_what_waited_on_disk_is_sent_before_the_record_is_read(make_plan, places) -> None:
    assert catch_up(places) == LeftOver()
    assert not places.artifacts.parent.exists(), "nothing waits, so nothing is opened"
    plan = make_plan("training.epochs=1")
    assert len(_launch(plan, places, only={"bottleneck"}).trained) == 2
    trial = next(trial for trial in read_trials(places.uri) if trial.seed == 0)
    record = Record(places.uri, places.artifacts)
    record.client.set_tag(trial.run_id, names.STATE, "running")  # as if its end had not arrived
    end = {"do": "end", "run": trial.run_id, "state": "complete", "time": 1}
    outbox = outbox_file(places.folder(trial.fingerprint), places.uri)
    outbox.write_text(json.dumps(end) + "\n")
    assert len(remaining(plan, read_trials(places.uri), places, {"bottleneck"}).to_train) == 1
    assert catch_up(places).sent == [outbox.parent]
    assert remaining(plan, read_trials(places.uri), places, {"bottleneck"}).to_train == ()
    assert not outbox.exists()
