"""Training that leaves the finite numbers: found in its epoch and step, with the first cause and what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import runners.trial
from runners import training
from runners.trial import DivergedError, Epoch, run_trial
from search_space.config import LossConfig
from tasks.augmentation import augment
from tasks.losses import training_loss
from tasks.pose import PoseData, open_pose
from tests.small import small_config

MEND = r": lower training\.learning_rate, or choose another training\.optimiser"


@pytest.fixture(params=[1, 50], ids=["as on a CPU", "as on a GPU"])
def look_every(request, monkeypatch) -> int:
    """Look at each loss at once, or at several together as on a GPU."""
    monkeypatch.setattr("runners.training._steps_between_looks", lambda device: request.param)
    return int(request.param)


def _spoil(monkeypatch: pytest.MonkeyPatch, step: int, spoil: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Let the loss of the training step with this number, from 1 over all epochs, be spoil(loss, output)."""
    calls = 0

    def make(loss: LossConfig) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        plain = training_loss(loss)

        def compute(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
            nonlocal calls
            calls += 1
            loss = plain(output, target, weight)
            return spoil(loss, output) if calls == step else loss

        return compute

    monkeypatch.setattr("runners.training.training_loss", make)


def test_a_loss_that_is_no_number_is_found_in_its_epoch_and_step(
    tmp_path, shared_cache, monkeypatch, look_every
) -> None:
    config = small_config(data__train_images=16, training__epochs=3)  # four steps in an epoch
    _spoil(monkeypatch, 4 + 3, lambda loss, output: loss * torch.nan)
    seen: list[Epoch] = []
    with pytest.raises(DivergedError, match=r"the loss became nan in epoch 2, step 3") as raised:
        run_trial(config, tmp_path, cache=shared_cache, on_epoch=seen.append)
    message = str(raised.value)
    if look_every == 1:
        assert "weights, images and targets are finite, what the loss made of them is not" in message
    else:  # the gradient of NaN has reached the weights since
        assert "(one step before it was 0." in message
        assert "its images and targets were finite; by step 4 weights are not, the first in stem.conv.weight" in message
    assert message.endswith("lower training.learning_rate, or choose another training.optimiser")
    assert [epoch.number for epoch in seen] == [1], "finished epochs stay"
    assert (tmp_path / "checkpoint.pt").exists()


def test_a_gradient_that_is_no_number_is_found_by_the_weights_it_left(tmp_path, shared_cache, monkeypatch) -> None:
    _spoil(monkeypatch, 3, lambda loss, output: loss + (output[:, :1] * 0).sqrt().sum())  # d sqrt(x) at 0: infinite
    expected = (
        r"the loss became nan in epoch 2, step 2: a step before it left weights that are not finite, the first in "
    )
    with pytest.raises(DivergedError, match=expected + r"stem\.conv\.weight" + MEND):
        run_trial(small_config(), tmp_path, cache=shared_cache)


def test_weights_that_the_last_step_spoils_are_found_before_they_are_measured(
    tmp_path, shared_cache, monkeypatch
) -> None:
    _spoil(monkeypatch, 4, lambda loss, output: loss + (output[:, :1] * 0).sqrt().sum())
    monkeypatch.setattr("runners.trial.save_checkpoint", _only_epoch_1(runners.trial.save_checkpoint))
    expected = (
        r"epoch 2 left weights that are not finite, the first in stem\.conv\.weight, though its losses were finite"
    )
    with pytest.raises(DivergedError, match=expected + MEND):
        run_trial(small_config(), tmp_path, cache=shared_cache)


def _only_epoch_1(save: Callable[..., None]) -> Callable[..., None]:
    def checked(folder: object, checkpoint: object) -> None:
        assert checkpoint.epoch == 1, "a checkpoint with weights that are no numbers"  # type: ignore[attr-defined]
        save(folder, checkpoint)

    return checked


def test_a_learning_rate_far_too_large(tmp_path, shared_cache) -> None:
    """Larger than a study can set: BatchNorm brings a network through most rates below 10 with finite numbers."""
    config = small_config(model__binary=False, training__schedule="constant")
    huge = config.training.model_copy(update={"learning_rate": 1e30})
    config = config.model_copy(update={"training": huge})
    cause = (
        r"the weights are finite but too large, the network overflowed: the first sign of it is stem\.norm\.running_"
    )
    with pytest.raises(
        DivergedError, match=rf"the loss became (nan|inf) in epoch 1, step 2.*: {cause}(mean|var){MEND}"
    ):
        run_trial(config, tmp_path, cache=shared_cache)


def test_bfloat16_may_be_the_cause(tmp_path, shared_cache, monkeypatch) -> None:
    _spoil(monkeypatch, 1, lambda loss, output: loss * torch.inf)
    with pytest.raises(DivergedError, match=r"the loss became inf in epoch 1, step 1.*training\.precision: float32$"):
        run_trial(small_config(training__precision="bfloat16"), tmp_path, cache=shared_cache)


@pytest.mark.parametrize(
    ("binary", "what"),
    [
        (False, r"the loss became nan in epoch 1, step [12]"),
        (True, r"epoch 1 left weights that are not finite, .* though its losses were finite"),  # a sign hid the NaN
    ],
)
def test_images_that_are_no_numbers_are_blamed_and_not_the_recipe(
    tmp_path, shared_cache, monkeypatch, look_every, binary: bool, what: str
) -> None:
    def open_marked(*arguments: object) -> PoseData:
        data = open_pose(*arguments)  # type: ignore[arg-type]
        points = data.train.points.clone()
        points[5] = 1e6
        return dataclasses.replace(data, train=dataclasses.replace(data.train, points=points))

    def spoil_marked(*arguments: object) -> tuple[Tensor, Tensor, Tensor]:
        images, points, visible = augment(*arguments)  # type: ignore[arg-type]
        marked = (points.abs() > 1e5).any(dim=2).any(dim=1)
        return torch.where(marked[:, None, None, None], torch.nan, images), points, visible

    monkeypatch.setattr("runners.trial.open_pose", open_marked)
    monkeypatch.setattr("runners.batches.augment", spoil_marked)
    found = r".*: the images of step [12] are not finite \(rows of the training split, from 0: 5\): mend the data set$"
    with pytest.raises(DivergedError, match=what + found):
        run_trial(small_config(model__binary=binary), tmp_path, cache=shared_cache)


def test_many_steps_between_two_looks(tmp_path, shared_cache, monkeypatch) -> None:
    """The step that was first is found among the fifty."""
    monkeypatch.setattr("runners.training._steps_between_looks", lambda device: 50)
    _spoil(monkeypatch, 20, lambda loss, output: loss * torch.nan)
    config = small_config(data__train_images=120, training__batch_size=2, model__order=1)
    assert training._steps_between_looks("cuda:0") == 50
    with pytest.raises(DivergedError, match=r"in epoch 1, step 20 .*; by step 51 weights are not"):
        run_trial(config, tmp_path, cache=shared_cache)
