"""How much memory a trial took."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path


def peak_memory_mb(device: str = "cpu") -> float:
    """The largest resident memory of this process so far, or the largest allocation on a GPU, in MiB."""
    if device.startswith("cuda"):
        import torch

        return float(torch.cuda.max_memory_allocated(device) / 2**20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def forget_peak(device: str = "cpu") -> None:
    """Let `peak_memory_mb` begin anew, for a process that trains one trial after another.

    On a GPU and on Linux. Elsewhere the largest trial so far counts. What the process keeps from the trial before
    (libraries, freed memory that it holds on to) counts in any case.
    """
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # 5: the kernel sets the peak to what is resident now
