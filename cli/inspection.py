"""What `hglab inspect` prints for people: tables of networks and of one network's parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.text import quantity

if TYPE_CHECKING:
    from blocks.count import Counts
    from blocks.parts import Part, Parts
    from search_space import ExpandedStudy, Variant


def print_networks(expanded: ExpandedStudy, networks: dict[str, Any], path: Path) -> None:
    """A row for each variant's network, and how to see one of them."""
    console = Console(highlight=False)
    rows = networks["variants"]
    console.print(f"[bold]{escape(expanded.study.spec.title or expanded.study.name)}[/bold]  (scale {expanded.scale})")
    table = _table()
    table.add_column("variant", overflow="fold")
    for header in ("params", "binary\nMACs", "real\nMACs", "size", "binary\nweights", "field of\na block", "field"):
        table.add_column(header, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(row["id"])
            + (f", {escape(row['also'])}" if "also" in row else "")
            + (" [dim](baseline)[/dim]" if row["baseline"] else ""),
            quantity(row["params"]),
            quantity(row["binary_macs"]),
            quantity(row["real_macs"]),
            f"{quantity(row['size_bytes'])}B",
            f"{100 * row['binary_params'] / row['params']:.1f} %",
            f"{row['block_receptive_field']}",
            f"{row['receptive_field']}",
        )
    console.print(table)
    resolutions = sorted({row["resolution"] for row in rows})
    _explain(
        console, " or ".join(map(str, resolutions)), min(resolutions) < max(row["receptive_field"] for row in rows)
    )
    example = f"hglab inspect {path}/{rows[0]['id']} --diagram block.svg"
    console.print(f"One network, layer by layer, and its block drawn: {escape(example)}", soft_wrap=True)


def print_network(expanded: ExpandedStudy, variant: Variant, parts: Parts) -> None:
    """A row for each part of a network, indented as its modules are nested, and their sum."""
    console = Console(highlight=False)
    resolution = variant.config.data.resolution
    console.print(
        f"[bold]{escape(variant.label)}[/bold]  ({escape(expanded.study.name)}/{escape(variant.id)}, "
        f"scale {expanded.scale})"
    )
    table = _table()
    table.add_column("layer", overflow="fold")
    table.add_column("", no_wrap=True)
    for header in ("shape", "params", "binary\nMACs", "real\nMACs", "field"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_row("image", "", f"3×{resolution}×{resolution}", "", "", "", "1")
    open_path: tuple[str, ...] = ()
    for part in parts.parts:
        holders = part.path[:-1]
        common = next(
            (level for level, (old, new) in enumerate(zip(open_path, holders, strict=False)) if old != new),
            min(len(open_path), len(holders)),
        )
        for level in range(common, len(holders)):
            table.add_row(f"[bold]{'  ' * level}{escape(holders[level])}[/bold]")
        open_path = holders
        table.add_row(*_row(part))
    table.add_section()
    table.add_row("[bold]total[/bold]", "", "", *_costs(parts.total), f"{parts.receptive_field}")
    console.print(table)
    total = parts.total
    console.print(
        f"{100 * total.binary_params / total.params:.1f} % of the parameters are binary; "
        f"stored, the network takes {quantity(total.size_bytes)}B"
    )
    _explain(console, str(resolution), parts.receptive_field > resolution)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)


def _row(part: Part) -> tuple[str, ...]:
    return (
        f"{'  ' * (len(part.path) - 1)}{escape(part.path[-1])}",
        "" if part.what == part.path[-1] else f"[dim]{part.what}[/dim]",
        f"{part.channels}×{part.side}×{part.side}",
        *_costs(part.counts),
        f"{part.receptive_field}",
    )


def _costs(counts: Counts) -> tuple[str, str, str]:
    return f"{counts.params:,}", quantity(counts.binary_macs), quantity(counts.real_macs)


def _explain(console: Console, resolution: str, is_larger: bool) -> None:
    note = "; where it is larger than the image, padding counts" if is_larger else ""
    console.print(
        f"[dim]One image of {resolution} pixels a side. MACs: multiply-accumulates. "
        f"Field: side of the receptive field, in pixels{note}.[/dim]"
    )
