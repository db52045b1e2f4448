"""One table, six formats. Each has a file of its own, which is imported when the format is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from analysis.table_model import Table

Format = Literal["latex", "markdown", "html", "csv", "json", "terminal"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""Every format that `render` knows."""

SUFFIXES: dict[Format, str] = {
    "latex": ".tex",
    "markdown": ".md",
    "html": ".html",
    "csv": ".csv",
    "json": ".json",
    "terminal": ".txt",
}
"""How a file in each format is called."""


def render(table: Table, format: str, width: int = 120) -> str:
    """The table as text that ends with a line break.

    Args:
        table: what `analysis.table.build_table` returned.
        format: one of `FORMATS`. `terminal` is without colours here; `analysis.render.terminal.to_terminal` gives what
            a rich console prints with them.
        width: columns of the terminal; the other formats do not wrap.

    Raises:
        ValueError: for a format that does not exist.
    """
    if format == "latex":
        from analysis.render.latex import to_latex

        return to_latex(table)
    if format == "markdown":
        from analysis.render.markdown import to_markdown

        return to_markdown(table)
    if format == "html":
        from analysis.render.html import to_html

        return to_html(table)
    if format == "csv":
        from analysis.render.csv import to_csv

        return to_csv(table)
    if format == "json":
        from analysis.render.json import to_json

        return to_json(table)
    if format == "terminal":
        from analysis.render.terminal import to_text

        return to_text(table, width)
    raise ValueError(f"unknown format '{format}'; one of {', '.join(FORMATS)}")
