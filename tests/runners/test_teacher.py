"""Learning from a teacher: the same numbers when continued, nearer to the teacher, what cannot be learned from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from blocks.build import build
from runners.batches import training_batches
from runners.checkpoint import MODEL, CheckpointError
from runners.teacher import Teacher, teacher_heatmaps
from runners.trial import Epoch, run_trial
from tasks.pose import open_pose
from tests.small import small_config

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("teacher")]  # what the module trains first serves all its tests

TIMES = {"seconds", "peak_memory_mb"}


def _figures(result) -> list[dict[str, float]]:
    return [{key: value for key, value in epoch.items() if key not in TIMES} for epoch in result.history]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory, shared_cache) -> Teacher:
    config = small_config(model__binary=False, training__epochs=3)
    folder = tmp_path_factory.mktemp("teacher")
    return Teacher(config, run_trial(config, folder, cache=shared_cache).model_file)


@pytest.mark.parametrize("stacks", [1, 2])
@pytest.mark.parametrize("loss", ["sigmoid_cross_entropy", "l2"])
def test_a_continued_student_equals_one_that_was_never_interrupted(
    tmp_path, shared_cache, teacher, stacks: int, loss: str
) -> None:
    config = small_config(distillation__teacher="a/b", model__stacks=stacks, loss__name=loss, training__epochs=3)
    whole = run_trial(config, tmp_path / "whole", cache=shared_cache, teacher=teacher)

    class StopError(Exception):
        pass

    def stop(epoch: Epoch) -> None:
        if epoch.number == 1:
            raise StopError

    with pytest.raises(StopError):
        run_trial(config, tmp_path / "parts", cache=shared_cache, teacher=teacher, on_epoch=stop)
    torch.manual_seed(12345)
    continued = run_trial(config, tmp_path / "parts", cache=shared_cache, teacher=teacher)
    assert _figures(continued) == _figures(whole)
    one, two = (torch.load(tmp_path / name / MODEL, weights_only=True) for name in ("whole", "parts"))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_a_student_begins_with_the_weights_that_it_has_without_a_teacher(tmp_path, shared_cache, teacher) -> None:
    """At the smallest weight, a first epoch is nearly that of the trial that learns alone."""
    alone = run_trial(small_config(), tmp_path / "alone", cache=shared_cache)
    slightly = small_config(distillation__teacher="a/b", distillation__weight=1e-9)
    taught = run_trial(slightly, tmp_path / "taught", cache=shared_cache, teacher=teacher)
    assert taught.history[0]["train_loss"] == pytest.approx(alone.history[0]["train_loss"], rel=1e-3)


@pytest.mark.slow
def test_learning_from_the_teacher_alone_comes_nearer_to_it(tmp_path, shared_cache, teacher) -> None:
    """A real student with every pixel of its loss towards the teacher, against one that learns from annotations."""
    changes = {"model__binary": False, "training__epochs": 40, "training__learning_rate": 0.003, "seed": 5}
    taught = small_config(distillation__teacher="a/b", distillation__weight=1.0, **changes)
    alone = small_config(**changes)
    data = open_pose(taught.data, None, shared_cache)
    images = next(training_batches(taught, data, 1, "cpu")).images
    wanted = teacher_heatmaps(teacher, taught, data.landmarks, "cpu", compiled=False)(images)
    distances = []
    for name, config in (("taught", taught), ("alone", alone)):
        given = teacher if name == "taught" else None
        result = run_trial(config, tmp_path / name, cache=shared_cache, teacher=given)
        heatmaps = teacher_heatmaps(Teacher(config, result.model_file), taught, data.landmarks, "cpu", compiled=False)
        distances.append(float((heatmaps(images) - wanted).abs().mean()))
    assert distances[0] < 0.5 * distances[1]


def test_a_teacher_keeps_its_weights_and_statistics(shared_cache, teacher) -> None:
    config = small_config(distillation__teacher="a/b")
    data = open_pose(config.data, None, shared_cache)
    heatmaps = teacher_heatmaps(teacher, config, data.landmarks, "cpu", compiled=False)
    images = next(training_batches(config, data, 1, "cpu")).images
    first, second = heatmaps(images), heatmaps(images)
    assert torch.equal(first, second)
    assert not first.requires_grad
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    network = build(teacher.config.model, data.landmarks).eval()
    network.load_state_dict(torch.load(teacher.weights, weights_only=True))
    with torch.no_grad():
        assert torch.allclose(first, torch.sigmoid(network(images)[-1]), atol=1e-6)


def test_a_teacher_is_asked_for_where_it_is_needed_only(tmp_path, shared_cache, teacher) -> None:
    config = small_config(distillation__teacher="a/b")
    with pytest.raises(ValueError, match="learns from a/b: give that trial"):
        run_trial(config, tmp_path, cache=shared_cache)
    with pytest.raises(ValueError, match="has no use for a teacher"):
        run_trial(small_config(), tmp_path, cache=shared_cache, teacher=teacher)
    larger = replace(teacher, config=small_config(data__resolution=64))
    with pytest.raises(ValueError, match=r"the teacher a/b has data\.resolution 64, and this trial has 32"):
        run_trial(config, tmp_path, cache=shared_cache, teacher=larger)


def test_weights_of_a_teacher_that_cannot_be_used(tmp_path, shared_cache, teacher) -> None:
    config = small_config(distillation__teacher="a/b")
    with pytest.raises(CheckpointError, match=r"the teacher of this trial, a/b: .* is not there"):
        run_trial(config, tmp_path, cache=shared_cache, teacher=replace(teacher, weights=tmp_path / "none.pt"))
    with pytest.raises(CheckpointError, match=r"the teacher of this trial, a/b: .* of another network"):
        run_trial(config, tmp_path, cache=shared_cache, teacher=replace(teacher, config=small_config(model__order=1)))
