"""The version of the synthetic figures."""

from __future__ import annotations

from typing import Final

SYNTHETIC_VERSION: Final = 1
"""Raised by hand whenever a figure of any (split, index) changes: its joints or its pixels. It seeds every figure."""
