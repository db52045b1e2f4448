"""Renders a figure of the synthetic set: the scene drawn, then light, contrast and the noise of a sensor."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from tasks.errors import DataError
from tasks.synthetic.background import paint_background
from tasks.synthetic.canvas import NEUTRAL, Canvas
from tasks.synthetic.draws import Draws
from tasks.synthetic.figure import paint_figure
from tasks.synthetic.occluders import paint_occluder
from tasks.synthetic.outfit import sample_outfit
from tasks.synthetic.scene import Figure, sample_scene
from tasks.synthetic.shapes import ellipsoid

SMALLEST_SIZE: Final = 16
_VALUES: Final = np.arange(256, dtype=np.float64)
_MIDDLE: Final = 118.0


def _paint_ground_shadow(canvas: Canvas, figure: Figure) -> None:
    """Draw a soft spot under the lower foot: it stands on something."""
    feet = [figure.project(place) for place in figure.body.toes]
    x, y = max(feet, key=lambda foot: foot[1])
    for k in range(3):
        radius = figure.scale * (0.15 - 0.035 * k)
        canvas.shade(ellipsoid((x, y + 0.01), [(radius, 0.0), (0.0, 0.22 * radius)]), 0.68 - 0.1 * k)


def _develop(picture: Image.Image, draws: Draws) -> Image.Image:
    """Apply exposure, contrast and a cast to each channel; sometimes a slight blur."""
    contrast, exposure = draws.uniform(0.8, 1.15), draws.uniform(0.92, 1.28) * 255 / NEUTRAL
    table: list[int] = []
    for _ in range(3):
        gain = exposure * draws.uniform(0.94, 1.06)
        curve = _MIDDLE + contrast * (_VALUES * gain - _MIDDLE)
        table += np.clip(curve, 0, 255).astype(np.uint8).tolist()
    picture = picture.point(table)
    if draws.chance(0.2):
        picture = picture.filter(ImageFilter.GaussianBlur(draws.uniform(0.003, 0.007) * picture.width))
    return picture


def render(split: str, index: int, size: int) -> npt.NDArray[np.uint8]:
    """Render figure `index` of a split at size x size pixels.

    Shapes: uint8 size x size x 3, RGB. The picture is the same at every size, only finer; its joints are those of
    `tasks.synthetic.scene.sample_person`. Raises DataError for an unknown split, a negative index or a size under 16.
    """
    if size < SMALLEST_SIZE:
        raise DataError(f"synthetic figures cannot be rendered at {size} pixels: use {SMALLEST_SIZE} or more")
    scene = sample_scene(split, index)
    draws = scene.draws
    angle, strength = draws.uniform(0, 2 * math.pi), draws.uniform(0.5, 1.0)
    # Light comes from above more often than from below.
    canvas = Canvas(size, (strength * math.cos(angle), -strength * abs(math.sin(angle)) * 0.8))
    paint_background(canvas, draws)
    outfit, other = sample_outfit(draws), sample_outfit(draws)
    if scene.distractor is not None and scene.distractor_place == "behind":
        _paint_ground_shadow(canvas, scene.distractor)
        paint_figure(canvas, scene.distractor, other)
    _paint_ground_shadow(canvas, scene.person)
    paint_figure(canvas, scene.person, outfit)
    if scene.distractor is not None and scene.distractor_place == "before":
        paint_figure(canvas, scene.distractor, other)
    if scene.occluder:
        paint_occluder(canvas, draws)
    pixels = np.asarray(_develop(canvas.flatten(), draws), dtype=np.int16)
    # A sensor's noise is finer in a finer picture: averaged down it is weaker, so that sizes look alike.
    level = draws.uniform(1.5, 5.5) * min(1.5, max(0.7, size / 96)) / 52.0
    # How much noise is drawn depends on the size, so it is drawn last.
    noise = draws.triangular_noise(pixels.shape) * np.float32(level)
    noisy: npt.NDArray[np.uint8] = np.clip(pixels + noise.astype(np.int16), 0, 255).astype(np.uint8)
    return noisy
