"""The mirror of trials' folders at a URL: what arrives, what is fetched, what is not taken, and a URL in trouble."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem

from runners.checkpoint import Checkpoint, load_checkpoint, load_model, save_checkpoint, save_model
from runners.checkpoints_url import MirrorAway, check_url, check_usable, in_words, open_url, probe, shown, write_below
from runners.executors import run_inline
from runners.files import CHECKPOINT, MODEL, PREVIOUS_CHECKPOINT
from runners.interruption import StopRequest
from runners.job import Places, Resources
from runners.launch import launch, remaining
from runners.lease import Claim, HeldElsewhere, find_lease, hold
from runners.lease_here import watched_here
from runners.mirror import GENERATION, Mirror, epoch_here
from runners.mirrored import held_at, send_ahead
from runners.record import names
from runners.record.reading import read_trials
from runners.record.writing import Record
from search_space import InputError
from tests.runners.test_lease import ELSEWHERE, _leave, _wait_until
from tests.runners.test_record import Silent
from tests.runners.test_sequence import SEQUENCE

TIMES = {"seconds", "peak_memory_mb"}


class Store(MemoryFileSystem):
    """A store that is away when a test says so, or takes only a part of what it is given."""

    protocol = "store"
    store: dict = {}  # noqa: RUF012  # as fsspec has it
    pseudo_dirs = [""]  # noqa: RUF012
    cachable = False
    error: Exception | None = None
    takes: int | None = None

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("store://"))

    def _answer(self) -> None:
        if Store.error is not None:
            raise Store.error

    def ls(self, path, detail=True, **kwargs):
        self._answer()
        return super().ls(path, detail=detail, **kwargs)

    def exists(self, path, **kwargs):
        self._answer()
        return super().exists(path, **kwargs)

    def put_file(self, lpath, rpath, **kwargs):
        self._answer()
        content = Path(lpath).read_bytes()
        self.pipe_file(rpath, content[: Store.takes])

    def get_file(self, rpath, lpath, **kwargs):
        self._answer()
        return super().get_file(rpath, lpath, **kwargs)

    def rm_file(self, path):
        self._answer()
        super().rm_file(path)

    def pipe_file(self, path, value, mode="overwrite", **kwargs):
        self._answer()
        super().pipe_file(path, value, mode=mode, **kwargs)


register_implementation("store", Store, clobber=True)


@pytest.fixture
def store():
    """A URL of a store that is empty and answers."""
    Store.store.clear()
    Store.pseudo_dirs[:] = [""]
    Store.error, Store.takes = None, None
    yield "store://bucket/checkpoints"
    Store.error, Store.takes = None, None


def _names(fingerprint: str = "abc") -> list[str]:
    """The names of a trial's files in the store."""
    return sorted(path.rpartition("/")[2] for path in Store.store if f"/{fingerprint}/" in path)


class Clock:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def _mirror(url: str) -> tuple[Mirror, Clock]:
    clock = Clock()
    return Mirror(url, "abc", clock=clock, sleep=clock.sleep), clock


def _save(folder: Path, epoch: int, value: float | None = None) -> None:
    weights = {"w": torch.full((3,), float(epoch) if value is None else value)}
    save_checkpoint(folder, Checkpoint(epoch, weights, {}, [{"pckh": 1.0}] * epoch))


def test_the_newest_two_checkpoints_lie_there_and_the_newest_is_fetched(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    for epoch in (1, 2, 3):
        _save(tmp_path / "one", epoch)
        assert mirror.put_checkpoint(tmp_path / "one", epoch)
    assert _names() == ["checkpoint-000002.pt", "checkpoint-000003.pt"]
    mirror.fetch_checkpoint(tmp_path / "two", 0)
    assert (tmp_path / "two" / CHECKPOINT).read_bytes() == (tmp_path / "one" / CHECKPOINT).read_bytes()
    assert [path.name for path in (tmp_path / "two").iterdir()] == [CHECKPOINT]
    assert mirror.drop_checkpoints()
    assert _names() == []


@pytest.mark.parametrize(
    ("here", "there", "expected"), [(0, 3, 3), (2, 3, 3), (3, 3, 3), (4, 3, 4), (2, 0, 2), (0, 0, 0)]
)
def test_the_later_epoch_counts(store, tmp_path, here: int, there: int, expected: int) -> None:
    mirror, _ = _mirror(store)
    if there:
        _save(tmp_path / "other", there, value=-1.0)
        mirror.put_checkpoint(tmp_path / "other", there)
    if here:
        _save(tmp_path / "own", here)
    mirror.fetch_checkpoint(tmp_path / "own", 0)
    assert epoch_here(tmp_path / "own") == expected
    if expected:
        value = float(load_checkpoint(tmp_path / "own").model["w"][0])
        assert value == (-1.0 if there > here else here)


def test_a_checkpoint_that_is_cut_short_there_is_not_taken(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    for epoch in (4, 5):
        _save(tmp_path / "one", epoch)
        mirror.put_checkpoint(tmp_path / "one", epoch)
    (key,) = (key for key in Store.store if "000005" in key)
    fs = Store()
    fs.pipe_file(key, fs.cat_file(key)[:-100])
    told: list[str] = []
    mirror.fetch_checkpoint(tmp_path / "two", 0, told.append)
    assert epoch_here(tmp_path / "two") == 4
    assert told == [f"{store}/abc/checkpoint-000005.pt is cut short or gone: not taken"]
    _save(tmp_path / "three", 4, value=9.0)
    mirror.fetch_checkpoint(tmp_path / "three", 0)
    assert float(load_checkpoint(tmp_path / "three").model["w"][0]) == 9.0
    assert not list(tmp_path.glob("*/.*")), "what was fetched and not taken is removed"


def test_a_damaged_checkpoint_here_gives_way_to_the_one_there(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    for epoch in (1, 2):
        _save(tmp_path, epoch)
        mirror.put_checkpoint(tmp_path, epoch)
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT):
        (tmp_path / name).write_bytes(b"damaged")
    mirror.fetch_checkpoint(tmp_path, 0)
    assert load_checkpoint(tmp_path).epoch == 2


def test_an_upload_that_is_cut_short_leaves_the_one_before_alone(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    _save(tmp_path, 1)
    assert mirror.put_checkpoint(tmp_path, 1)
    Store.takes = 50
    _save(tmp_path, 2)
    assert not mirror.put_checkpoint(tmp_path, 2)
    assert f"{store} cannot be used (OSError: 50 of " in mirror.trouble
    assert _names() == ["checkpoint-000001.pt"]


def test_what_killed_uploads_left_is_no_checkpoint_and_goes_with_the_checkpoints(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    for name in ("checkpoint-000007.pt.part-12ab34cd", f"{MODEL}.part-12ab34cd"):
        Store().pipe_file(f"{store}/abc/{name}", b"half")
    mirror.fetch_checkpoint(tmp_path, 0)
    assert epoch_here(tmp_path) == 0
    assert held_at(store).weights == frozenset()
    assert held_at(store).epochs == {}
    assert mirror.drop_checkpoints()
    assert _names() == []


def test_while_the_url_is_away_nothing_is_raised_and_not_every_epoch_waits(store, tmp_path) -> None:
    mirror, clock = _mirror(store)
    _save(tmp_path, 1)
    Store.error = ConnectionError("no route to store://key:secret@host")
    assert not mirror.put_checkpoint(tmp_path, 1)
    assert mirror.trouble == f"{store} cannot be used (ConnectionError: no route to store://***@host)"
    assert clock.naps == []
    Store.error = None
    assert not mirror.put_checkpoint(tmp_path, 1), "it was away a moment ago"
    clock.now += 1.0
    assert mirror.put_checkpoint(tmp_path, 1)
    assert mirror.trouble is None


def test_the_last_one_is_tried_with_patience(store, tmp_path) -> None:
    mirror, clock = _mirror(store)
    save_model(tmp_path, {"w": torch.ones(3)})
    Store.error = TimeoutError("away")
    assert not mirror.put_weights(tmp_path, 20.0)
    assert clock.naps == [1, 2, 4, 8, 5]
    assert mirror.describe_trouble("the file", tmp_path).startswith(f"the file is only in {tmp_path} on ")

    class Returning(Clock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            Store.error = None if self.now > 5 else Store.error

    clock = Returning()
    assert Mirror(store, "abc", clock=clock, sleep=clock.sleep).put_weights(tmp_path, 20.0)
    assert clock.naps == [1, 2, 4]
    assert _names() == [MODEL]


@pytest.mark.parametrize("error", [PermissionError("Forbidden"), OSError(28, "No space left on device")])
def test_what_does_not_go_by_is_not_waited_for(store, tmp_path, error: Exception) -> None:
    mirror, clock = _mirror(store)
    save_model(tmp_path, {"w": torch.ones(3)})
    Store.error = error
    assert not mirror.put_weights(tmp_path, 20.0)
    with pytest.raises(MirrorAway, match=r"cannot be used \((PermissionError|OSError): "):
        mirror.fetch_checkpoint(tmp_path, 20.0)
    assert clock.naps == []


def test_weights_are_fetched_once_and_only_whole(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    mirror.fetch_weights(tmp_path / "two", 0)
    assert not (tmp_path / "two" / MODEL).exists(), "what is not there is for `load_model` to say"
    save_model(tmp_path / "one", {"w": torch.arange(3.0)})
    assert mirror.put_weights(tmp_path / "one", 0)
    mirror.fetch_weights(tmp_path / "two", 0)
    assert torch.equal(load_model(tmp_path / "two" / MODEL)["w"], torch.arange(3.0))
    save_model(tmp_path / "two", {"w": torch.ones(3)})
    mirror.fetch_weights(tmp_path / "two", 0)
    assert torch.equal(load_model(tmp_path / "two" / MODEL)["w"], torch.ones(3)), "those here stay"


def test_begun_afresh_every_machine_forgets(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    for machine in ("one", "two"):
        _save(tmp_path / machine, 5)
        save_model(tmp_path / machine, {"w": torch.zeros(1)})
    mirror.put_checkpoint(tmp_path / "one", 5)
    mirror.begin_afresh(0)
    assert _names() == [GENERATION]
    mirror.fetch_checkpoint(tmp_path / "one", 0)
    assert epoch_here(tmp_path / "one") == 0
    _save(tmp_path / "one", 1)
    mirror.put_checkpoint(tmp_path / "one", 1)
    mirror.fetch_checkpoint(tmp_path / "one", 0)
    assert epoch_here(tmp_path / "one") == 1, "what it has written since stays"
    assert mirror.is_current(tmp_path / "one", 0)
    assert not mirror.is_current(tmp_path / "two", 0)
    with pytest.raises(MirrorAway, match=r"lacks model\.pt, the weights that this trial begins from: train that trial"):
        mirror.fetch_weights(tmp_path / "two", 0)
    save_model(tmp_path / "one", {"w": torch.ones(1)})
    mirror.put_weights(tmp_path / "one", 0)
    mirror.fetch_weights(tmp_path / "two", 0)
    assert torch.equal(load_model(tmp_path / "two" / MODEL)["w"], torch.ones(1))
    mirror.fetch_checkpoint(tmp_path / "two", 0)
    assert epoch_here(tmp_path / "two") == 1, "not the one after epoch 5, from before"


def test_a_mark_at_the_url_asks_workers_to_stop(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    here, there = (StopRequest(tmp_path / name / ".stop.x", store) for name in ("a", "b"))
    assert not there.seen(mirror)
    here.make()
    _wait_until(lambda: there.seen(mirror))
    assert not there.made()
    assert here.seen(None)
    Store.error = ConnectionError()
    assert not there.seen(mirror), "a URL that is away asks for nothing"
    Store.error = None
    here.withdraw()
    assert not there.seen(mirror)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/shared/x", r"--checkpoints /shared/x: is not a URL; write s3://BUCKET/FOLDER"),
        ("s4://b/x", r"'s4' is no protocol of fsspec"),
        ("s3://k:secret@b/x", r"--checkpoints s3://\*\*\*@b/x: s3:// needs the package s3fs, .*; pip install s3fs"),
        ("gs://b", r"gs:// needs the package gcsfs"),
        ("sftp://h/x", r"sftp:// needs the package paramiko"),
        ("file://x/y", r"is a relative path.*; write file:///FOLDER"),
        ("memory://x", r"it is gone with the process"),
        ("file:///proc/none/x", r"it cannot be written and read \(FileNotFoundError"),
    ],
)
def test_a_url_that_cannot_be_used_is_said_before_anything_trains(url: str, message: str) -> None:
    package = message.partition("package ")[2].split(",")[0]
    if package:
        try:
            __import__(package)
        except ImportError:
            pass
        else:
            pytest.skip(f"{package} is installed")
    with pytest.raises(InputError, match=message) as error:
        check_usable(url)
    assert "secret" not in str(error.value)


def test_a_store_that_answers_is_used_and_left_as_it_was(store) -> None:
    check_url(store)
    assert check_usable(store) is None
    assert not Store.store
    Store.error = PermissionError("Forbidden: store://me:secret@host/x?sig=secret")
    assert probe(store) == "it cannot be written and read (PermissionError: Forbidden: store://***@host/x?***)"


class Buckets:
    """The part of an object store that making folders needs: folders come with their files, buckets do not."""

    def __init__(self, *there: str) -> None:
        self._there = there
        self.made: list[str] = []

    def exists(self, path: str) -> bool:
        return path in ("", *self._there)

    def _parent(self, path: str) -> str:
        return path.rpartition("/")[0]

    def mkdir(self, path: str, create_parents: bool) -> None:
        assert not create_parents
        self.made.append(path)


def test_folders_are_made_but_never_a_bucket(tmp_path) -> None:
    def fails():
        raise FileNotFoundError("no such thing")

    files = Buckets()
    with pytest.raises(FileNotFoundError, match=r"^there is no bucket$"):
        write_below(files, "bucket/deep/er", fails)
    assert files.made == []
    files = Buckets("bucket")
    with pytest.raises(FileNotFoundError, match="no such thing"):
        write_below(files, "bucket/deep/er", fails)
    assert files.made == ["bucket/deep", "bucket/deep/er"]
    files, root = open_url(f"file://{tmp_path}/deep/er")
    write_below(files, root, lambda: files.pipe_file(f"{root}/x", b"1"))
    assert (tmp_path / "deep" / "er" / "x").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/x", "s3://bucket/x"),
        ("sftp://me:a@b@host:22/x", "sftp://***@host:22/x"),
        ("GET https://h/x?sig=1&key=2 failed", "GET https://h/x?*** failed"),
        ("is it there? yes", "is it there? yes"),
    ],
)
def test_what_is_told_holds_no_credentials(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert in_words(OSError(text)) == f"OSError: {expected}"


# A lease in a folder that the launch does not see.


def test_a_lease_that_a_lost_node_left_is_taken_over_in_time(tmp_path) -> None:
    holder = replace(ELSEWHERE, heartbeat_s=0.5)
    _leave(tmp_path, holder)
    clock, claim = Clock(), Claim(heartbeat_s=0.5)
    watched = watched_here(tmp_path, claim, clock=clock, sleep=clock.sleep)
    assert watched.takes_over == find_lease(tmp_path).mark
    assert 3.0 <= clock.now < 3.5
    with pytest.raises(HeldElsewhere), hold(tmp_path, "launch", claim):
        pass
    with hold(tmp_path, "launch", watched):
        assert find_lease(tmp_path).number == 2
    assert watched_here(tmp_path, claim) == claim, "there is none any more"


def test_a_lease_that_is_alive_is_left_after_a_heartbeat(tmp_path) -> None:
    claim = Claim(heartbeat_s=0.1)
    with hold(tmp_path, "another", claim):
        assert watched_here(tmp_path, claim) == claim


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
    assert _names(fingerprint) == ["checkpoint-000001.pt"], "from which the weights can be had again"
    assert names.ONLY_HERE not in found.data.tags
    assert _names(found.data.tags[names.FINGERPRINT]) == [MODEL]


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
    assert _names(begun.fingerprint) == [GENERATION, MODEL]
