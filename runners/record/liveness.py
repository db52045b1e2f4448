"""Whether the process that a run names still lives, on this machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

_TOLERANCE_S = 5.0


def is_gone(provenance: Mapping[str, str], started_s: float) -> bool:
    """Whether a run's process ran on this machine and is no more. Of other machines nothing can be said.

    Args:
        provenance: the run's, with `host` and `process`.
        started_s: when the run was started, in seconds since 1970. A process that began later is another one, which
            has been given the same number.
    """
    if provenance.get("host") != platform.node() or not provenance.get("process", "").isdigit():
        return False
    process = int(provenance["process"])
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, as another user's
    began = _began(process)
    return began is not None and began > started_s + _TOLERANCE_S


def _began(process: int) -> float | None:
    """When a process began, in seconds since 1970; None where the system does not tell (it does on Linux)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
        return int(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None
