"""The figures about gradients and signs: right where they can be computed by hand, and without a trace in training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

import blocks
from blocks.binary import BinaryConv2d
from runners import diagnostics
from runners.batches import training_batches
from runners.diagnostics import gradient_size, hidden_weights, norms_after_pooling, recording_signs
from runners.seeding import derived_seed
from runners.trial import run_trial
from search_space.config import TrialConfig
from tasks.augmentation import centre_input
from tasks.losses import make_loss
from tasks.pose import open_pose
from tests.small import small_config

NETWORKS = [
    {},
    {"block.type": "hierarchical"},
    {"block.type": "multi_scale"},
    {"model.stacks": 2, "model.hourglass": "improved"},
]


def _build(config: TrialConfig) -> blocks.network.HourglassNetwork:
    torch.manual_seed(derived_seed(config.seed, "weights"))
    return blocks.build(config.model)


def _names(network: torch.nn.Module, weights: list[Tensor]) -> set[str]:
    chosen = {id(weight) for weight in weights}
    found = {name for name, value in network.named_parameters() if id(value) in chosen}
    return {name.removesuffix(".weight").removesuffix(".conv") for name in found}


@pytest.mark.parametrize("keys", NETWORKS)
def test_hidden_weights_are_the_binary_ones_and_in_a_real_network_those_in_the_same_places(keys) -> None:
    binary, real = (_build(small_config(**keys, model__features=16, model__binary=flag)) for flag in (True, False))
    found = hidden_weights(binary)
    assert {id(weight) for weight in found} == {
        id(module.weight) for module in binary.modules() if isinstance(module, BinaryConv2d)
    }
    assert _names(binary, found) == _names(real, hidden_weights(real))
    assert len(found) > 20


def test_the_size_of_a_gradient_is_the_mean_over_single_weights_that_learn() -> None:
    one, two, frozen = torch.zeros(2, 3, 1, 1), torch.zeros(1, 4, 1, 1), torch.zeros(5, 1, 1, 1)
    one.requires_grad_()
    two.requires_grad_()
    one.grad = torch.tensor([1.0, -2, 3, 0, 0, 0]).reshape(one.shape)
    two.grad = torch.full_like(two, -1.0)
    assert gradient_size([one, two, frozen]) == pytest.approx((6 + 4) / 10)
    two.grad = None
    assert gradient_size([one, two, frozen]) == pytest.approx(6 / 10)


@pytest.mark.parametrize("loss", ["sigmoid_cross_entropy", "l2"])
def test_the_record_holds_the_gradient_of_the_step(tmp_path, shared_cache, loss: str) -> None:
    config = small_config(training__epochs=1, training__batch_size=8, loss__name=loss)
    result = run_trial(config, tmp_path, cache=shared_cache)
    network = _build(config).to(memory_format=torch.channels_last)
    (batch,) = training_batches(config, open_pose(config.data, None, shared_cache), 1, "cpu")
    make_loss(loss)(network(batch.images)[0], batch.target, batch.visible).backward()
    parts = [weight.grad.abs().flatten() for weight in hidden_weights(network)]
    assert result.metrics["gradient_size"] == pytest.approx(float(torch.cat(parts).mean()), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "sampled"), [(51, 2), (52, 3)])
def test_gradients_are_looked_at_every_50th_step_and_at_the_last(
    tmp_path, shared_cache, monkeypatch, count: int, sampled: int
) -> None:
    seen: list[float] = []

    def count_looks(weights: list[Tensor]) -> float:
        seen.append(gradient_size(weights))
        return seen[-1]

    monkeypatch.setattr("runners.training.gradient_size", count_looks)
    config = small_config(data__train_images=2 * count, training__batch_size=2, training__epochs=1, model__order=1)
    result = run_trial(config, tmp_path, cache=shared_cache)
    assert len(seen) == sampled
    assert result.metrics["gradient_size"] == pytest.approx(sum(seen) / sampled)


@pytest.mark.parametrize("keys", NETWORKS)
def test_signs_are_watched_after_each_pooling(keys) -> None:
    config = small_config(**keys, model__features=16)
    network = _build(config)
    names = {id(module): name for name, module in network.named_modules()}
    after = sorted({names[id(norm)].split(".units.")[0] for norm in norms_after_pooling(network)})
    stacks = config.model.stacks
    expected = [f"stacks.{number}.hourglass.{level}down" for number in range(stacks) for level in ("", "inner.")]
    assert after == sorted(["stem.block2", *expected])
    watched = [names[id(norm)] for norm in norms_after_pooling(network)]
    first = {"bottleneck": "reduce", "multi_scale": "left_reduce"}.get(config.model.block.type)
    if first:
        assert all(name.endswith(f".units.{first}.norm") for name in watched)
    assert len(watched) == len(after) * len({name.split(".units.")[1] for name in watched})


@pytest.mark.parametrize("binary", [True, False])
def test_the_share_is_that_of_values_that_are_not_negative(tmp_path, shared_cache, binary: bool) -> None:
    config = small_config(model__binary=binary)
    result = run_trial(config, tmp_path, cache=shared_cache)
    network = _build(config)
    network.load_state_dict(torch.load(result.model_file, weights_only=True))
    network.eval()
    split = open_pose(config.data, None, shared_cache).validation
    crops, points, _ = split.batch(torch.arange(len(split)))
    images, _ = centre_input(crops, points, config.data.resolution)
    # By hand: what the pooling gives, normalised with the running statistics.
    pooled: list[Tensor] = []
    pools = [network.stem.pool, network.stacks[0].hourglass.pool, network.stacks[0].hourglass.inner.pool]
    for pool in pools:
        pool.register_forward_hook(lambda module, inputs, output: pooled.append(output.clone()))
    with torch.no_grad():
        network(images)
    norms = [
        block.units["reduce"].norm
        for block in (network.stem.block2, network.stacks[0].hourglass.down, network.stacks[0].hourglass.inner.down)
    ]
    shares = []
    for values, norm in zip(pooled, norms, strict=True):
        shape = (1, -1, 1, 1)
        scaled = (values - norm.running_mean.view(shape)) / (norm.running_var.view(shape) + norm.eps).sqrt()
        shares.append(float((scaled * norm.weight.view(shape) + norm.bias.view(shape) >= 0).double().mean()))
    assert result.metrics["positive_share"] == pytest.approx(100 * sum(shares) / 3, abs=0.2)


def test_watching_leaves_no_hook_even_after_an_error() -> None:
    network = _build(small_config())

    def watch() -> None:
        with recording_signs(network, []):
            raise KeyError

    with pytest.raises(KeyError):
        watch()
    assert not any(module._forward_hooks for module in network.modules())


def test_training_is_the_same_bit_for_bit_with_and_without_diagnostics(tmp_path, shared_cache, monkeypatch) -> None:
    config = small_config(model__stacks=2)
    watched = run_trial(config, tmp_path / "with", cache=shared_cache)

    @contextmanager
    def look_away(network: torch.nn.Module, shares: list[Tensor]) -> Iterator[None]:
        shares.append(torch.zeros(()))
        yield

    monkeypatch.setattr("runners.training.gradient_size", lambda weights: 0.0)
    monkeypatch.setattr("runners.evaluation.recording_signs", look_away)
    plain = run_trial(config, tmp_path / "without", cache=shared_cache)
    assert plain.metrics["gradient_size"] == plain.metrics["positive_share"] == 0
    one, two = (torch.load(result.model_file, weights_only=True) for result in (watched, plain))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert (watched.predicted == plain.predicted).all()
    assert watched.metrics["validation_loss"] == plain.metrics["validation_loss"]


def test_looking_draws_no_random_numbers() -> None:
    network = _build(small_config())
    network(torch.rand(2, 3, 32, 32))[0].sum().backward()
    before = torch.get_rng_state()
    shares: list[Tensor] = []
    with recording_signs(network, shares):
        network(torch.zeros(2, 3, 32, 32))
    gradient_size(hidden_weights(network))
    assert torch.equal(torch.get_rng_state(), before)
    assert len(shares) == len(diagnostics.norms_after_pooling(network))
