"""What trials left in their outboxes when their processes ended, sent by whoever comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runners.record.buffer import Outbox, outbox_file, outboxes

if TYPE_CHECKING:
    from runners.record.writing import Record


@dataclass
class LeftOver:
    """What became of outboxes that trials left behind, by the trials' folders.

    `sent` have arrived, `waiting` not yet, `refused` in part, with the record's words (what it refused is in the file
    `runners.record.buffer.REFUSED`); `elsewhere` wait for another record than this one.
    """

    sent: list[Path] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)
    refused: dict[Path, str] = field(default_factory=dict)
    elsewhere: list[Path] = field(default_factory=list)


def send_left_over(trials: Path, record: Record) -> LeftOver:
    """Send what trials could not, before their processes ended; outboxes that a running trial has are left to it.

    Args:
        trials: the folder of the trials' folders.
        record: where to.
    """
    left = LeftOver()
    for file in outboxes(trials):
        if file != outbox_file(file.parent, record.uri):
            left.elsewhere.append(file.parent)
            continue
        outbox = Outbox(file, record.perform, record.uri)
        try:
            if outbox.open() and len(outbox):
                refusals = outbox.catch_up()
                if refusals:
                    left.refused[file.parent] = refusals[0]
                if len(outbox):
                    left.waiting.append(file.parent)
                elif not refusals:
                    left.sent.append(file.parent)
        finally:
            outbox.close()
    return left
