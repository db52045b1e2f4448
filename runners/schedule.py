"""The learning rate as a function of the step: nothing to store in a checkpoint, the same after a continuation."""

from __future__ import annotations

import math

from search_space.config import TrainingConfig

_DROPS = 4
_WARM_UP = 0.3
_START_DIVISOR = 25.0
_END_DIVISOR = 1e4


def learning_rate(training: TrainingConfig, step: int, steps: int) -> float:
    """The learning rate of one optimiser step.

    - `constant`: always the same.
    - `steps`: four drops by one factor at a fifth, two fifths ... of the training, from `learning_rate` to
      `final_learning_rate` (Section 6.1: "dropping the learning rate four times, from 2.5e-4 to 5e-5").
    - `cosine`: half a cosine from `learning_rate` to `final_learning_rate`.
    - `one_cycle`: up from a 25th over the first 30%, then down to a 10,000th of that, both by half cosines
      (Smith & Topin 2018).

    Args:
        training: the recipe.
        step: from 0 to steps - 1.
        steps: optimiser steps of the whole training.
    """
    top, final = training.learning_rate, training.final_learning_rate
    progress = step / max(1, steps - 1)
    if training.schedule == "constant":
        return top
    if training.schedule == "steps":
        drop = min(_DROPS, step * (_DROPS + 1) // steps)
        return float(top * (final / top) ** (drop / _DROPS))
    if training.schedule == "cosine":
        return _half_cosine(top, final, progress)
    start = top / _START_DIVISOR
    if progress < _WARM_UP:
        return _half_cosine(start, top, progress / _WARM_UP)
    return _half_cosine(top, start / _END_DIVISOR, (progress - _WARM_UP) / (1 - _WARM_UP))


def _half_cosine(begin: float, end: float, progress: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * progress)) / 2
