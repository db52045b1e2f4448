"""Axes for variants: one set where they can be told apart, else several below one another that share their axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from analysis.figures.choosing import Choice
from analysis.figures.page import Drawing, finish, legend_beside, new_figure
from analysis.figures.style import COLUMN, PAGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from search_space import Variant

Draw = Callable[["Axes", "Sequence[Variant]"], "Sequence[tuple[Any, str]]"]
"""Draws some variants into axes, and gives what the legend shows: a handle and its words for each."""


def draw_panels(
    choice: Choice,
    draw: Draw,
    notes: Sequence[str],
    *,
    x_label: str,
    y_label: str,
    width: float = COLUMN,
    height: float = 2.3,
    show_notes: bool = True,
) -> Drawing:
    """A figure of one panel with its legend below, or of several with a legend beside each.

    Args:
        choice: the variants, panel by panel.
        draw: draws a panel.
        notes: what to say of the figure; that of the choice is added.
        x_label: of the horizontal axis, with its unit.
        y_label: of the vertical axis, with its unit.
        width: of a figure of one panel, in inches; several take the whole page.
        height: of each panel, in inches.
        show_notes: whether the notes stand on the figure.
    """
    said = [*notes, *([choice.note] if choice.note else [])]
    if len(choice.panels) == 1:
        figure = new_figure(width, height)
        axes = figure.subplots()
        shown = draw(axes, choice.panels[0])
        axes.set(xlabel=x_label, ylabel=y_label)
        handles, labels = [handle for handle, _ in shown], [words for _, words in shown]
        return finish(figure, said, handles, labels, show_notes=show_notes)
    figure = new_figure(PAGE, min(height, 1.9) * len(choice.panels))
    rows: Sequence[Axes] = figure.subplots(len(choice.panels), 1, sharex=True, sharey=True)
    for axes, panel in zip(rows, choice.panels, strict=True):
        shown = draw(axes, panel)
        axes.set_ylabel(y_label)
        legend_beside(axes, [handle for handle, _ in shown], [words for _, words in shown])
    rows[-1].set_xlabel(x_label)
    return finish(figure, said, show_notes=show_notes)
