"""The names of the files that a trial keeps in its folder."""

from __future__ import annotations

CHECKPOINT = "checkpoint.pt"
MODEL = "model.pt"
