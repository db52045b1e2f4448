"""Trials with what the paper does not have: they learn, go on after an interruption, and freeze, as any other does."""

from __future__ import annotations

import pytest
import torch

import blocks
from blocks.binary import BinaryConv2d
from runners.batches import training_batches
from runners.diagnostics import hidden_weights
from runners.evaluation import evaluate
from runners.seeding import derived_seed
from runners.trial import Epoch, TrialResult, run_trial
from search_space.config import LossConfig, TrialConfig
from search_space.phases import phases
from tasks.losses import training_loss
from tasks.pose import open_pose
from tests.small import small_config

UNITS: dict[str, object] = {
    "model__relu": True,
    "model__activation": "prelu",
    "model__weight_scale": "learned",
    "model__sign_gradient": "swish",
}
LEARNED = (".alpha", ".prelu.weight")


def _weights(result: TrialResult) -> dict[str, torch.Tensor]:
    return torch.load(result.model_file, weights_only=True)


def _fresh(config: TrialConfig) -> dict[str, torch.Tensor]:
    """The network as the trial's own seed begins it."""
    torch.manual_seed(derived_seed(config.seed, "weights"))
    return blocks.build(config.model).state_dict()


class _StopError(Exception):
    pass


def test_scales_and_slopes_learn_and_go_on_where_they_were(tmp_path, shared_cache) -> None:
    config = small_config(**UNITS)
    whole = run_trial(config, tmp_path / "whole", cache=shared_cache)

    def stop(epoch: Epoch) -> None:
        raise _StopError

    with pytest.raises(_StopError):
        run_trial(config, tmp_path / "parts", cache=shared_cache, on_epoch=stop)
    continued = run_trial(config, tmp_path / "parts", cache=shared_cache)
    assert continued.metrics["train_loss"] == whole.metrics["train_loss"]
    trained, again, fresh = _weights(whole), _weights(continued), _fresh(config)
    assert all(torch.equal(trained[name], again[name]) for name in fresh)
    learned = [name for name in fresh if name.endswith(LEARNED)]
    assert len({name.rpartition(".")[2] for name in learned}) == 2
    assert not [name for name in learned if torch.equal(trained[name], fresh[name])]


def test_scales_and_slopes_of_a_frozen_stack_do_not_move(tmp_path, shared_cache) -> None:
    config = small_config(model__stacks=2, training__stacking="sequential", training__joint_epochs=0, **UNITS)
    first, second = phases(config)
    before = run_trial(first, tmp_path / "1", cache=shared_cache)
    after = run_trial(second, tmp_path / "2", cache=shared_cache, begin_from=before.model_file)
    frozen, trained = _weights(before), _weights(after)
    assert any(name.endswith(LEARNED) for name in frozen)
    assert all(torch.equal(trained[name], value) for name, value in frozen.items())


@pytest.mark.parametrize("gradient", ["polynomial", "swish"])
def test_another_pseudo_gradient_begins_from_the_same_network_and_learns_another(
    gradient: str, tmp_path, shared_cache
) -> None:
    configs = [small_config(), small_config(model__sign_gradient=gradient)]
    begun = [_fresh(config) for config in configs]
    assert begun[0].keys() == begun[1].keys()
    assert all(torch.equal(begun[0][name], value) for name, value in begun[1].items())
    trained = [run_trial(config, tmp_path / str(number), cache=shared_cache) for number, config in enumerate(configs)]
    assert trained[0].metrics["train_loss"] != trained[1].metrics["train_loss"]


def test_training_takes_the_pixels_of_its_loss_and_validation_takes_all(tmp_path, shared_cache) -> None:
    changes = {"loss__landmark_weight": 10.0, "loss__hard_pixels": 0.25}
    config = small_config(
        **changes, training__epochs=1, training__schedule="constant", training__batch_size=8, model__stacks=2
    )
    result = run_trial(config, tmp_path, cache=shared_cache)
    network = blocks.build(config.model)
    network.load_state_dict(_fresh(config))
    batch = next(iter(training_batches(config, open_pose(config.data, None, shared_cache), 1, "cpu")))
    outputs = network.to(memory_format=torch.channels_last)(batch.images)
    compute = training_loss(config.loss)
    loss = sum(float(compute(output, batch.target, batch.visible).detach()) for output in outputs)
    assert result.metrics["train_loss"] == pytest.approx(loss, rel=1e-5)  # of the one step, before it
    plain = config.model_copy(update={"loss": LossConfig()})
    trained = blocks.build(config.model)
    trained.load_state_dict(_weights(result))
    trained.to(memory_format=torch.channels_last)
    figures, _ = evaluate(trained, plain, open_pose(config.data, None, shared_cache), "cpu")
    assert result.metrics["validation_loss"] == pytest.approx(figures["validation_loss"], rel=1e-5)


def test_real_projections_are_no_hidden_weights() -> None:
    network = blocks.build(small_config(model__shortcut_projection="real").model)
    hidden = {id(weight) for weight in hidden_weights(network)}
    expected = {id(module.weight) for module in network.modules() if isinstance(module, BinaryConv2d)}
    assert hidden == expected
    assert id(network.stem.block1.shortcut.weight) not in hidden


@pytest.mark.parametrize("changes", [UNITS, {"model__weight_scale": "none", "model__sign_gradient": "polynomial"}])
def test_they_train_in_bfloat16(changes: dict[str, object], tmp_path, shared_cache) -> None:
    config = small_config(training__precision="bfloat16", **changes)
    result = run_trial(config, tmp_path, cache=shared_cache)
    assert all(bool(value.isfinite().all()) for value in _weights(result).values())
