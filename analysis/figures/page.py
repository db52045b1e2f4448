"""A figure as a page: axes above, below them a legend, and in small print what the reader must know.

Text is measured, so that nothing overlaps however long a variant's label is; what does not fit makes the page taller.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from analysis.figures.style import FAINT, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_GAP: Final = 0.06  # inches between axes, legend, notes and the edge of the page
_MOST_LINES: Final = 9  # of notes on the page: the verb prints all of them
_LEADING: Final = 1.25


@dataclass(frozen=True)
class Drawing:
    """A drawn figure, and what is to be said of it: how its bands came about, which trials are not in it."""

    figure: Figure
    notes: tuple[str, ...] = ()


def new_figure(width: float, height: float) -> Figure:
    """An empty page of this many inches, drawn without a screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def finish(
    figure: Figure,
    notes: Sequence[str] = (),
    handles: Sequence[Any] = (),
    labels: Sequence[str] = (),
    *,
    show_notes: bool = True,
) -> Drawing:
    """Put a legend and the notes below the axes, on a page that grows by as much as they need.

    Args:
        figure: from `new_figure`, its axes drawn.
        notes: what to say of the figure, a sentence each.
        handles: what the legend explains; none: no legend.
        labels: the words for each of them; wrapped where one is wider than the page.
        show_notes: whether the notes stand on the page; they go with the drawing in any case.
    """
    width, height = (float(side) for side in figure.get_size_inches())
    printed = wrapped_notes(notes, width) if show_notes else []
    notes_height = len(printed) * SMALL * _LEADING / 72 + (_GAP if printed else 0)
    legend = legend_width = None
    legend_height = 0.0
    if handles:
        legend, legend_width, legend_height = _legend(figure, handles, labels, width)
        legend_height += _GAP
    below = notes_height + legend_height + _GAP
    total = height + below
    figure.set_size_inches(width, total)
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, below / total, 1, 1 - below / total))
    if legend is not None and legend_width is not None:
        legend.set_bbox_to_anchor(((width - legend_width) / 2 / width, (notes_height + _GAP) / total))
    if printed:
        words = figure.text(
            _GAP / width, _GAP / total, "\n".join(printed), size=SMALL, color=FAINT, va="bottom", linespacing=_LEADING
        )
        words.set_in_layout(False)
    return Drawing(figure, tuple(notes))


def legend_beside(axes: Axes, handles: Sequence[Any], labels: Sequence[str], letters: int = 34) -> None:
    """A legend right of one of several panels."""
    words = [textwrap.fill(label, letters) for label in labels]
    axes.legend(handles, words, loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0)


def wrapped_notes(notes: Sequence[str], width: float) -> list[str]:
    """The notes in lines that fit a page of `width` inches; of too many, the first, and that there are more."""
    lines = wrap_to(" ".join(notes), width - 2 * _GAP, SMALL) if notes else []
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], "… (`hglab figure` prints the rest)"]
    return lines


def wrap_to(words: str, width: float, size: float) -> list[str]:
    """Words in lines of at most `width` inches, as they are printed in `size` points. A longer word is broken."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        while text_width(word, size) > width and len(word) > 1:
            part = next(end for end in range(len(word) - 1, 0, -1) if end == 1 or text_width(word[:end], size) <= width)
            lines[-1:] = [word[:part], ""]
            word = word[part:]
        lines[-1] = word
    return lines


def text_width(words: str, size: float) -> float:
    """How wide words are in the figures' font, in inches."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=["DejaVu Sans"])))
    font.set_size(size, 72)
    font.set_text(words, 0.0)
    return float(font.get_width_height()[0]) / 64 / 72


def fit(text: Text, width: float, least: float = SMALL) -> None:
    """Make a text's letters smaller until it is at most `width` inches wide, but not below `least` points."""
    size = float(text.get_fontsize())
    while size > least and text_width(text.get_text(), size) > width:
        size -= 0.25
    text.set_fontsize(size)


def _legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str], width: float) -> tuple[Any, float, float]:
    """The legend with as many columns as fit, and its width and height in inches."""
    words = ["\n".join(wrap_to(label, width - 0.6, SMALL)) for label in labels]
    canvas: Any = figure.canvas  # of Agg, see `new_figure`
    for columns in range(min(len(words), 4), 0, -1):
        legend = figure.legend(
            handles, words, loc="lower left", ncols=columns, borderaxespad=0, borderpad=0, columnspacing=1.2
        )
        legend.set_in_layout(False)
        box = legend.get_window_extent(canvas.get_renderer())
        size = box.width / figure.dpi, box.height / figure.dpi
        if columns == 1 or size[0] <= width - 2 * _GAP:
            return legend, *size
        legend.remove()
    raise AssertionError("one column always ends the search")
