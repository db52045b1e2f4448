"""From a configuration to the network that it describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.checks import check_widths
from blocks.plan import WidthError
from search_space.config import ModelConfig

if TYPE_CHECKING:
    from blocks.network import HourglassNetwork


def build(model: ModelConfig, landmarks: int = 16) -> HourglassNetwork:
    """The network that `model` describes, an `nn.Module` for `landmarks` heatmaps, freshly initialised (He et al.).

    Images N x 3 x R x R to a list of logits, one N x landmarks x R/4 x R/4 for each stack. The initial weights follow
    torch's random state: call `torch.manual_seed` first for the same network again.

    Raises:
        WidthError: if the network cannot have the widths that the configuration asks for; the message lists every
        problem.
    """
    if landmarks < 1:
        raise ValueError(f"a network needs at least 1 landmark, got {landmarks}")
    problems = check_widths(model)
    if problems:
        raise WidthError("\n".join(problems))
    from blocks.network import HourglassNetwork  # torch takes seconds to import: only when something is built

    return HourglassNetwork(model, landmarks)
