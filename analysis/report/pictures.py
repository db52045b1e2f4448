"""The figures of a report, as pictures that lie inside of the page; or why one is not there."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_space import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.figures.kind import FigureKind
    from analysis.figures.material import Material
    from analysis.figures.page import Drawing

_LARGEST = 350_000  # bytes of a picture; ten of them, in base64, stay below the 5 MB of a page
_PIXELS_PER_INCH = 128  # of CSS, where 96 is life size: print is read from nearer than a screen
_DENSITIES = (192, 128, 96, 64)  # pixels per inch of a picture

FINE, QUICK = _DENSITIES[:2]
"""How many pixels per inch a picture has: QUICK is drawn in half the time."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of a report.

    Attributes:
        name: as in `hglab figure NAME`.
        title: what stands above it.
        caption: what it shows, and what is to be said of it, a sentence each.
        alt: for those who do not see it.
        source: the picture as a data URI; None where there is none.
        width: in CSS pixels.
        reason: why there is none; None where there is one.
        png: the picture as a file, for the record.
    """

    name: str
    title: str
    caption: tuple[str, ...]
    alt: str
    source: str | None = None
    width: int = 0
    reason: str | None = None
    png: bytes = b""


def pictures(
    material: Material, names: Sequence[str], left_out: Mapping[str, str], density: int = FINE
) -> list[Picture]:
    """The figures of these names, one after the other.

    A figure that cannot be drawn does not undo the report: the reason stands in its place.

    Args:
        material: what they are drawn from.
        names: of `analysis.figures.catalogue.FIGURES`.
        left_out: reasons not to draw some of them, by name.
        density: pixels per inch, FINE or QUICK; a large picture gets fewer.
    """
    from analysis.figures.catalogue import FIGURES

    return [_picture(FIGURES[name], material, left_out.get(name), density) for name in names]


def _picture(kind: FigureKind, material: Material, left_out: str | None, density: int) -> Picture:
    from analysis.figures.material import NothingToDraw

    paper = f"After {kind.paper} of the paper." if kind.paper else ""
    caption = (kind.help, *([paper] if paper else []))
    alt = f"{kind.title} of the study {material.plan.expanded.study.name}. {kind.help}"

    def draw() -> Drawing:
        if left_out is not None:
            raise NothingToDraw(left_out)
        return kind.make(material)

    return picture_of(kind.name, kind.title, caption, alt, draw, density)


def picture_of(
    name: str, title: str, caption: tuple[str, ...], alt: str, draw: Callable[[], Drawing], density: int
) -> Picture:
    """What a function draws, as a picture; or, where it cannot, the reason.

    Args:
        name: of the figure.
        title: what stands above it.
        caption: what it shows, a sentence each.
        alt: for those who do not see it.
        draw: draws it.
        density: pixels per inch; a large picture gets fewer.
    """
    from analysis.figures.material import NothingToDraw

    try:
        drawing = draw()
        png = _png(drawing.figure, density)
        picture, media = _fitting(png, drawing.figure)
    except NothingToDraw as nothing:
        mend = f" ({nothing.mend})" if nothing.mend else ""
        return Picture(name, title, caption, alt, reason=f"{nothing}{mend}")
    except InputError as error:
        return Picture(name, title, caption, alt, reason=str(error))
    except Exception as error:  # a fault of the figure: the report says so, and the rest of it stands
        return Picture(name, title, caption, alt, reason=f"{type(error).__name__}: {error}")
    source = f"data:{media};base64,{base64.b64encode(picture).decode()}"
    width = round(float(drawing.figure.get_size_inches()[0]) * _PIXELS_PER_INCH)
    return Picture(name, title, (*caption, *drawing.notes), alt, source, width, png=png)


def _fitting(png: bytes, figure: Figure) -> tuple[bytes, str]:
    """A figure as PNG; where that is large (photographs), as WebP, with fewer pixels if it must be."""
    if len(png) <= _LARGEST:
        return png, "image/png"
    webp = _webp(png)
    for density in _DENSITIES[1:]:
        if len(webp) <= _LARGEST:
            break
        webp = _webp(_png(figure, density))
    return webp, "image/webp"


def _png(figure: Figure, density: int) -> bytes:
    from analysis.figures.saving import to_bytes

    return to_bytes(figure, "png", density)


def _webp(png: bytes) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(buffer, "WEBP", quality=85, method=4)
    return buffer.getvalue()
