"""A figure that can be drawn of a study."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.figures.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.figures.material import Material
    from analysis.figures.page import Drawing

Need = Literal["record", "predictions", "weights"]


@dataclass(frozen=True)
class FigureKind:
    """A figure: what it is called, what it shows, what it is drawn from.

    Attributes:
        name: as in `hglab figure NAME`.
        title: what stands above it in a report.
        help: what it shows, in a sentence.
        paper: the paper's figures that it corresponds to, "" for none.
        needs: record: it is drawn from metrics alone; predictions: from those that trials keep; weights: from trained
            weights in the folder of runs.
        module: where it is drawn: `draw(material) -> Drawing`. Imported when the figure is.
    """

    name: str
    title: str
    help: str
    paper: str
    needs: Need
    module: str

    def make(self, material: Material) -> Drawing:
        """Draw it; what is to be said of it goes along.

        Raises:
            NothingToDraw: where the record has nothing for it.
            InputError: for options that do not fit, and a record, data or weights that cannot be read.
        """
        draw = importlib.import_module(self.module).draw
        with styled():
            drawing: Drawing = draw(material)
        return drawing

    def draw(self, material: Material) -> Figure:
        """As `make`, the figure alone. Save it with `analysis.figures.saving`, which keeps its style."""
        return self.make(material).figure
