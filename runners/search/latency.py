"""How long a network takes for one image: measured where a search has it as an objective or a constraint."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from runners.search.storage import once
from search_space.metrics import LATENCY

if TYPE_CHECKING:
    from optuna import Study

    from search_space import ExpandedSearch, TrialConfig

_WARM_UP = 2
_LEAST_PASSES, _LEAST_S = 7, 0.3


def latency_of(search: ExpandedSearch, study: Study) -> Callable[[TrialConfig], float] | None:
    """What gives the latency of a configuration's network; None for a search that does not ask for it.

    Each distinct network is measured once in a search, whoever asks first: what is built alike has one latency, and a
    bound relative to a variant is the same in every launch.

    Args:
        search: what is searched.
        study: Optuna's, which keeps what was measured.
    """
    asked = {objective.metric for objective in search.objectives} | {each.metric for each in search.constraints}
    if LATENCY not in asked:
        return None
    return lambda config: once(study, f"{LATENCY} {_network(config)}", lambda: measure_latency_ms(config))


def measure_latency_ms(config: TrialConfig) -> float:
    """Milliseconds of one image through the network on one CPU thread: the fastest of 7 passes or more, after 2, for
    0.3 seconds or longer. What else the machine does makes passes slower, never faster.

    The network has fresh weights and is in evaluation mode; binary layers compute in floating point, as in training.
    """
    import torch

    from blocks.build import build

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    passes: list[float] = []
    try:
        network = build(config.model).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        image = torch.zeros(1, 3, config.data.resolution, config.data.resolution)
        image = image.to(memory_format=torch.channels_last)
        with torch.inference_mode():
            for _ in range(_WARM_UP):
                network(image)
            while len(passes) < _LEAST_PASSES or sum(passes) < _LEAST_S:
                begun = time.perf_counter()
                network(image)
                passes.append(time.perf_counter() - begun)
    finally:
        torch.set_num_threads(threads)
    return 1000 * min(passes)


def _network(config: TrialConfig) -> str:
    """What tells networks apart, and the size of image that they take."""
    described = json.dumps([config.model.model_dump(mode="json"), config.data.resolution], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:16]
