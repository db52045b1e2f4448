"""`hglab keys`: what a study may set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Format, ShownAs, guarded

if TYPE_CHECKING:
    from search_space.keys import Key


@guarded
def keys(
    part: Annotated[str, typer.Argument(help="Only keys that contain this.", show_default=False)] = "",
    shown_as: Format = ShownAs.terminal,
) -> None:
    """List the keys that a study may set, with their values, defaults and meaning.

    Keys that every level of the hourglass has are listed once, as levelN; as JSON each by itself.

    Example: hglab keys block
    """
    from search_space.keys import all_keys, show_value

    chosen = [key for name, key in all_keys().items() if part in name or (key.level is not None and part == "levelN")]
    if shown_as is ShownAs.json:
        fields = [
            {"key": key.name, "expected": key.expected, "default": key.default, "description": key.description}
            for key in chosen
        ]
        typer.echo(json.dumps(fields, indent=2))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("key", "values", "default", "meaning"):
        table.add_column(header, no_wrap=header == "key")
    for name, alike in _of_levels(chosen).items():
        levels = [key.level for key in alike if key.level is not None]
        numbers = f"N from {levels[0]} to {levels[-1]}: " if len(levels) > 1 else ""
        key = alike[0]
        table.add_row(name, key.expected, show_value(key.default), f"{numbers}{key.description}")
    Console().print(table)


def _of_levels(keys: Sequence[Key]) -> dict[str, list[Key]]:
    """The keys by their names, those of several levels together: `levelN.block.depth`."""
    rests = [key.name.partition(".")[2] for key in keys if key.level is not None]
    found: dict[str, list[Key]] = {}
    for key in keys:
        rest = key.name.partition(".")[2]
        together = key.level is not None and rests.count(rest) > 1
        found.setdefault(f"levelN.{rest}" if together else key.name, []).append(key)
    return found
