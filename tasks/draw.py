"""A picture of predictions: crops with the predicted skeletons and dots where the landmarks are."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from tasks.annotations import FloatArray
from tasks.frames import crop_size, image_to_crop
from tasks.metrics import SCORED_JOINTS, normalised_errors
from tasks.pose import Split
from tasks.skeleton import MPII_JOINTS, MPII_LIMBS, PELVIS, THORAX

TILE: Final = 256
"""Side of a tile, in pixels."""

_STRIP: Final = 40  # height of a tile's title, which has two lines
_GAP: Final = 8
_LEGEND: Final = 30
_OVERSAMPLE: Final = 3  # Pillow draws without anti-aliasing: draw large, then shrink
_THRESHOLD: Final = 0.5

# Okabe and Ito's colours, which people with any colour vision tell apart.
_RIGHT: Final = (230, 159, 0)
_LEFT: Final = (86, 180, 233)
_MIDDLE: Final = (204, 121, 167)
COLOURS: Final = MappingProxyType({"right": _RIGHT, "left": _LEFT, "middle": _MIDDLE})
"""What the colours of limbs mean: the body's own right and left."""
_TARGET: Final = (255, 255, 255)
_OUTLINE: Final = (20, 20, 20)
_PAPER: Final = (255, 255, 255)
_INK: Final = (25, 25, 25)
_FAINT: Final = (105, 105, 105)


def draw_poses(
    split: Split, indices: npt.ArrayLike, predicted: npt.ArrayLike, target: npt.ArrayLike, columns: int = 4
) -> Image.Image:
    """Draw people of a split in a grid: the crop, the predicted skeleton, dots at the annotated landmarks.

    Predicted and target n x 16 x 2 in image pixels, for the n people `indices`. Limbs are coloured by the body's own
    right (orange) and left (blue). The title says how many of the annotated joints (of the fourteen that PCKh scores)
    are within half a head size, and their mean error in head sizes. Raises ValueError for other shapes or no people.
    """
    rows = np.asarray(indices, dtype=np.int64).reshape(-1)
    shape = (len(rows), len(MPII_JOINTS), 2)
    found, truth = np.asarray(predicted, dtype=np.float32), np.asarray(target, dtype=np.float32)
    if len(rows) == 0 or found.shape != shape or truth.shape != shape:
        raise ValueError(f"predicted {found.shape} and target {truth.shape} must be {shape} for {len(rows)} people")
    crop_set = split.crop_set
    errors = normalised_errors(found, truth, crop_set.head_size[rows], crop_set.visible[rows])[:, list(SCORED_JOINTS)]
    tiles = draw_tiles(split, rows, found, truth)
    columns = max(1, min(columns, len(rows)))
    lines = -(-len(rows) // columns)
    sheet = Image.new("RGB", (columns * (TILE + _GAP) + _GAP, lines * (TILE + _STRIP + _GAP) + _GAP + _LEGEND), _PAPER)
    for i, row in enumerate(rows.tolist()):
        left = _GAP + (i % columns) * (TILE + _GAP)
        top = _GAP + (i // columns) * (TILE + _STRIP + _GAP)
        _draw_title(sheet, (left, top), crop_set.images[row], errors[i])
        sheet.paste(tiles[i], (left, top + _STRIP))
    _draw_legend(sheet, sheet.height - _LEGEND)
    return sheet


def draw_tiles(
    split: Split, indices: npt.ArrayLike, predicted: npt.ArrayLike, target: npt.ArrayLike
) -> list[Image.Image]:
    """Draw each of these people without words, `TILE` pixels a side; arguments as for `draw_poses`."""
    rows = np.asarray(indices, dtype=np.int64).reshape(-1)
    found, truth = np.asarray(predicted, dtype=np.float32), np.asarray(target, dtype=np.float32)
    crop_set, side = split.crop_set, split.resolution
    visible, pixels = crop_set.visible[rows], crop_set.pixels(rows)
    skeletons, dots = (
        _to_tile(image_to_crop(points, crop_set.centre[rows], crop_set.side[rows], side), side)
        for points in (_with_trunk(found, crop_set.visible), truth)
    )
    return [_draw_tile(pixels[i], side, skeletons[i], dots[i], visible[i]) for i in range(len(rows))]


def _with_trunk(found: FloatArray, visible: npt.NDArray[np.bool_]) -> FloatArray:
    """Put pelvis and thorax between hips and shoulders if the data set does not annotate them (LSP).

    The network never learnt them there, so what it says of them would draw a trunk that means nothing.
    """
    found = found.copy()
    for joint, right, left in ((PELVIS, 2, 3), (THORAX, 12, 13)):
        if not visible[:, joint].any():
            found[:, joint] = (found[:, right] + found[:, left]) / 2
    return found


def _to_tile(points: FloatArray, resolution: int) -> FloatArray:
    """Map crop pixels to pixels of the oversampled tile, which shows the network's input."""
    margin = (crop_size(resolution) - resolution) / 2
    scaled: FloatArray = (points - margin + 0.5) * (TILE * _OVERSAMPLE / resolution) - 0.5
    return scaled


def _draw_tile(
    pixels: npt.NDArray[np.uint8], resolution: int, found: FloatArray, truth: FloatArray, visible: npt.NDArray[np.bool_]
) -> Image.Image:
    margin = (crop_size(resolution) - resolution) // 2
    window = pixels[:, margin : margin + resolution, margin : margin + resolution].transpose(1, 2, 0)
    side = TILE * _OVERSAMPLE
    tile = Image.fromarray(np.ascontiguousarray(window)).resize((side, side), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(tile)
    unit = _OVERSAMPLE
    # Far outside of the picture Pillow's coordinates could overflow; a limb leaving it looks the same.
    found = np.clip(found, -4 * side, 5 * side)
    for thickness, outlined in ((5.5 * unit, True), (3 * unit, False)):
        for first, second in MPII_LIMBS:
            colour = _OUTLINE if outlined else _limb_colour(first, second)
            _draw_limb(draw, found[first], found[second], thickness, colour)
    for joint in range(len(found)):
        _draw_disc(draw, found[joint], 3.4 * unit, _OUTLINE)
        _draw_disc(draw, found[joint], 2.3 * unit, _joint_colour(joint))
    for place in truth[visible]:
        _draw_disc(draw, place, 3.0 * unit, _OUTLINE)
        _draw_disc(draw, place, 1.9 * unit, _TARGET)
    return tile.reduce(_OVERSAMPLE)


def _draw_limb(
    draw: ImageDraw.ImageDraw, start: FloatArray, end: FloatArray, thickness: float, colour: tuple[int, int, int]
) -> None:
    draw.line([(float(start[0]), float(start[1])), (float(end[0]), float(end[1]))], fill=colour, width=round(thickness))
    for point in (start, end):
        _draw_disc(draw, point, thickness / 2, colour)


def _draw_disc(draw: ImageDraw.ImageDraw, place: FloatArray, radius: float, colour: tuple[int, int, int]) -> None:
    x, y = float(place[0]), float(place[1])
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _joint_colour(joint: int) -> tuple[int, int, int]:
    side = MPII_JOINTS[joint].split()[0]
    return {"right": _RIGHT, "left": _LEFT}.get(side, _MIDDLE)


def _limb_colour(first: int, second: int) -> tuple[int, int, int]:
    """Colour a limb by its joint that has a side, if one has."""
    colours = [colour for colour in (_joint_colour(first), _joint_colour(second)) if colour != _MIDDLE]
    return colours[0] if colours else _MIDDLE


def _draw_title(sheet: Image.Image, place: tuple[int, int], name: str, errors: npt.NDArray[np.float64]) -> None:
    known = errors[np.isfinite(errors)]
    draw = ImageDraw.Draw(sheet)
    if known.size:
        title = f"{int((known <= _THRESHOLD).sum())} of {known.size} joints, error {known.mean():.2f} head sizes"
    else:
        title = "head size or joints not annotated"
    draw.text((place[0], place[1] + 1), title, fill=_INK, font=_fit(draw, title, 15))
    draw.text((place[0], place[1] + 20), name, fill=_FAINT, font=_fit(draw, name, 12))


def _fit(draw: ImageDraw.ImageDraw, text: str, size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Give Pillow's own font at this size, or smaller so that the text fits over a tile."""
    while size > 8 and draw.textlength(text, font=ImageFont.load_default(size)) > TILE:
        size -= 1
    return ImageFont.load_default(size)


def _draw_legend(sheet: Image.Image, top: int) -> None:
    """Explain the colours on one line; on a narrow sheet what does not fit is left out."""
    scale = _OVERSAMPLE
    strip = Image.new("RGB", (sheet.width * scale, _LEGEND * scale), _PAPER)
    draw = ImageDraw.Draw(strip)
    font = ImageFont.load_default(13 * scale)
    x, middle = float(_GAP * scale), _LEGEND * scale / 2
    for label, colour in (*COLOURS.items(), ("annotated", None)):
        width = 18 * scale
        if colour is None:
            _draw_disc(draw, np.array([x + width / 2, middle], np.float32), 4 * scale, _OUTLINE)
            _draw_disc(draw, np.array([x + width / 2, middle], np.float32), 2.6 * scale, _TARGET)
        else:
            ends = [np.array([x + d * scale, middle], np.float32) for d in (2, 16)]
            _draw_limb(draw, ends[0], ends[1], 4 * scale, colour)
        draw.text((x + width + 4 * scale, middle), label, fill=_INK, font=font, anchor="lm")
        x += width + 4 * scale + draw.textlength(label, font=font) + 16 * scale
    sheet.paste(strip.reduce(_OVERSAMPLE), (0, top))
