"""The part of a GPU that `hglab run` gives a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runners.planning import PlannedTrial
    from runners.record.recorded import RecordedTrial


def gpus_of_a_trial(
    asked: float | None, address: str | None, trials: Sequence[PlannedTrial], recorded: Sequence[RecordedTrial]
) -> float:
    """The GPUs of a trial, by the record where nobody says it (see `runners.shares`).

    Args:
        asked: how many the user asks for; None: whoever runs this chooses.
        address: the Ray cluster, None for this machine.
        trials: what is to be trained.
        recorded: every trial of the record, for the memory that such trials took.

    Raises:
        InputError: for more than this machine has; of a cluster, Ray knows.
    """
    import torch

    from runners.shares import measured_share
    from search_space import InputError
    from search_space.conditions import active_settings

    here = torch.cuda.device_count()
    if asked is None and not here:
        return 0.0
    if asked is None:
        smallest = min(torch.cuda.get_device_properties(index).total_memory for index in range(here))
        return measured_share([active_settings(trial.config) for trial in trials], recorded, smallest / 2**20) or 1.0
    if address is None and asked > here:
        raise InputError.at(
            f"--gpus-per-trial {asked:g}", f"this machine has {here} GPUs", "a trial would wait for ever"
        )
    return asked
