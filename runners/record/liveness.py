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
    if not process_lives(process):
        return True
    began = _began(process)
    return began is not None and began > started_s + _TOLERANCE_S


def process_lives(process: int, began: int | None = None) -> bool:
    """Whether a process of this machine lives. One that has ended and is only waited for does not.

    Args:
        process: its number.
        began: its `start_ticks`; a process that began at another time is another one with the same number.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, as another user's
    fields = _stat(process)
    if fields and fields[0] in ("Z", "X"):
        return False
    now = start_ticks(process)
    return began is None or now is None or now == began


def start_ticks(process: int) -> int | None:
    """When a process began, in clock ticks since the machine did; None where the system does not tell."""
    fields = _stat(process)
    return int(fields[19]) if len(fields) > 19 else None


def boot_id() -> str:
    """Names this machine since it was started, the same in all of its containers."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return platform.node()


def this_machine() -> str:
    """Names what numbers processes: this machine since it was started, or the container. Host names can be the same."""
    try:
        return f"{platform.node()} {boot_id()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


def _began(process: int) -> float | None:
    """When a process began, in seconds since 1970; None where the system does not tell (it does on Linux)."""
    ticks = start_ticks(process)
    try:
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    except (OSError, StopIteration):
        return None
    return None if ticks is None else int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """What Linux tells of a process, from its state on (`man proc_pid_stat`, the third field); empty elsewhere."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
