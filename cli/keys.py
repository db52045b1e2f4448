"""`hglab keys`: what a study may set."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.options import Format, ShownAs, guarded


@guarded
def keys(
    part: Annotated[str, typer.Argument(help="Only keys that contain this.", show_default=False)] = "",
    shown_as: Format = ShownAs.terminal,
) -> None:
    """List the keys that a study may set, with their values, defaults and meaning.

    Example: hglab keys block
    """
    from search_space.keys import all_keys, show_value

    chosen = [key for name, key in all_keys().items() if part in name]
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
    for key in chosen:
        table.add_row(key.name, key.expected, show_value(key.default), key.description)
    Console().print(table)
