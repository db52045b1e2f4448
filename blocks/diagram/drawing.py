"""A diagram as a picture: SVG, PNG or PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from blocks.diagram.graph import Box, Diagram, Style
from blocks.diagram.layout import Layout, Point, lay_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png", ".pdf")


class _Look(NamedTuple):
    fill: str
    edge: str
    line: float = 1.0


# Blue and orange of Okabe & Ito (2008), which the colour-blind can tell apart; orange is the darker one in grey.
_LOOKS: Mapping[Style, _Look] = MappingProxyType(
    {
        "plain": _Look("none", "none"),
        "binary": _Look("#d6ebf8", "#0072b2"),
        "real": _Look("#f3b562", "#a35200", 1.6),
        "convolution": _Look("#fdecd0", "#a35200", 1.6),
        "sum": _Look("#ffffff", "#222222"),
        "concat": _Look("#e9e9e9", "#222222"),
        "step": _Look("#ffffff", "#777777"),
    }
)
_INK = "#222222"
_FONTS = ("DejaVu Sans", "sans-serif")  # the first comes with matplotlib; the widths of boxes are measured in it
_SIZE, _SMALL, _TITLE = 9.0, 7.5, 10.0
_MARGIN = 12.0
_LEAST_WIDTH = 220.0
_LEADING = 1.3


def draw_diagram(diagram: Diagram, title: str, subtitle: str, path: Path, dots_per_inch: int = 200) -> None:
    """Write a diagram to a file: .svg (its text stays text), .png or .pdf. The same diagram gives the same bytes.

    Raises:
        ValueError: for a file name that ends otherwise.
        OSError: if the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"a diagram is written as {', '.join(SUFFIXES)}, not {path.name}")
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    layout = diagram_layout(diagram)
    legend_width = max((34 + _text_width(words, _SMALL) for _, words in diagram.legend), default=0.0)
    inner = max(layout.width, legend_width, _text_width(subtitle, _SMALL), _LEAST_WIDTH)
    titles = _wrapped(title, inner)
    head = len(titles) * _TITLE * _LEADING + (_SMALL * _LEADING if subtitle else 0) + 14
    foot = 10 + len(diagram.legend) * 15
    width, height = inner + 2 * _MARGIN, head + layout.height + foot + 2 * _MARGIN
    # The style is the drawing's own, whatever the user's matplotlib is set to; no name is random, no date is written.
    metadata = {".svg": {"Date": None, "Creator": "hglab"}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}
    with rc_context(
        {
            "font.family": list(_FONTS),
            "pdf.fonttype": 42,
            "svg.fonttype": "none",
            "svg.hashsalt": "hglab",
            "text.parse_math": False,
            "text.usetex": False,
        }
    ):
        figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        y = _MARGIN
        for line in titles:
            axes.text(width / 2, y, line, size=_TITLE, weight="bold", color=_INK, ha="center", va="top")
            y += _TITLE * _LEADING
        axes.text(width / 2, y, subtitle, size=_SMALL, color=_INK, ha="center", va="top")
        _draw(axes, diagram, layout, (width - layout.width) / 2, _MARGIN + head)
        y = _MARGIN + head + layout.height + 10
        for number, (entry, words) in enumerate(diagram.legend):
            middle = y + 15 * number + 7.5
            _rectangle(axes, _LOOKS[entry], (width - legend_width) / 2 + 12, middle, 24, 9)
            axes.text((width - legend_width) / 2 + 32, middle, words, size=_SMALL, color=_INK, va="center_baseline")
        suffix = path.suffix.lower()
        figure.savefig(path, format=suffix[1:], dpi=dots_per_inch, metadata=metadata[suffix])


def diagram_layout(diagram: Diagram) -> Layout:
    """Where everything goes: boxes as large as their text, concatenations as wide as what they read."""
    return lay_out(
        [_size(box) for box in diagram.boxes],
        diagram.arrows,
        bars=[number for number, box in enumerate(diagram.boxes) if box.style == "concat"],
        circles=[number for number, box in enumerate(diagram.boxes) if box.style == "sum"],
    )


def _draw(axes: Axes, diagram: Diagram, layout: Layout, left: float, top: float) -> None:
    for way in layout.ways:
        _arrow(axes, [(x + left, y + top) for x, y in way])
    for box, (x, y), (width, height) in zip(diagram.boxes, layout.centres, layout.sizes, strict=True):
        look = _LOOKS[box.style]
        x, y = x + left, y + top
        if box.style == "sum":
            _circle(axes, look, x, y, width / 2)
            continue
        for behind in range(2 if box.copies > 1 else 0, 0, -1):  # a stack of cards
            _rectangle(axes, look, x + 3 * behind, y + 3 * behind, width, height)
        if box.style != "plain":
            _rectangle(axes, look, x, y, width, height)
        first = y - (len(box.lines) - 1) * _SMALL * _LEADING / 2
        for number, line in enumerate(box.lines):
            size = _SIZE if number == 0 else _SMALL
            axes.text(
                x, first + number * _SMALL * _LEADING, line, size=size, color=_INK, ha="center", va="center_baseline"
            )


def _rectangle(axes: Axes, look: _Look, x: float, y: float, width: float, height: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=3",
            facecolor=look.fill,
            edgecolor=look.edge,
            linewidth=look.line,
        )
    )


def _circle(axes: Axes, look: _Look, x: float, y: float, radius: float) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((x, y), radius, facecolor=look.fill, edgecolor=look.edge, linewidth=look.line))
    arm = radius * 0.5
    axes.plot([x - arm, x + arm], [y, y], color=look.edge, linewidth=1.2)
    axes.plot([x, x], [y - arm, y + arm], color=look.edge, linewidth=1.2)


def _arrow(axes: Axes, points: Sequence[Point]) -> None:
    """A line with round corners and a head."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Outline

    corners = [points[0]]
    for point, after in pairwise(points[1:]):
        before = corners[-1]
        # A corner is where the direction changes; a place that an arrow passes straight through is none.
        if (before[0] == point[0]) != (point[0] == after[0]):
            corners.append(point)
    corners.append(points[-1])
    vertices, codes = [corners[0]], [Outline.MOVETO]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        vertices += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [Outline.LINETO, Outline.CURVE3, Outline.CURVE3]
    vertices.append(corners[-1])
    codes.append(Outline.LINETO)
    axes.add_patch(
        FancyArrowPatch(
            path=Outline(vertices, codes),
            arrowstyle="-|>,head_length=4.5,head_width=2.2",
            mutation_scale=1,
            facecolor=_INK,
            edgecolor=_INK,
            linewidth=1.0,
            shrinkA=0,
            shrinkB=0,
            joinstyle="miter",
        )
    )


def _towards(corner: Point, other: Point, radius: float = 4.0) -> Point:
    distance = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    share = min(radius, distance / 2) / distance
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share


def _size(box: Box) -> tuple[float, float]:
    """The least width and height of a box, in points."""
    if box.style == "sum":
        return 16.0, 16.0
    sizes = [_SIZE] + [_SMALL] * (len(box.lines) - 1)
    width = max(_text_width(line, size) for line, size in zip(box.lines, sizes, strict=True))
    height = _SIZE * _LEADING + (len(box.lines) - 1) * _SMALL * _LEADING
    return (width, height) if box.style == "plain" else (width + 14, height + 7)


def _text_width(text: str, size: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    properties = FontProperties(family=list(_FONTS), size=size)
    return float(text_to_path.get_text_width_height_descent(text, properties, ismath=False)[0])


def _wrapped(text: str, width: float) -> list[str]:
    """The text in lines that are no wider than `width`, in bold at the size of a title."""
    lines: list[str] = []
    for word in text.replace("Fig. ", "Fig.\N{NO-BREAK SPACE}").split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _text_width(longer, _TITLE) * 1.12 <= width:  # bold is about that much wider
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
