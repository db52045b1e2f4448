"""Stacks trained in sequence: what a phase begins from, what it leaves alone, and that it can be continued."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import torch

import blocks
from blocks.network import HourglassNetwork
from runners.batches import training_batches
from runners.checkpoint import CHECKPOINT, MODEL, CheckpointError
from runners.phase import added_names, begin, freeze, set_training_mode
from runners.schedule import learning_rate
from runners.seeding import derived_seed
from runners.trial import Epoch, run_trial
from search_space.config import TrialConfig
from search_space.phases import phases
from tasks.losses import make_loss
from tasks.pose import open_pose
from tests.small import small_config

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("phases")]  # what the module trains first serves all its tests

TIMES = {"seconds", "peak_memory_mb"}


def _sequential(stacks: int, joint_epochs: int, **changes: object) -> TrialConfig:
    return small_config(
        model__stacks=stacks, training__stacking="sequential", training__joint_epochs=joint_epochs, **changes
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model files of every phase of three stacks: 1, 2, 3, and joint."""
    folder = tmp_path_factory.mktemp("phases")
    files: dict[str, Path] = {}
    before = None
    for name, config in zip(("1", "2", "3", "joint"), phases(_sequential(3, 3)), strict=True):
        before = run_trial(config, folder / name, cache=folder / "cache", begin_from=before).model_file
        files[name] = before
    return files


def _fresh(config: TrialConfig) -> HourglassNetwork:
    """The network as the trial's own seed begins it."""
    torch.manual_seed(derived_seed(config.seed, "weights"))
    return blocks.build(config.model)


def _weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(("stacks", "name", "before"), [(2, "2", "1"), (3, "3", "2")])
def test_what_is_frozen_does_not_move_by_a_bit(trained, stacks: int, name: str, before: str) -> None:
    after, frozen = _weights(trained[name]), _weights(trained[before])
    assert all(torch.equal(after[key], value) for key, value in frozen.items()), "running statistics among them"
    added = set(after) - set(frozen)
    assert added == {key for key in after if key.startswith(added_names(_sequential(stacks, 0)))}
    fresh = _fresh(_sequential(stacks, 0)).state_dict()
    assert not [key for key in added if key.endswith("weight") and torch.equal(after[key], fresh[key])]


def test_the_joint_phase_moves_every_stack(trained) -> None:
    after, before = _weights(trained["joint"]), _weights(trained["3"])
    assert after.keys() == before.keys()
    still = [key for key, value in before.items() if torch.equal(after[key], value)]
    assert not [key for key in still if key.endswith("conv.weight")]


def test_an_added_stack_begins_as_the_seed_says_and_the_rest_as_the_file_says(trained) -> None:
    config = _sequential(2, 0)
    model = _fresh(config)
    fresh = {key: value.clone() for key, value in model.state_dict().items()}
    begin(model, config, trained["1"])
    file = _weights(trained["1"])
    for key, value in model.state_dict().items():
        assert torch.equal(value, file.get(key, fresh[key])), key


def test_only_the_last_stack_keeps_anything_for_a_backward_pass(trained) -> None:
    config = _sequential(3, 0)
    model = _fresh(config)
    frozen = freeze(model, config)
    set_training_mode(model, frozen)
    outputs = model(torch.rand(2, 3, 32, 32))
    assert [output.requires_grad for output in outputs] == [False, False, True]
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert learning == {name for name, _ in model.named_parameters() if name.startswith(("stacks.2.", "links.1."))}
    assert all(
        module.training == name.startswith(("stacks.2", "links.1"))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.BatchNorm2d)
    )


@pytest.mark.parametrize("joint", [False, True], ids=["frozen", "joint"])
def test_the_loss_is_that_of_the_stacks_that_learn(trained, tmp_path, shared_cache, joint: bool) -> None:
    config = _sequential(2, 1 if joint else 0, training__epochs=1, training__batch_size=8)
    result = run_trial(config, tmp_path / "a", cache=shared_cache, begin_from=trained["2" if joint else "1"])
    data = open_pose(config.data, None, shared_cache)
    model = _fresh(config)
    begin(model, config, trained["2" if joint else "1"])
    set_training_mode(model, freeze(model, config))
    (batch,) = training_batches(config, data, 1, "cpu")
    with torch.no_grad():
        outputs = model(batch.images.contiguous())
    losses = [float(make_loss(config.loss.name)(output, batch.target, batch.visible)) for output in outputs]
    assert result.metrics["train_loss"] == pytest.approx(sum(losses) if joint else losses[-1], rel=1e-4)


class _StopError(Exception):
    pass


@pytest.mark.parametrize(("joint_epochs", "before"), [(0, "1"), (3, "2")], ids=["frozen", "joint"])
def test_a_continued_phase_equals_one_that_was_never_interrupted(
    trained, tmp_path, shared_cache, joint_epochs: int, before: str
) -> None:
    config = _sequential(2, joint_epochs, training__epochs=3)
    arguments = {"cache": shared_cache, "begin_from": trained[before]}
    whole = run_trial(config, tmp_path / "whole", **arguments)
    assert len(whole.history) == 3

    def stop_after_one(epoch: Epoch) -> None:
        assert epoch.epochs == 3
        raise _StopError

    with pytest.raises(_StopError):
        run_trial(config, tmp_path / "parts", **arguments, on_epoch=stop_after_one)
    assert (tmp_path / "parts" / CHECKPOINT).exists()
    torch.manual_seed(12345)  # what the process did in between must not matter
    continued = run_trial(config, tmp_path / "parts", **arguments)
    for one, two in zip(whole.history, continued.history, strict=True):
        assert {key: one[key] for key in one.keys() - TIMES} == {key: two[key] for key in two.keys() - TIMES}
    one, two = (_weights(tmp_path / name / MODEL) for name in ("whole", "parts"))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert (whole.predicted == continued.predicted).all()


def test_the_learning_rate_falls_over_the_epochs_of_the_phase_alone(trained, tmp_path, shared_cache) -> None:
    config = _sequential(2, 5, training__epochs=2, training__schedule="steps")
    result = run_trial(config, tmp_path, cache=shared_cache, begin_from=trained["2"])
    rates = [epoch["learning_rate"] for epoch in result.history]
    assert rates == [learning_rate(config.training, step, 10) for step in (1, 3, 5, 7, 9)]
    assert rates[-1] == pytest.approx(config.training.final_learning_rate)
    assert all(later < earlier for earlier, later in pairwise(rates))


def test_a_phase_sees_other_changes_of_the_images_than_the_one_before(shared_cache) -> None:
    one, two, joint = small_config(), _sequential(2, 0), _sequential(2, 3)
    data = open_pose(one.data, None, shared_cache)
    batches = {
        (name, number): next(training_batches(config, data, number, "cpu")).images
        for name, config in (("one", one), ("two", two), ("joint", joint))
        for number in (1, 3, 5)
    }
    assert not torch.equal(batches["one", 1], batches["two", 1])
    assert torch.equal(batches["one", 3], batches["two", 1]), "2 epochs before it"
    assert torch.equal(batches["one", 5], batches["joint", 1]), "2 + 2 epochs before it"


def test_weights_to_begin_from_are_asked_for_where_they_are_needed_only(trained, tmp_path, shared_cache) -> None:
    with pytest.raises(ValueError, match=r"of 2 stacks begins from the weights of one of 1: .* begin_from"):
        run_trial(_sequential(2, 0), tmp_path, cache=shared_cache)
    with pytest.raises(ValueError, match="begins from fresh weights"):
        run_trial(small_config(model__stacks=2), tmp_path, cache=shared_cache, begin_from=trained["1"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("config", "name", "message"),
    [
        (_sequential(2, 0, model__features=16), "1", r"stem\.block3\..* has shape \(4, 8, .*, in this trial \(8, 8, "),
        (_sequential(3, 0), "1", r"stacks\.1\..* is missing"),
        (_sequential(2, 3), "1", r"stacks\.1\..* is missing"),
        (_sequential(2, 0), "2", r"stacks\.1\..* is not in this trial"),
        (_sequential(2, 0, block__type="hierarchical"), "1", r"stem\.block1\..* is missing"),
    ],
)
def test_weights_of_another_network_are_said_and_nothing_trains(
    trained, tmp_path, shared_cache, monkeypatch, config: TrialConfig, name: str, message: str
) -> None:
    monkeypatch.setattr("runners.trial.train_epoch", lambda *_: pytest.fail("it trained"))
    what = r"model\.pt, the weights that this trial begins from, is of another network: "
    with pytest.raises(CheckpointError, match=what + message):
        run_trial(config, tmp_path, cache=shared_cache, begin_from=trained[name])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"model\.pt, the weights .*, is not there: train that trial first"),
        (b"nonsense", r"model\.pt, the weights .*, is damaged \(\w+\): remove it"),
    ],
)
def test_a_file_that_is_no_weights_is_said(tmp_path, shared_cache, content: bytes | None, message: str) -> None:
    file = tmp_path / "before" / MODEL
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        run_trial(_sequential(2, 0), tmp_path / "a", cache=shared_cache, begin_from=file)


def test_a_checkpoint_given_as_weights_is_said(trained, tmp_path, shared_cache) -> None:
    checkpoint = trained["1"].with_name(CHECKPOINT)
    with pytest.raises(CheckpointError, match=r"does not hold the weights of a network: give the model\.pt"):
        run_trial(_sequential(2, 0), tmp_path, cache=shared_cache, begin_from=checkpoint)


def test_a_checkpoint_of_another_phase_is_said(trained, tmp_path, shared_cache) -> None:
    """The same network, but another part of it learned: the optimiser's state does not fit."""
    shutil.copy(trained["2"].with_name(CHECKPOINT), tmp_path / CHECKPOINT)
    with pytest.raises(CheckpointError, match=r"checkpoint of this trial, is of another optimiser .*: remove it"):
        run_trial(_sequential(2, 3), tmp_path, cache=shared_cache, begin_from=trained["2"])
