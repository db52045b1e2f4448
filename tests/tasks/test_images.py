from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.errors import DataError
from tasks.images import read_rgb, read_rgb_reduced


@pytest.mark.parametrize(
    ("mode", "suffix"), [("RGB", "jpg"), ("L", "jpg"), ("CMYK", "jpg"), ("P", "png"), ("RGBA", "png")]
)
def test_every_mode_comes_as_rgb(tmp_path: Path, mode: str, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    grey = Image.new("RGB", (20, 30), (90, 90, 90))
    (grey.quantize() if mode == "P" else grey.convert(mode)).save(path)
    image = read_rgb(path)
    assert (image.shape, image.dtype) == ((30, 20, 3), np.uint8)
    assert np.abs(image.astype(int) - 90).max() <= 4


@pytest.mark.parametrize(("limit", "factor"), [(1, 1), (2, 2), (3, 2), (4, 4), (7, 4), (8, 8), (100, 8)])
def test_a_reduced_jpeg_is_the_average_of_blocks(tmp_path: Path, limit: int, factor: int) -> None:
    coarse = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((128, 192), Image.Resampling.BICUBIC).save(tmp_path / "a.jpg", quality=98)
    whole = read_rgb(tmp_path / "a.jpg").astype(float)
    small, found = read_rgb_reduced(tmp_path / "a.jpg", limit)
    assert found == factor
    blocks = whole.reshape(192 // factor, factor, 128 // factor, factor, 3).mean(axis=(1, 3))
    assert small.shape == blocks.shape
    assert np.abs(small - blocks).mean() < 2


def test_other_formats_come_whole(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert read_rgb_reduced(tmp_path / "a.png", 8)[1] == 1


@pytest.mark.parametrize(
    "content", [b"", b"no image", b"\xff\xd8\xff\xe0 half a header", b"\x89PNG\r\n\x1a\n and no more"]
)
def test_an_image_that_does_not_decode(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "im00007.jpg").write_bytes(content)
    with pytest.raises(DataError, match=r"image does not decode: .*im00007.jpg .*replace the file"):
        read_rgb(tmp_path / "im00007.jpg")


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_truncated_image(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=f"does not decode: .*image.{suffix}"):
        read_rgb(path)


def test_a_missing_image(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"image not found: .*im1.jpg: restore"):
        read_rgb(tmp_path / "im1.jpg")
