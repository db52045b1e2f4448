"""The mirror of a trial's folder at a URL: what arrives, what is fetched, what is not taken, and a URL in trouble."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from runners.checkpoint import Checkpoint, load_checkpoint, load_model, save_checkpoint, save_model
from runners.checkpoints_url import MirrorAway
from runners.files import CHECKPOINT, MODEL, PREVIOUS_CHECKPOINT
from runners.interruption import StopRequest
from runners.mirror import GENERATION, Mirror, epoch_here
from runners.mirrored import held_at
from tests.runners.stores import Clock, Store, names_of
from tests.runners.test_lease import _wait_until


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
    assert names_of() == ["checkpoint-000002.pt", "checkpoint-000003.pt"]
    mirror.fetch_checkpoint(tmp_path / "two", 0)
    assert (tmp_path / "two" / CHECKPOINT).read_bytes() == (tmp_path / "one" / CHECKPOINT).read_bytes()
    assert [path.name for path in (tmp_path / "two").iterdir()] == [CHECKPOINT]
    assert mirror.drop_checkpoints()
    assert names_of() == []


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
    assert names_of() == ["checkpoint-000001.pt"]


def test_what_killed_uploads_left_is_no_checkpoint_and_goes_with_the_checkpoints(store, tmp_path) -> None:
    mirror, _ = _mirror(store)
    for name in ("checkpoint-000007.pt.part-12ab34cd", f"{MODEL}.part-12ab34cd"):
        Store().pipe_file(f"{store}/abc/{name}", b"half")
    mirror.fetch_checkpoint(tmp_path, 0)
    assert epoch_here(tmp_path) == 0
    assert held_at(store).weights == frozenset()
    assert held_at(store).epochs == {}
    assert mirror.drop_checkpoints()
    assert names_of() == []


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
    assert names_of() == [MODEL]


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
    assert names_of() == [GENERATION]
    mirror.fetch_checkpoint(tmp_path / "one", 0)
    assert epoch_here(tmp_path / "one") == 0
    _save(tmp_path / "one", 1)
    mirror.put_checkpoint(tmp_path / "one", 1)
    mirror.fetch_checkpoint(tmp_path / "one", 0)
    assert epoch_here(tmp_path / "one") == 1, "what it has written since stays"
    assert mirror.is_current(tmp_path / "one", 0)
    assert not mirror.is_current(tmp_path / "two", 0)
    with pytest.raises(MirrorAway, match=r"lacks model\.pt, the weights that this trial needs: train that one"):
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
