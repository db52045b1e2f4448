"""Launches whose trials are mirrored at a URL: what goes on from it, and what a URL that is away costs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from runners.checkpoint import load_model
from runners.executors import run_inline
from runners.files import MODEL
from runners.interruption import StopRequest
from runners.job import Places, Resources
from runners.launch import launch, remaining
from runners.mirror import GENERATION, Mirror, epoch_here
from runners.mirrored import held_at, send_ahead
from runners.record import names
from runners.record.reading import read_trials
from runners.record.writing import Record
from search_space import InputError
from tests.runners.launches import Silent
from tests.runners.stores import Store, names_of
from tests.runners.test_sequence import SEQUENCE

TIMES = {"seconds", "peak_memory_mb"}


# Through launches.


def _launch(plan, places, monitor=None, only=None, **options):
    rest = remaining(plan, read_trials(places.uri), places, only, **options)
    return launch(plan, rest, places, Resources(), run_inline, monitor or Silent(), prepare=lambda: None)


class Stopping(Silent):
    """Asks the launch to stop after an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._epoch = epoch

    def progressed(self, job, progress) -> None:
        super().progressed(job, progress)
        if progress.epoch == self._epoch:
            StopRequest.of(job).make()


def _results(places) -> dict[str, tuple]:
    """The metrics of every epoch of each complete trial, and its weights, by name."""
    client = Record(places.uri, places.artifacts).client
    found = {}
    for trial in read_trials(places.uri):
        if trial.state != "complete":
            continue
        keys = sorted(set(trial.metrics) - TIMES)
        curves = {key: [(p.step, p.value) for p in client.get_metric_history(trial.run_id, key)] for key in keys}
        found[f"{trial.variant}/{trial.seed}"] = (curves, trial.fingerprint)
    return found


def _same_weights(one: Path, two: Path) -> bool:
    first, second = load_model(one), load_model(two)
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.slow
def test_a_trial_goes_on_from_the_url_where_the_local_folder_is_gone(make_plan, tmp_path) -> None:
    plan = make_plan("training.epochs=4")
    whole = Places.below(tmp_path / "whole")
    _launch(plan, whole, only={"hierarchical"})
    url = f"file://{tmp_path}/url"
    places = Places.below(tmp_path / "runs", checkpoints=url)
    assert _launch(plan, places, Stopping(2), {"hierarchical"}).interrupted
    shutil.rmtree(places.trials)
    begun = next(trial for trial in plan.trials if trial.variant.id == "hierarchical")
    assert held_at(url).epochs == {begun.fingerprint: 2}

    monitor = Silent()
    outcome = _launch(plan, places, monitor, {"hierarchical"})
    assert sorted(outcome.trained) == ["hierarchical/0", "hierarchical/1"]
    assert _results(places) == _results(whole)
    for _, fingerprint in _results(places).values():
        assert _same_weights(whole.weights(fingerprint), places.weights(fingerprint))
        there = tmp_path / "url" / fingerprint
        assert [path.name for path in there.iterdir()] == [MODEL], "the checkpoints go when the trial is complete"
        assert (there / MODEL).read_bytes() == places.weights(fingerprint).read_bytes()
    states = sorted(trial.state for trial in read_trials(places.uri))
    assert states == ["complete", "complete", "interrupted"]
    assert all(names.ONLY_HERE not in run.data.tags for run in _runs(places))


def _runs(places) -> list:
    client = Record(places.uri, places.artifacts).client
    return [client.get_run(trial.run_id) for trial in read_trials(places.uri)]


@pytest.mark.slow
def test_what_a_trial_begins_from_comes_from_the_url(make_plan, small_study, tmp_path) -> None:
    small_study.write_text(SEQUENCE)
    plan = make_plan()
    url = f"file://{tmp_path}/url"
    first = Places.below(tmp_path / "runs", checkpoints=url)
    assert _launch(plan, first, only={"one"}).trained == ["one/0"]
    second = replace(first, trials=tmp_path / "disk of another node" / "trials")
    recorded = read_trials(second.uri)
    assert [trial.name for trial in remaining(plan, recorded, second).to_train] == ["two:stack_2/0", "two/0"]
    without = replace(second, checkpoints=None)
    assert "one/0" in [trial.name for trial in remaining(plan, recorded, without).to_train]
    assert _launch(plan, second).trained == ["two:stack_2/0", "two/0"]
    one = plan.trials[0].fingerprint
    assert first.weights(one).read_bytes() == second.weights(one).read_bytes()


@pytest.mark.slow
def test_a_url_that_goes_away_does_not_stop_training(make_plan, places, store, monkeypatch) -> None:
    monkeypatch.setattr("runners.record.writing.WORKER_PATIENCE_S", 0.2)
    plan = make_plan("training.epochs=3")
    places = replace(places, checkpoints=store)

    class Away(Silent):
        """The URL goes after the first epoch of each trial; of the second trial it comes back after its last."""

        def progressed(self, job, progress) -> None:
            super().progressed(job, progress)
            Store.error = None if progress.epoch == 3 and job.seed == 1 else TimeoutError()

        def finished(self, job) -> None:
            super().finished(job)
            Store.error = None

    outcome = _launch(plan, places, Away(), {"hierarchical"})
    assert outcome.trained == ["hierarchical/0", "hierarchical/1"]
    lost, found = sorted(_runs(places), key=lambda run: run.data.tags[names.SEED])
    fingerprint = lost.data.tags[names.FINGERPRINT]
    folder = places.folder(fingerprint)
    assert lost.data.tags[names.STATE] == "complete"
    told = lost.data.tags[names.ONLY_HERE]
    assert told.startswith(f"the file of trained weights is only in {folder} on ")
    assert told.endswith(f"{store} cannot be used (TimeoutError)")
    assert (folder / MODEL).is_file()
    assert names_of(fingerprint) == ["checkpoint-000001.pt"], "from which the weights can be had again"
    assert names.ONLY_HERE not in found.data.tags
    assert names_of(found.data.tags[names.FINGERPRINT]) == [MODEL]


@pytest.mark.slow
def test_a_launch_that_is_stopped_while_the_url_is_away_says_where_the_checkpoint_is(
    make_plan, places, store, monkeypatch
) -> None:
    monkeypatch.setattr("runners.worker._STOP_PATIENCE_S", 0.2)
    plan = make_plan("training.epochs=4")
    places = replace(places, checkpoints=store)

    class Away(Stopping):
        def progressed(self, job, progress) -> None:
            Store.error = TimeoutError("away")
            super().progressed(job, progress)

    assert _launch(plan, places, Away(2), {"bottleneck"}).interrupted
    (run,) = _runs(places)
    folder = places.folder(plan.trials[0].fingerprint)
    assert run.data.tags[names.STATE] == "interrupted"
    assert run.data.tags[names.ONLY_HERE].startswith(f"the checkpoint after epoch 2 is only in {folder} on ")
    assert epoch_here(folder) == 2
    Store.error = None
    assert held_at(store).epochs == {plan.trials[0].fingerprint: 1}
    again = remaining(plan, read_trials(places.uri), places, {"bottleneck"})
    send_ahead(again.to_train, places, fresh=False)
    assert held_at(store).epochs == {plan.trials[0].fingerprint: 2}, "the next launch sends it"


@pytest.mark.slow
def test_a_trial_that_begins_while_the_url_is_away_is_interrupted_not_failed(
    make_plan, places, store, monkeypatch
) -> None:
    monkeypatch.setattr("runners.record.writing.WORKER_PATIENCE_S", 0.2)
    plan = make_plan("training.epochs=1")
    places = replace(places, checkpoints=store)
    Store.error = ConnectionError("away")
    outcome = _launch(plan, places, only={"bottleneck"})
    assert set(outcome.failed) == {"bottleneck/0", "bottleneck/1"}
    assert {trial.state for trial in read_trials(places.uri)} == {"interrupted"}
    Store.error = None
    assert len(_launch(plan, places, only={"bottleneck"}).trained) == 2


@pytest.mark.slow
def test_what_only_this_machine_has_is_sent_ahead(make_plan, tmp_path, store) -> None:
    plan = make_plan("training.epochs=3")
    alone = Places.below(tmp_path / "runs")
    assert _launch(plan, alone, Stopping(2), {"hierarchical"}).interrupted
    places = replace(alone, checkpoints=store)
    trials = remaining(plan, read_trials(places.uri), places, {"hierarchical"}).to_train
    send_ahead(trials, places, fresh=True)
    assert held_at(store).epochs == {}
    send_ahead(trials, places, fresh=False)
    assert held_at(store).epochs == {trials[0].fingerprint: 2}
    Store.error = ConnectionError("away")
    with pytest.raises(InputError, match=r"--checkpoints store://.*it cannot be listed \(ConnectionError: away"):
        send_ahead(trials, places, fresh=False)
    Store.error = None
    Mirror(store, trials[0].fingerprint).begin_afresh(0)
    send_ahead(trials, places, fresh=False)
    assert held_at(store).epochs == {}, "it is from before"


@pytest.mark.slow
def test_fresh_trains_from_the_start_whatever_lies_at_the_url(make_plan, places, store) -> None:
    plan = make_plan("training.epochs=3")
    places = replace(places, checkpoints=store)
    assert _launch(plan, places, Stopping(2), {"bottleneck"}).interrupted
    monitor = Silent()
    assert len(_launch(plan, places, monitor, {"bottleneck"}, fresh=True).trained) == 2
    begun = plan.trials[0]
    assert [what for what, name in monitor.told if name == begun.name] == [
        "started",
        "epoch 1",
        "epoch 2",
        "epoch 3",
        "finished",
    ]
    run = next(
        run for run in read_trials(places.uri) if run.fingerprint == begun.fingerprint and run.state == "complete"
    )
    history = Record(places.uri, places.artifacts).client.get_metric_history(run.run_id, "pckh")
    assert [point.step for point in history] == [1, 2, 3]
    assert names_of(begun.fingerprint) == [GENERATION, MODEL]
