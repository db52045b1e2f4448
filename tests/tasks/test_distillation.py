"""The loss of distillation: known values, its two ends, what a teacher's output becomes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from search_space.config import LossConfig
from tasks.distillation import distillation_loss, taught_heatmaps
from tasks.losses import l2, make_loss, sigmoid_cross_entropy, training_loss

LOSSES = ["sigmoid_cross_entropy", "l2"]


def _maps(seed: int, landmarks: int = 3) -> torch.Tensor:
    return torch.rand(2, landmarks, 4, 4, generator=torch.Generator().manual_seed(seed))


def test_a_known_value_of_l2() -> None:
    output, target, taught = (torch.full((1, 1, 2, 2), value) for value in (0.5, 1.0, 0.2))
    loss = distillation_loss(l2, 0.25, output, target, taught, torch.ones(1, 1))
    assert float(loss) == pytest.approx(0.75 * 0.25 + 0.25 * 0.09)


def test_a_known_value_of_cross_entropy() -> None:
    output, target, taught = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.3)
    loss = distillation_loss(sigmoid_cross_entropy, 0.5, output, target, taught, torch.ones(1, 1))
    assert float(loss) == pytest.approx(math.log(2))  # at a logit of 0, whatever the target


@pytest.mark.parametrize("name", LOSSES)
@given(part=st.floats(0.01, 1))
def test_it_lies_between_the_loss_to_the_target_and_that_to_the_teacher(name: str, part: float) -> None:
    loss, weight = make_loss(name), torch.ones(2, 3)
    output, target, taught = _maps(0) * 4 - 2, _maps(1), _maps(2)
    ends = [float(loss(output, to, weight)) for to in (target, taught)]
    mixed = float(distillation_loss(loss, part, output, target, taught, weight))
    assert mixed == pytest.approx((1 - part) * ends[0] + part * ends[1], rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_of_the_teacher_alone_it_is_least_where_the_student_gives_the_same_heatmaps(name: str) -> None:
    taught = _maps(3) * 0.8 + 0.1
    output = (torch.logit(taught) if name == "sigmoid_cross_entropy" else taught).requires_grad_()
    distillation_loss(make_loss(name), 1.0, output, _maps(4), taught, torch.ones(2, 3)).backward()
    assert output.grad is not None
    assert float(output.grad.abs().max()) < 1e-8


@pytest.mark.parametrize("part", [0.5, 1.0])
def test_a_landmark_that_is_not_annotated_teaches_nothing(part: float) -> None:
    output = _maps(5).requires_grad_()
    weight = torch.tensor([[1.0, 0, 1], [1, 1, 0]])
    distillation_loss(l2, part, output, _maps(6), _maps(7), weight).backward()
    assert output.grad is not None
    assert bool((output.grad.abs().amax((2, 3)) > 0).eq(weight > 0).all())


def test_pixels_are_chosen_towards_the_teacher_as_towards_the_target() -> None:
    hard = training_loss(LossConfig(hard_pixels=0.25))
    output, taught = _maps(8), _maps(9)
    assert float(distillation_loss(hard, 1.0, output, _maps(1), taught, torch.ones(2, 3))) == pytest.approx(
        float(hard(output, taught, torch.ones(2, 3)))
    )


@pytest.mark.parametrize(
    ("teacher", "student", "expected"),
    [
        ("sigmoid_cross_entropy", "sigmoid_cross_entropy", [1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2))]),
        ("sigmoid_cross_entropy", "l2", [1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2))]),
        ("l2", "l2", [-1, 0, 2]),
        ("l2", "sigmoid_cross_entropy", [0, 0, 1]),  # cross-entropy has no least value beyond
    ],
)
def test_what_a_teachers_output_becomes(teacher, student, expected) -> None:
    output = torch.tensor([-1.0, 0, 2], dtype=torch.bfloat16)
    heatmaps = taught_heatmaps(output, teacher, student)
    assert heatmaps.dtype == torch.float32
    assert heatmaps.tolist() == pytest.approx(expected, abs=1e-6)
