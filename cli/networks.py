"""Networks of configurations, built to be looked at and not to be trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blocks.parts import Parts
    from search_space import ModelConfig


def built_parts(model: ModelConfig, resolution: int, *, layers: bool = False) -> Parts:
    """The parts of the network that a configuration describes (`blocks.parts.network_parts`). Imports torch."""
    import torch

    from blocks import build
    from blocks.parts import network_parts

    with torch.device("meta"):  # shapes without numbers: no memory, no time
        network = build(model)
    return network_parts(network, resolution, layers=layers)
