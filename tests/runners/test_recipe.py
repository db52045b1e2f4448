"""The recipe of the paper (Section 6.1), and what this laboratory adds to it: clipping, bfloat16, compilation."""

from __future__ import annotations

import functools

import pytest
import torch

import blocks
from blocks.binary import BinaryConv2d
from runners.batches import training_batches
from runners.optimiser import make_optimiser
from runners.seeding import derived_seed
from runners.trial import TrialResult, run_trial
from search_space.config import TrainingConfig, TrialConfig
from tasks.losses import make_loss
from tasks.pose import open_pose
from tests.small import small_config


def test_the_defaults_are_those_of_the_paper() -> None:
    config = TrialConfig()
    training, augmentation = config.training, config.augmentation
    assert (training.optimiser, training.schedule, training.epochs) == ("rmsprop", "steps", 100)
    assert (training.learning_rate, training.final_learning_rate, training.batch_size) == (2.5e-4, 5e-5, 8)
    assert (augmentation.rotation, augmentation.scale_min, augmentation.scale_max) == (40, 0.7, 1.3)
    assert (augmentation.enabled, augmentation.flip, config.data.heatmap_sigma) == (True, True, 1.0)
    assert (training.weight_decay, training.clip_weights, training.precision) == (0, False, "float32")


def test_rmsprop_is_that_of_tieleman_and_hinton() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimiser = make_optimiser(TrialConfig().training, [weight])
    assert isinstance(optimiser, torch.optim.RMSprop)
    value, square = torch.tensor([1.0, -2.0]), torch.zeros(2)
    for gradient in (torch.tensor([0.5, 3.0]), torch.tensor([-0.25, 1.0])):
        weight.grad = gradient.clone()
        optimiser.step()
        square = 0.99 * square + 0.01 * gradient**2
        value = value - 2.5e-4 * gradient / (square.sqrt() + 1e-8)
        torch.testing.assert_close(weight.detach(), value)


@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_sgd_is_heavy_ball(momentum: float) -> None:
    """v = momentum v + g + decay W, W = W - rate v (Polyak 1964, as torch writes it)."""
    training = TrainingConfig(optimiser="sgd", learning_rate=0.1, weight_decay=0.01, momentum=momentum)
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimiser = make_optimiser(training, [weight])
    value, velocity = torch.tensor([1.0, -2.0]), torch.zeros(2)
    for gradient in (torch.tensor([0.5, 3.0]), torch.tensor([-0.25, 1.0]), torch.tensor([0.0, 2.0])):
        weight.grad = gradient.clone()
        optimiser.step()
        velocity = momentum * velocity + gradient + 0.01 * value
        value = value - 0.1 * velocity
        torch.testing.assert_close(weight.detach(), value)


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)]
)
def test_other_optimisers_follow_the_same_schedule(tmp_path, shared_cache, name: str, kind: type) -> None:
    config = small_config(training__optimiser=name, training__learning_rate=1e-3, training__schedule="cosine")
    assert type(make_optimiser(config.training, [torch.nn.Parameter(torch.ones(1))])) is kind
    default = small_config(training__learning_rate=1e-3, training__schedule="cosine")
    found, expected = (
        [figures["learning_rate"] for figures in run_trial(each, tmp_path / number, cache=shared_cache).history]
        for each, number in ((config, "1"), (default, "2"))
    )
    assert found == expected


@pytest.mark.parametrize("loss", ["sigmoid_cross_entropy", "l2"])
@pytest.mark.parametrize("augmented", [True, False])
def test_an_epoch_is_the_steps_written_out(tmp_path, shared_cache, loss: str, augmented: bool) -> None:
    """Every stack supervised, images in [0, 1], one RMSprop step a batch: against a loop of its own."""
    config = small_config(
        model__stacks=2,
        loss__name=loss,
        augmentation__enabled=augmented,
        training__epochs=1,
        training__schedule="constant",
        training__learning_rate=1e-3,
    )
    result = run_trial(config, tmp_path, cache=shared_cache)
    torch.manual_seed(derived_seed(config.seed, "weights"))
    network = blocks.build(config.model).to(memory_format=torch.channels_last)
    optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-3)
    losses = []
    for batch in training_batches(config, open_pose(config.data, None, shared_cache), 1, "cpu"):
        assert 0 <= batch.images.min() < batch.images.max() <= 1 + 1e-6
        first, second = network(batch.images)
        compute = make_loss(loss)
        total = compute(first, batch.target, batch.visible) + compute(second, batch.target, batch.visible)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        losses.append(float(total.detach()))
    assert result.metrics["train_loss"] == pytest.approx(sum(losses) / 2, rel=1e-5)
    assert result.metrics["learning_rate"] == 1e-3
    trained = torch.load(result.model_file, weights_only=True)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(trained[name], value, rtol=1e-4, atol=1e-5, msg=name)


def _binary_weights(config: TrialConfig, result: TrialResult) -> tuple[torch.Tensor, torch.Tensor]:
    """All real weights behind binary ones, and all other weights of convolutions."""
    network = blocks.build(config.model)
    network.load_state_dict(torch.load(result.model_file, weights_only=True))
    parts: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            parts[isinstance(module, BinaryConv2d)].append(module.weight.detach().flatten())
    return torch.cat(parts[True]), torch.cat(parts[False])


def test_clipping_keeps_the_weights_behind_binary_ones_within_one(tmp_path, shared_cache) -> None:
    found = {}
    for clipped in (True, False):
        config = small_config(
            training__clip_weights=clipped, training__learning_rate=0.5, training__schedule="constant"
        )
        result = run_trial(config, tmp_path / str(clipped), cache=shared_cache)
        found[clipped] = _binary_weights(config, result)
    assert found[True][0].abs().max() == 1
    assert found[False][0].abs().max() > 1
    assert found[True][1].abs().max() > 1, "real weights go where they like"


def test_clipping_leaves_frozen_stacks_alone(tmp_path, shared_cache) -> None:
    one = run_trial(
        small_config(training__learning_rate=0.5, training__schedule="constant"), tmp_path / "1", cache=shared_cache
    )
    config = small_config(
        model__stacks=2, training__stacking="sequential", training__joint_epochs=0, training__clip_weights=True
    )
    two = run_trial(config, tmp_path / "2", cache=shared_cache, begin_from=one.model_file)
    before, after = (torch.load(result.model_file, weights_only=True) for result in (one, two))
    assert max(float(value.abs().max()) for key, value in before.items() if key.endswith("reduce.conv.weight")) > 1
    assert all(torch.equal(after[key], value) for key, value in before.items())


@pytest.mark.parametrize("keys", [{}, {"block.type": "hierarchical"}, {"model.binary": False}])
def test_bfloat16_trains_to_other_finite_numbers_near_those_of_float32(tmp_path, shared_cache, keys) -> None:
    # Small steps: then the two stay near each other.
    common = {**keys, "training.learning_rate": 1e-5, "training.schedule": "constant"}
    plain = run_trial(small_config(**common), tmp_path / "a", cache=shared_cache)
    half = run_trial(small_config(**common, training__precision="bfloat16"), tmp_path / "b", cache=shared_cache)
    assert half.metrics["train_loss"] != plain.metrics["train_loss"]
    assert half.metrics["train_loss"] == pytest.approx(plain.metrics["train_loss"], rel=0.05)
    assert half.metrics["gradient_size"] == pytest.approx(plain.metrics["gradient_size"], rel=0.3)
    weights = torch.load(half.model_file, weights_only=True)
    assert all(value.isfinite().all() for value in weights.values())
    assert {value.dtype for value in weights.values()} == {torch.float32, torch.int64}


@pytest.mark.slow
@pytest.mark.parametrize("stacking", ["joint", "sequential"])
def test_a_compiled_trial_has_the_same_numbers_and_names(tmp_path, shared_cache, monkeypatch, stacking: str) -> None:
    """Through the tracer, but not its compiler of minutes: the backend runs the traced operations as they are."""
    compiled: list[torch.nn.Module] = []
    plain_compile = functools.partial(torch.compile, backend="eager")

    def remember(model: torch.nn.Module) -> torch.nn.Module:
        compiled.append(model)
        return plain_compile(model)

    monkeypatch.setattr("runners.trial.torch.compile", remember)
    one = run_trial(small_config(model__order=1), tmp_path / "1", cache=shared_cache)
    config = small_config(model__order=1, model__stacks=2, training__stacking=stacking, training__joint_epochs=0)
    begin_from = one.model_file if stacking == "sequential" else None
    results = [
        run_trial(config, tmp_path / str(flag), cache=shared_cache, begin_from=begin_from, compiled=flag)
        for flag in (False, True)
    ]
    assert len(compiled) == 1
    weights = [torch.load(result.model_file, weights_only=True) for result in results]
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, msg=name)
    assert results[1].metrics["train_loss"] == pytest.approx(results[0].metrics["train_loss"], rel=1e-5)
