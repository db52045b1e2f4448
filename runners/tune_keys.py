"""The keys under which a trial tells Tune, besides its epochs, how it ends: `runners.sweep` and `runners.relay`."""

from __future__ import annotations

RAISED = "raised"
"""The key under which a trial tells Tune of its error."""
HELD = "held"
"""The key under which a trial tells Tune that another process trains it."""
STOPPED = "stopped"
"""The key under which a trial tells Tune that it stops because its launch was asked to."""
