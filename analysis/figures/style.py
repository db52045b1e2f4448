"""How every figure looks: colours that the colour-blind tell apart, lines and marks that a grey print tells apart.

Colours are those of Okabe and Ito (2008) but for their yellow, which white paper swallows. Sizes are those of a paper
of two columns: nothing is below 7 pt at the width at which it is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

COLUMN: Final = 3.4
"""Width of a figure that takes one column, in inches."""
PAGE: Final = 7.0
"""Width of a figure that takes both columns, in inches."""

SMALL: Final = 7.0
TEXT: Final = 8.0
INK: Final = "#1a1a1a"
FAINT: Final = "#595959"
GRID: Final = "#dddddd"


@dataclass(frozen=True, slots=True)
class Look:
    """How a variant is drawn; any one of the four tells it from the others, with or without colour."""

    colour: str
    line: Any
    marker: str
    hatch: str


LOOKS: Final[tuple[Look, ...]] = (
    Look("#000000", "-", "o", ""),
    Look("#D55E00", (0, (5, 1.2)), "s", "////"),
    Look("#0072B2", (0, (1, 1)), "^", "...."),
    Look("#009E73", (0, (6, 1.2, 1.2, 1.2)), "D", "\\\\\\\\"),
    Look("#CC79A7", (0, (3, 1, 1, 1, 1, 1)), "v", "xxxx"),
    Look("#E69F00", (0, (8, 2)), "P", "----"),
    Look("#56B4E9", (0, (2, 1)), "X", "oooo"),
    Look("#808080", (0, (4, 1, 1, 1)), "*", "||||"),
)
"""As many variants as one set of axes tells apart. The first is the baseline's."""

MOST: Final = len(LOOKS)

_SETTINGS: Final[Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same on every machine
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "hatch.linewidth": 0.4,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "text.color": INK,
    "text.parse_math": False,  # a label with two dollar signs is no formula
    "text.usetex": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,  # TrueType, which journals ask for
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "hglab",
    "image.composite_image": True,
    "image.interpolation": "nearest",
}


@contextmanager
def styled() -> Iterator[None]:
    """While it lasts, figures look as this file says, whatever the user's matplotlib is set to."""
    import matplotlib
    from matplotlib import rc_context

    with rc_context():
        matplotlib.rcdefaults()
        with rc_context(_SETTINGS):
            yield


def shade(share: float) -> str:
    """A grey between white (0) and ink (1)."""
    level = round(255 - share * (255 - 26))
    return f"#{level:02x}{level:02x}{level:02x}"
