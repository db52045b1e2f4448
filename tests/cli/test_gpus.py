"""The part of a GPU that `hglab run` gives a trial, on machines with and without one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from cli.gpus import gpus_of_a_trial
from search_space import InputError
from tests.runners.test_shares import _recorded
from tests.small import small_config

TRIALS = [SimpleNamespace(config=small_config())]


@pytest.fixture
def gpus(monkeypatch):
    """A function that gives this machine GPUs of so many bytes."""

    def give(*sizes: float) -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(sizes))
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda i: SimpleNamespace(total_memory=sizes[i]))

    return give


@pytest.mark.parametrize(
    ("sizes", "asked", "recorded", "given"),
    [
        ((), None, [], 0.0),
        ((24e9,), None, [], 1.0),
        ((24e9,), None, [_recorded(2_000)], 0.25),
        ((80e9, 24e9), None, [_recorded(2_000)], 0.25),
        ((24e9,), None, [_recorded(2_000, model__features=16)], 1.0),
        ((24e9,), 0.5, [_recorded(2_000)], 0.5),
        ((24e9,), 0.0, [_recorded(2_000)], 0.0),
    ],
)
def test_the_part_of_a_gpu(gpus, sizes, asked, recorded, given: float) -> None:
    gpus(*sizes)
    assert gpus_of_a_trial(asked, None, TRIALS, recorded) == given


def test_more_gpus_than_there_are_is_refused_here_but_not_for_a_cluster(gpus) -> None:
    gpus()
    with pytest.raises(InputError, match="this machine has 0 GPUs"):
        gpus_of_a_trial(1.0, None, TRIALS, [])
    assert gpus_of_a_trial(1.0, "auto", TRIALS, []) == 1.0
