"""One phase of stacks trained in sequence: what it begins from and what stays frozen (`search_space.phases`)."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from blocks.network import HourglassNetwork
from runners.checkpoint import check_weights, load_model
from search_space.config import TrialConfig
from search_space.phases import is_joint, predecessor


def check_beginning(config: TrialConfig, begin_from: Path | None) -> None:
    """Raise ValueError where a trial lacks the weights that it goes on from, or is given some that it cannot use."""
    before = predecessor(config)
    if before is not None and begin_from is None:
        raise ValueError(
            f"stacks trained in sequence: this trial of {config.model.stacks} stacks begins from the weights of one of "
            f"{before.model.stacks}: give its model file as begin_from"
        )
    if before is None and begin_from is not None:
        raise ValueError(f"this trial begins from fresh weights, it has no use for begin_from ({begin_from})")


def begin(model: HourglassNetwork, config: TrialConfig, begin_from: Path) -> None:
    """Put the weights of the trial before into the freshly built network; those of an added stack stay fresh.

    Raises:
        CheckpointError: for a file that is missing, damaged, or of another network.
    """
    weights = load_model(begin_from)
    own = model.state_dict()
    added = () if is_joint(config) else added_names(config)
    shared = {name: value for name, value in own.items() if not name.startswith(added)}
    check_weights(
        weights,
        shared,
        f"{begin_from}, the weights that this trial begins from,",
        "remove it, and train the trial before this one again",
    )
    model.load_state_dict({**own, **weights})


def added_names(config: TrialConfig) -> tuple[str, ...]:
    """How the names of the weights begin that the last stack brings: the stack and the link to it."""
    last = config.model.stacks - 1
    return f"stacks.{last}.", f"links.{last - 1}."


def freeze(model: HourglassNetwork, config: TrialConfig) -> tuple[nn.Module, ...]:
    """Freeze the parameters of all but the last stack and its link, unless all stacks are trained; gives those parts.

    As neither they nor the images need a gradient, a forward pass keeps nothing of them for a backward pass.
    """
    if is_joint(config):
        return ()
    parts = (model.stem, *model.stacks[:-1], *model.links[:-1])
    for part in parts:
        part.requires_grad_(False)
    return parts


def set_training_mode(model: nn.Module, frozen: tuple[nn.Module, ...]) -> None:
    """Training mode, but for frozen parts: in evaluation mode their BatchNorms keep their running statistics."""
    model.train()
    for part in frozen:
        part.eval()
