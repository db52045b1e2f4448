"""How long a network takes for one image: measured where a search has it as an objective or a constraint."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from search_space.metrics import LATENCY

if TYPE_CHECKING:
    from search_space import ExpandedSearch, TrialConfig

_WARM_UP = 2
_TIMES = 7


def latency_of(search: ExpandedSearch) -> Callable[[TrialConfig], float] | None:
    """What measures the latency of a configuration's network; None for a search that does not ask for it."""
    asked = {objective.metric for objective in search.objectives} | {each.metric for each in search.constraints}
    return measure_latency_ms if LATENCY in asked else None


def measure_latency_ms(config: TrialConfig) -> float:
    """Milliseconds of one image through the network on one CPU thread: the median of 7 passes after 2.

    The network has fresh weights and is in evaluation mode; binary layers compute in floating point, as in training.
    It is a figure of this machine while it does what else it does, not of the network alone.
    """
    import torch

    from blocks.build import build

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network = build(config.model).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        image = torch.zeros(1, 3, config.data.resolution, config.data.resolution)
        image = image.to(memory_format=torch.channels_last)
        passes = []
        with torch.inference_mode():
            for number in range(_WARM_UP + _TIMES):
                begun = time.perf_counter()
                network(image)
                if number >= _WARM_UP:
                    passes.append(1000 * (time.perf_counter() - begun))
    finally:
        torch.set_num_threads(threads)
    return statistics.median(passes)
