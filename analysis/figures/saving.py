"""A drawn figure as a file: PNG for a screen, PDF for print, SVG for a page. The same figure gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from analysis.figures.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["png", "pdf", "svg"]
SUFFIXES: Final[tuple[str, ...]] = tuple(f".{name}" for name in get_args(Format))

# No date, no version of a program: nothing that differs from one day or machine to the next.
_METADATA: Final = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Date": None, "Creator": "hglab"},
}


def to_bytes(figure: Figure, format: Format, dots_per_inch: int = 200) -> bytes:
    """A figure as the content of a file; `dots_per_inch` is for PNG, and for pictures inside of PDF and SVG."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=format, dpi=dots_per_inch, metadata=_METADATA[format])
    return buffer.getvalue()


def save(figure: Figure, path: Path, dots_per_inch: int = 200) -> None:
    """Write a figure to a file whose name ends in .png, .pdf or .svg.

    Raises:
        ValueError: for a name that ends otherwise.
        OSError: if the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"a figure is written as {', '.join(SUFFIXES)}, not {path.name}")
    path.write_bytes(to_bytes(figure, cast(Format, suffix[1:]), dots_per_inch))
