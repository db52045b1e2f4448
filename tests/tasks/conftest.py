"""Small data sets that the tests of this room write themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from tasks.annotations import Annotations

WIDTH, HEIGHT = 60, 80


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


def noise_image(path: Path, seed: int, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Write a smooth random picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def write_lsp(tmp_path: Path) -> Callable[..., Path]:
    """Write an LSP folder of `count` images; `joints` replaces the random array."""

    def write(count: int = 10, extended: bool = True, joints: Any = None, key: str = "joints") -> Path:
        root = tmp_path / "lsp"
        (root / "images").mkdir(parents=True)
        rng = np.random.default_rng(1)
        if joints is None:
            joints = rng.uniform((5.0, 5.0), (WIDTH - 5.0, HEIGHT - 5.0), (count, 14, 2))
            joints = np.concatenate([joints, np.ones((count, 14, 1))], axis=2).transpose(1, 2, 0)  # 14 x 3 x N
            joints = joints if extended else joints.transpose(1, 0, 2)
        savemat(root / "joints.mat", {key: joints})
        for number in range(1, count + 1):
            noise_image(root / "images" / (f"im{number:05d}.jpg" if extended else f"im{number:04d}.jpg"), number)
        return root

    return write


def mpii_entry(number: int, **changes: Any) -> dict[str, Any]:
    """A person of an MPII JSON; changes replace keys, and a change to `None` removes one."""
    joints = np.random.default_rng(number).uniform(6, 54, (16, 2)).round(2)
    entry = {
        "image": f"{number:09d}.jpg",
        "joints": joints.tolist(),
        "joints_vis": [1] * 16,
        "center": [30.0, 40.0],
        "scale": 0.3,
    }
    return {key: value for key, value in (entry | changes).items() if value is not None}


@pytest.fixture
def write_mpii(tmp_path: Path) -> Callable[..., Path]:
    """Write an MPII folder with JSON annotations in annot/ (or `flat`: all in the root)."""

    def write(
        train: list[Any] | None = None, valid: list[Any] | None = None, flat: bool = False, single: bool = False
    ) -> Path:
        root = tmp_path / "mpii"
        annot, images = (root, root) if flat else (root / "annot", root / "images")
        annot.mkdir(parents=True)
        images.mkdir(exist_ok=True)
        train = [mpii_entry(n) for n in range(4)] if train is None else train
        valid = [mpii_entry(n) for n in range(4, 6)] if valid is None else valid
        if single:
            (annot / "annotations.json").write_text(json.dumps(train + valid))
        else:
            (annot / "train.json").write_text(json.dumps(train))
            (annot / "valid.json").write_text(json.dumps(valid))
        for number in range(6):
            noise_image(images / f"{number:09d}.jpg", number)
        return root

    return write


def dot_image(place: tuple[float, float], width: int, height: int, radius: float) -> np.ndarray:
    """A black picture, uint8 H x W x 3, with a Gaussian dot centred on `place` (x, y), to a fraction of a pixel."""
    y, x = np.mgrid[:height, :width]
    value = 255 * np.exp(-0.5 * ((x - place[0]) ** 2 + (y - place[1]) ** 2) / radius**2)
    return np.repeat(value[..., None], 3, axis=2).round().astype(np.uint8)


def centroid(image: np.ndarray) -> np.ndarray:
    """Centre of mass (x, y) of a picture H x W."""
    image = image.astype(np.float64)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(x * image).sum(), (y * image).sum()]) / image.sum()


@pytest.fixture
def people() -> Callable[..., Annotations]:
    """Make annotations in memory: `count` people with 16 landmarks; 100 x 90 pictures with a dot at landmark 0."""

    def make(count: int = 3, side: float = 60.0, seed: int = 0) -> Annotations:
        rng = np.random.default_rng(seed)
        centre = rng.uniform((45, 40), (55, 50), (count, 2)).astype(np.float32)
        points = (centre[:, None] + rng.uniform(-0.3, 0.3, (count, 16, 2)) * side).astype(np.float32)
        return Annotations(
            images=tuple(f"person {i}" for i in range(count)),
            points=points,
            visible=rng.random((count, 16)) < 0.9,
            centre=centre,
            side=np.full(count, side, np.float32),
            head_size=rng.uniform(8, 12, count).astype(np.float32),
            read=lambda i: dot_image((float(points[i, 0, 0]), float(points[i, 0, 1])), 100, 90, 2.0 * side / 60),
            head_size_rule="made up",
        )

    return make


@pytest.fixture
def make_entry() -> Callable[..., dict[str, Any]]:
    """`mpii_entry`, for tests that change an entry."""
    return mpii_entry


@pytest.fixture
def dots() -> Callable[..., np.ndarray]:
    """`dot_image`."""
    return dot_image


@pytest.fixture
def centre_of_mass() -> Callable[[np.ndarray], np.ndarray]:
    """`centroid`."""
    return centroid
