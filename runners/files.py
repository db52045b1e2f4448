"""The names of the files that a trial keeps in its folder."""

from __future__ import annotations

CHECKPOINT = "checkpoint.pt"
PREVIOUS_CHECKPOINT = "checkpoint.previous.pt"
MODEL = "model.pt"
