"""A lease in a folder that only this machine sees: the launch cannot watch it from elsewhere, so the worker does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runners.lease import STALE_BEATS, Claim, LeaseWatch


def watched_here(
    folder: Path,
    claim: Claim,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Claim:
    """A claim that also names a lease which is stale in this machine's folder, as one is that a lost node has left.

    Returns at once where there is no lease or the process that holds it is gone; else after the next heartbeat, or
    when there has been none for so long that the lease is stale.

    Args:
        folder: the trial's, on this machine.
        claim: what the launch, which may not see the folder, lets its worker know.
        clock: seconds.
        sleep: waits for seconds.
    """
    watch = LeaseWatch(folder, claim.heartbeat_s)
    first, free = watch.look(clock())
    while not free:
        if first is None or first.mark == claim.takes_over:
            return claim
        beat = first.holder.heartbeat_s if first.holder else claim.heartbeat_s
        sleep(min(beat, claim.heartbeat_s) / STALE_BEATS)
        found, free = watch.look(clock())
        if found is None or (not free and found.mark != first.mark):
            return claim  # given up just now, or alive
        first = found
    return replace(claim, takes_over=first.mark) if first is not None else claim
