"""What verbs tell of the record beside what they were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from rich.console import Console

    from runners.record.left_over import LeftOver


def tell_left_over(console: Console, left: LeftOver) -> None:
    """What became of writes that waited on disk."""
    from runners.record.buffer import REFUSED

    for folder, why in left.refused.items():
        console.print(
            f"[yellow]the record refuses some of what is left in[/yellow] {escape(str(folder))}: {escape(why)} "
            f"(kept in {REFUSED} there)"
        )
    if left.waiting:
        console.print(f"[yellow]{len(left.waiting)} trials' writes wait for the record[/yellow], which is away")
    if left.elsewhere:
        console.print(
            f"[yellow]{len(left.elsewhere)} trials' writes wait for another record[/yellow] than this one: "
            "run with its --tracking-uri to send them"
        )


def tell_done_otherwise(console: Console, told: Iterable[tuple[str, int]]) -> None:
    """Which of the trials to train were done before on other data or by other code: they are not mixed.

    Args:
        console: where to.
        told: what `runners.otherwise.done_otherwise` gives.
    """
    for how, count in told:
        are = "trials are" if count > 1 else "trial is"
        console.print(
            f"[yellow]{count} {are} complete {escape(how)}[/yellow]: kept apart, and trained again", soft_wrap=True
        )
