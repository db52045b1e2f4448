"""How a launch ended."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """How a launch ended.

    `elsewhere` was trained by other launches meanwhile; `left_failed` had failed before this one and was not tried
    again; `unsent` are trials that were trained and whose results wait on disk, because the record is away.
    """

    reused: int
    trained: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left_failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    launch: str | None = None
    error: str | None = None
