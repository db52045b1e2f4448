"""One trial: repeatable, continuable, and honest about what goes wrong."""

from __future__ import annotations

import math

import pytest
import torch

from runners.checkpoint import CHECKPOINT, MODEL, CheckpointError
from runners.trial import Epoch, run_trial
from tests.small import small_config

TIMES = {"seconds", "peak_memory_mb"}


def _figures(result) -> list[dict[str, float]]:
    return [{key: value for key, value in epoch.items() if key not in TIMES} for epoch in result.history]


def test_the_same_seed_gives_the_same_numbers_bit_for_bit(make_plan, tmp_path, shared_cache) -> None:
    config = make_plan().trials[1].config
    first = run_trial(config, tmp_path / "a", cache=shared_cache)
    second = run_trial(config, tmp_path / "b", cache=shared_cache)
    assert _figures(first) == _figures(second)
    assert (first.predicted == second.predicted).all()
    one, two = (torch.load(tmp_path / name / MODEL, weights_only=True) for name in "ab")
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_another_seed_gives_other_numbers(make_plan, tmp_path, shared_cache) -> None:
    plan = make_plan()
    seeds = [trial.config for trial in plan.trials if trial.variant.id == "hierarchical"]
    results = [run_trial(config, tmp_path / str(config.seed), cache=shared_cache) for config in seeds]
    assert results[0].metrics["train_loss"] != results[1].metrics["train_loss"]


class _StopError(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("optimiser", ["rmsprop", "adam", "adamw", "sgd"])
def test_a_continued_trial_equals_one_that_was_never_interrupted(make_plan, tmp_path, shared_cache, optimiser) -> None:
    config = make_plan("training.epochs=3", f"training.optimiser={optimiser}").trials[1].config
    whole = run_trial(config, tmp_path / "whole", cache=shared_cache)

    def stop_after_one(epoch: Epoch) -> None:
        if epoch.number == 1:
            raise _StopError

    with pytest.raises(_StopError):
        run_trial(config, tmp_path / "parts", cache=shared_cache, on_epoch=stop_after_one)
    assert (tmp_path / "parts" / CHECKPOINT).exists()
    torch.manual_seed(12345)  # what the process did in between must not matter
    seen: list[int] = []
    continued = run_trial(
        config, tmp_path / "parts", cache=shared_cache, on_epoch=lambda epoch: seen.append(epoch.number)
    )
    assert seen == [1, 2, 3]
    assert _figures(continued) == _figures(whole)
    one, two = (torch.load(tmp_path / name / MODEL, weights_only=True) for name in ("whole", "parts"))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert (tmp_path / "parts" / CHECKPOINT).exists(), "it stays until the record holds the trial"


def test_interrupted_after_the_last_epoch_it_only_finishes(make_plan, tmp_path, shared_cache) -> None:
    config = make_plan("training.epochs=1").trials[0].config
    whole = run_trial(config, tmp_path / "whole", cache=shared_cache)

    def stop(epoch: Epoch) -> None:
        raise _StopError

    with pytest.raises(_StopError):
        run_trial(config, tmp_path / "parts", cache=shared_cache, on_epoch=stop)
    continued = run_trial(config, tmp_path / "parts", cache=shared_cache)
    assert (continued.predicted == whole.predicted).all()
    assert _figures(continued) == _figures(whole)


def test_a_damaged_checkpoint_is_said_and_nothing_is_lost(make_plan, tmp_path, shared_cache) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / CHECKPOINT).write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt is damaged .* remove it"):
        run_trial(make_plan().trials[0].config, folder, cache=shared_cache)
    assert (folder / CHECKPOINT).read_bytes() == b"not a checkpoint"


def test_a_checkpoint_of_another_network_is_said_and_nothing_trains(tmp_path, shared_cache, monkeypatch) -> None:
    folder = tmp_path / "a"
    run_trial(small_config(training__epochs=1), folder, cache=shared_cache)
    before = (folder / CHECKPOINT).read_bytes()
    monkeypatch.setattr("runners.trial.train_epoch", lambda *_: pytest.fail("it trained"))
    expected = r"checkpoint\.pt, the checkpoint of this trial, is of another network: "
    with pytest.raises(
        CheckpointError, match=expected + r"stem\.conv\.weight has shape \(4, .*\), in this trial \(6, "
    ):
        run_trial(small_config(model__stem_features=6), folder, cache=shared_cache)
    with pytest.raises(CheckpointError, match=expected + r"stacks\.1\..* is missing \(and \d+ more .*\): remove it to"):
        run_trial(small_config(model__stacks=2), folder, cache=shared_cache)
    with pytest.raises(CheckpointError, match=expected + r"stacks\.0\.hourglass\.inner\.inner\..* is missing"):
        run_trial(small_config(model__order=3), folder, cache=shared_cache)
    assert (folder / CHECKPOINT).read_bytes() == before


def test_a_checkpoint_of_a_larger_network_is_said(tmp_path, shared_cache) -> None:
    run_trial(small_config(training__epochs=1, model__stacks=2), tmp_path, cache=shared_cache)
    with pytest.raises(CheckpointError, match=r"another network: (stacks\.1|links\.0)\..* is not in this trial"):
        run_trial(small_config(), tmp_path, cache=shared_cache)


def test_the_flip_test_changes_what_is_measured_but_not_what_is_trained(make_plan, tmp_path, shared_cache) -> None:
    plain = run_trial(make_plan().trials[0].config, tmp_path / "a", cache=shared_cache)
    flipped = run_trial(make_plan("evaluation.flip_test=true").trials[0].config, tmp_path / "b", cache=shared_cache)
    assert plain.metrics["train_loss"] == flipped.metrics["train_loss"]
    assert (plain.predicted != flipped.predicted).any()


@pytest.mark.parametrize("loss", ["sigmoid_cross_entropy", "l2"])
@pytest.mark.parametrize("settings", [("model.stacks=2",), ("model.binary=false", "augmentation.enabled=false")])
def test_every_metric_is_reported_and_finite(make_plan, tmp_path, shared_cache, loss, settings) -> None:
    from search_space.metrics import LATENCY, METRICS

    result = run_trial(make_plan(f"loss.name={loss}", *settings).trials[1].config, tmp_path / "a", cache=shared_cache)
    trained = {name for name, metric in METRICS.items() if not metric.counted and name != LATENCY}
    assert trained <= set(result.metrics)
    assert all(math.isfinite(result.metrics[name]) for name in ("pckh", "train_loss", "validation_loss", "seconds"))
