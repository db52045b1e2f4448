"""Stacks in sequence: which trial a trial begins from."""

from __future__ import annotations

import pytest

from search_space import TrialConfig, fingerprint
from search_space.keys import assemble
from search_space.phases import describe, epochs, is_joint, phases, predecessor


def sequential(stacks: int, joint_epochs: int = 50, **settings: object) -> TrialConfig:
    named = {"training.stacking": "sequential", "training.joint_epochs": joint_epochs, "model.stacks": stacks}
    return assemble({**named, **settings})


@pytest.mark.parametrize(
    ("config", "words", "length"),
    [
        (assemble({"model.stacks": 1}), ["stack 1"], [100]),
        (assemble({"model.stacks": 3}), ["3 stacks together"], [100]),
        (sequential(1), ["stack 1"], [100]),
        (sequential(2), ["stack 1", "stack 2 on 1 frozen", "2 stacks together"], [100, 100, 50]),
        (sequential(2, 0), ["stack 1", "stack 2 on 1 frozen"], [100, 100]),
        (
            sequential(3, 7),
            ["stack 1", "stack 2 on 1 frozen", "stack 3 on 2 frozen", "3 stacks together"],
            [100, 100, 100, 7],
        ),
    ],
)
def test_the_phases_of_a_trial(config: TrialConfig, words: list[str], length: list[int]) -> None:
    found = phases(config)
    assert found[-1] == config
    assert [describe(phase) for phase in found] == words
    assert [epochs(phase) for phase in found] == length
    assert [is_joint(phase) for phase in found] == ["frozen" not in word for word in words]


def test_the_first_phase_is_the_ordinary_trial_of_one_stack() -> None:
    settings = {"block.type": "hierarchical", "training.epochs": 9}
    first = phases(sequential(3, **settings))[0]
    assert predecessor(first) is None
    assert fingerprint(first, "d") == fingerprint(assemble(settings), "d")


def test_longer_and_shorter_sequences_share_their_phases() -> None:
    two, three = ([fingerprint(phase, "d") for phase in phases(sequential(stacks))] for stacks in (2, 3))
    assert two[:2] == three[:2]
    assert len({*two, *three}) == 5


def test_phases_keep_the_seed() -> None:
    config = sequential(2).model_copy(update={"seed": 4})
    assert {phase.seed for phase in phases(config)} == {4}
