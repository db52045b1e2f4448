"""How much memory a trial took."""

from __future__ import annotations

import resource
import sys


def peak_memory_mb(device: str = "cpu") -> float:
    """The largest resident memory of this process so far, or the largest allocation on a GPU, in MiB."""
    if device.startswith("cuda"):
        import torch

        return float(torch.cuda.max_memory_allocated(device) / 2**20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
