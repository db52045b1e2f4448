"""Stacks trained in sequence: which trial a trial begins from (Section 8, "Training").

One stack is trained to its end and frozen, the next is added and trained, and at last all are trained together. Each of
these phases is a trial of its own, with a configuration that says all of it, so that studies share it:

    1 stack  ->  2 stacks, 0 joint epochs  ->  3 stacks, 0 joint epochs  ->  3 stacks, 50 joint epochs

The first is the ordinary trial of one stack, whichever study trained it.
"""

from __future__ import annotations

from search_space.config import TrainingConfig, TrialConfig


def is_sequential(config: TrialConfig) -> bool:
    """Whether the trial goes on from the weights of another."""
    return config.model.stacks > 1 and config.training.stacking == "sequential"


def is_joint(config: TrialConfig) -> bool:
    """Whether all stacks are trained at once: always, but for the phases that add a stack to frozen ones."""
    return not is_sequential(config) or config.training.joint_epochs > 0


def predecessor(config: TrialConfig) -> TrialConfig | None:
    """The trial whose trained weights this one begins from; None for a trial that begins from fresh ones."""
    if not is_sequential(config):
        return None
    if config.training.joint_epochs > 0:
        return _with(config, config.model.stacks, config.training.stacking, joint_epochs=0)
    if config.model.stacks > 2:
        return _with(config, config.model.stacks - 1, config.training.stacking, joint_epochs=0)
    default = TrainingConfig()
    return _with(config, 1, default.stacking, default.joint_epochs)


def phases(config: TrialConfig) -> list[TrialConfig]:
    """Every trial that has to be trained before this one, the first first; this one is the last."""
    before = predecessor(config)
    return [config] if before is None else [*phases(before), config]


def describe(config: TrialConfig) -> str:
    """What the trial trains, in words, `stack 2 on 1 frozen`.

    >>> describe(TrialConfig())
    'stack 1'
    """
    stacks = config.model.stacks
    if is_joint(config):
        return "stack 1" if stacks == 1 else f"{stacks} stacks together"
    return f"stack {stacks} on {stacks - 1} frozen"


def epochs(config: TrialConfig) -> int:
    """Epochs of this trial alone, without those of the trials it goes on from."""
    joint = is_sequential(config) and config.training.joint_epochs > 0
    return config.training.joint_epochs if joint else config.training.epochs


def _with(config: TrialConfig, stacks: int, stacking: str, joint_epochs: int) -> TrialConfig:
    model = config.model.model_copy(update={"stacks": stacks})
    training = config.training.model_copy(update={"stacking": stacking, "joint_epochs": joint_epochs})
    return config.model_copy(update={"model": model, "training": training})
