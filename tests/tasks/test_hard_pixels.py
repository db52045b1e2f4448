"""Losses that weigh the pixels near landmarks, or learn from the hardest alone."""

from __future__ import annotations

import pytest
import torch

from search_space.config import LossConfig
from tasks.hard_pixels import hardest_pixels, near_landmarks, weigh_near_landmarks
from tasks.heatmaps import encode
from tasks.losses import make_loss, training_loss

NAMES = ("sigmoid_cross_entropy", "l2")


def _made() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 8, 8, generator=generator)
    points = torch.rand(3, 4, 2, generator=generator) * 32
    weight = torch.rand(3, 4, generator=generator) < 0.6
    return logits, encode(points, weight, 32, 1.0), weight


def _pixels(name: str, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The loss of each pixel, written out."""
    if name == "l2":
        return (output - target) ** 2
    p = torch.sigmoid(output)
    return -(target * p.log() + (1 - target) * (1 - p).log())


@pytest.mark.parametrize("name", NAMES)
def test_by_default_training_minimises_the_loss_itself(name: str) -> None:
    assert training_loss(LossConfig(name=name)) is make_loss(name)


def test_near_is_what_the_dilated_target_says() -> None:
    target = torch.zeros(1, 2, 5, 5)
    target[0, 0, 2, 1] = 0.2
    target[0, 1, 4, 4] = 0.19
    expected = torch.zeros(5, 5, dtype=torch.bool)
    expected[1:4, 0:3] = True
    assert torch.equal(near_landmarks(target)[0, 0], expected)
    assert not near_landmarks(target)[0, 1].any()


def test_a_landmark_in_the_corner_has_no_pixels_beyond_the_map() -> None:
    target = torch.zeros(1, 1, 4, 4)
    target[0, 0, 0, 0] = 1.0
    assert near_landmarks(target)[0, 0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_weights_of_a_known_map() -> None:
    target = torch.zeros(1, 1, 4, 4)
    target[0, 0, 0, 0] = 1.0
    weighed = weigh_near_landmarks(torch.full((1, 1, 4, 4), 0.5), target, 10.0)
    assert weighed.unique().tolist() == [0.5, 5.5]
    assert weighed.sum().item() == pytest.approx(12 * 0.5 + 4 * 5.5)


@pytest.mark.parametrize(("share", "number"), [(1.0, 100), (0.07, 7), (0.071, 8), (0.5, 50), (1e-6, 1), (0.29, 29)])
def test_hardest_pixels_are_the_greatest_of_each_heatmap(share: float, number: int) -> None:
    pixels = torch.rand(2, 3, 10, 10, generator=torch.Generator().manual_seed(1))
    found = hardest_pixels(pixels, share)
    assert found.shape == (2, 3, number)
    expected = pixels.flatten(2).sort(dim=2, descending=True).values[..., :number]
    assert torch.equal(found.sort(dim=2, descending=True).values, expected)


@pytest.mark.parametrize("share", [1.0, 0.25])
@pytest.mark.parametrize("more", [0.0, 10.0])
@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_the_formula(name: str, more: float, share: float) -> None:
    logits, target, weight = _made()
    pixels = _pixels(name, logits, target) * (1 + more * near_landmarks(target))
    chosen = pixels.flatten(2).sort(dim=2, descending=True).values[..., : round(share * 64)]
    config = LossConfig(name=name, landmark_weight=more, hard_pixels=share)
    found = training_loss(config)(logits, target, weight)
    torch.testing.assert_close(found, chosen.mean(dim=2)[weight].mean())


@pytest.mark.parametrize("name", NAMES)
def test_only_the_hardest_pixels_of_annotated_landmarks_have_a_gradient(name: str) -> None:
    logits, target, weight = _made()
    logits.requires_grad_()
    training_loss(LossConfig(name=name, hard_pixels=0.25))(logits, target, weight).backward()
    reached = (logits.grad != 0).flatten(2).sum(dim=2)
    assert reached[weight].tolist() == [16] * int(weight.sum())
    assert reached[~weight].sum() == 0
    least = torch.where(logits.grad != 0, _pixels(name, logits, target), torch.inf).flatten(2).amin(dim=2)
    most = torch.where(logits.grad == 0, _pixels(name, logits, target), -torch.inf).flatten(2).amax(dim=2)
    assert (least >= most)[weight].all()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_annotated_and_half_precision(name: str) -> None:
    logits, target, weight = _made()
    compute = training_loss(LossConfig(name=name, landmark_weight=10.0, hard_pixels=0.5))
    assert compute(logits, target, torch.zeros_like(weight)).item() == 0
    assert compute(logits.bfloat16(), target, weight).dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_near_a_landmark_the_gradient_is_eleven_times_that_of_the_plain_loss(name: str) -> None:
    """Adaptive Wing Loss's map W M + 1 with W = 10 multiplies the loss of each pixel, so its gradient, too."""
    logits, target, weight = _made()
    gradients = []
    for more in (0.0, 10.0):
        output = logits.clone().requires_grad_()
        training_loss(LossConfig(name=name, landmark_weight=more))(output, target, weight).backward()
        gradients.append(output.grad)
    # OpenCV's dilation of a map of bytes, of which 51 is 0.2: as the authors compute it.
    dilated = torch.nn.functional.unfold(torch.nn.functional.pad(target.flatten(0, 1)[:, None], (1, 1, 1, 1)), 3)
    near = (dilated.amax(dim=1).reshape(target.shape) * 255).round() >= 51
    torch.testing.assert_close(gradients[1], gradients[0] * torch.where(near, 11.0, 1.0))
    assert 0 < near.sum() < near.numel() / 2
