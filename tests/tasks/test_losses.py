from __future__ import annotations

import math

import pytest
import torch

from tasks.losses import activate, make_loss

NAMES = ("sigmoid_cross_entropy", "l2")


def _made(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(3, 4, 5, 6, generator=generator)
    target = torch.rand(3, 4, 5, 6, generator=generator)
    weight = torch.rand(3, 4, generator=generator) < 0.6
    return logits, target, weight


def test_known_values() -> None:
    zero, half, one = torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.5), torch.ones(1, 1)
    assert make_loss("sigmoid_cross_entropy")(zero, half, one).item() == pytest.approx(math.log(2))
    assert make_loss("l2")(zero, half, one).item() == pytest.approx(0.25)


def test_cross_entropy_is_eq_2_with_a_minus() -> None:
    logits, target, weight = _made()
    p = torch.sigmoid(logits)
    pixels = -(target * p.log() + (1 - target) * (1 - p).log())
    expected = pixels[weight].mean()
    torch.testing.assert_close(make_loss("sigmoid_cross_entropy")(logits, target, weight), expected)


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_that_are_not_annotated_count_nothing(name: str) -> None:
    logits, target, weight = _made()
    logits.requires_grad_()
    loss = make_loss(name)(logits, target, weight)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[~weight].abs().max() == 0
    assert logits.grad[weight].abs().min() > 0
    spoilt = torch.where(weight[..., None, None], target, 1e6)
    assert torch.equal(make_loss(name)(logits, spoilt, weight), loss)


@pytest.mark.parametrize("name", NAMES)
def test_weighs_what_is_annotated_equally(name: str) -> None:
    """An image with fewer landmarks does not weigh less per landmark."""
    logits, target, weight = _made()
    both = make_loss(name)(logits, target, weight)
    parts = [
        make_loss(name)(logits[i : i + 1], target[i : i + 1], weight[i : i + 1]) * weight[i].sum() for i in range(3)
    ]
    torch.testing.assert_close(both, sum(parts) / weight.sum())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_annotated(name: str) -> None:
    logits, target, weight = _made()
    logits.requires_grad_()
    loss = make_loss(name)(logits, target, torch.zeros_like(weight))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert logits.grad.abs().max() == 0


@pytest.mark.parametrize("name", NAMES)
def test_large_logits_and_half_precision(name: str) -> None:
    logits, target, weight = _made()
    assert torch.isfinite(make_loss(name)(logits * 1e4, target, weight))
    assert make_loss(name)(logits.bfloat16(), target, weight).dtype == torch.float32


def test_activation() -> None:
    logits = torch.tensor([-3.0, 0.0, 3.0])
    assert torch.equal(activate("sigmoid_cross_entropy")(logits), torch.sigmoid(logits))
    assert torch.equal(activate("l2")(logits), logits)


@pytest.mark.parametrize("make", [make_loss, activate])
def test_unknown_name(make: object) -> None:
    with pytest.raises(ValueError, match="unknown loss 'l1': choose one of sigmoid_cross_entropy, l2"):
        make("l1")  # type: ignore[operator]
