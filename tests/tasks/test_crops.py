from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.annotations import Annotations
from tasks.crops import CROPS_VERSION, cached_crops, cut_crop
from tasks.errors import DataError
from tasks.frames import crop_size, image_to_crop
from tasks.images import read_rgb, read_rgb_reduced
from tasks.lsp import LSP_SIDE, read_lsp
from tasks.mpii import HEAD_FROM_JOINTS

Make = Callable[..., Annotations]


def _open(folder: Path, annotations: Annotations | None, **changes: Any) -> Any:
    def annotate() -> Annotations:
        assert annotations is not None, "the cache was not used"
        return annotations

    arguments: dict[str, Any] = {
        "version": "made-1",
        "split": "train",
        "resolution": 64,
        "count": None,
        "cache_dir": folder,
        "annotate": annotate,
    }
    return cached_crops(**(arguments | changes))


@pytest.mark.parametrize("resolution", [32, 64, 100, 256])
def test_a_dot_is_where_the_landmark_is(people: Make, centre_of_mass: Callable[..., Any], resolution: int) -> None:
    data = people(8)
    places = image_to_crop(data.points, data.centre, data.side, resolution)
    for i in range(8):
        crop = cut_crop(data, i, resolution)
        assert crop.shape == (3, crop_size(resolution), crop_size(resolution))
        np.testing.assert_allclose(centre_of_mass(crop[1]), places[i, 0], atol=0.1)


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_a_dot_in_a_large_jpeg(
    tmp_path: Path, dots: Callable[..., Any], centre_of_mass: Callable[..., Any], factor: int
) -> None:
    """Decoding at a part of the size moves nothing, sizes that do not divide included."""
    from PIL import Image

    place, path = (301.3, 222.8), tmp_path / "large.jpg"
    Image.fromarray(dots(place, 643, 517, 4.0 * factor)).save(path, quality=97)
    side = 64.0 * (factor + 0.3)
    data = Annotations(
        images=("large.jpg",),
        points=np.array([[place]], np.float32),
        visible=np.ones((1, 1), bool),
        centre=np.array([[290.4, 231.7]], np.float32),
        side=np.array([side], np.float32),
        head_size=np.ones(1, np.float32),
        read=lambda i: read_rgb(path),
        read_reduced=lambda i, limit: read_rgb_reduced(path, limit),
    )
    assert read_rgb_reduced(path, factor)[1] == factor
    expected = image_to_crop(data.points, data.centre, data.side, 64)[0, 0]
    crop = cut_crop(data, 0, 64)[1].astype(float)
    crop[crop < 12] = 0  # JPEG's ringing
    np.testing.assert_allclose(centre_of_mass(crop), expected, atol=0.12)


def test_black_where_the_image_ends(people: Make) -> None:
    data = replace(people(1), read=lambda i: np.full((90, 100, 3), 255, np.uint8), side=np.array([400.0], np.float32))
    crop = cut_crop(data, 0, 64)
    assert crop[:, 0].max() == 0
    assert crop[:, 40, 40].min() == 255
    far = replace(data, centre=np.array([[5000.0, -5000.0]], np.float32))
    assert cut_crop(far, 0, 64).max() == 0


def test_shrinking_averages(people: Make) -> None:
    """A fine checkerboard becomes grey, not a pattern."""
    board = ((np.indices((400, 400)).sum(axis=0) % 2) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    data = replace(
        people(1),
        read=lambda i: board,
        centre=np.array([[200.0, 200.0]], np.float32),
        side=np.array([250.0], np.float32),
    )
    crop = cut_crop(data, 0, 32).astype(int)
    assert np.abs(crop - 127).max() < 12


def test_made_once_then_read(people: Make, tmp_path: Path) -> None:
    data = people(5)
    progress: list[tuple[str, int, int]] = []
    made = _open(tmp_path / "new" / "cache", data, progress=lambda *step: progress.append(step))
    assert progress == [("train", i, 5) for i in range(1, 6)]
    again = _open(tmp_path / "new" / "cache", None)
    for field in ("points", "image_points", "visible", "centre", "side", "head_size"):
        np.testing.assert_array_equal(getattr(again, field), getattr(made, field))
    np.testing.assert_array_equal(again.image_points, data.points)
    np.testing.assert_array_equal(again.visible, data.visible)
    assert (again.images, again.head_size_rule) == (data.images, "made up")
    pixels = again.pixels([3, 0, 3])
    for row, index in enumerate([3, 0, 3]):
        np.testing.assert_array_equal(pixels[row], cut_crop(data, index, 64))
    assert again.pixels([]).shape == (0, 3, 80, 80)
    assert not [name for name in os.listdir(tmp_path / "new" / "cache") if name.endswith(".part")]


@pytest.mark.parametrize("index", [-1, 5])
def test_no_crop_beyond_the_last(people: Make, tmp_path: Path, index: int) -> None:
    with pytest.raises(IndexError):
        _open(tmp_path, people(5)).pixels([0, index])


@pytest.mark.parametrize("change", [{"version": "made-2"}, {"split": "validation"}, {"resolution": 32}, {"count": 5}])
def test_not_reused_for_anything_else(people: Make, tmp_path: Path, change: dict[str, Any]) -> None:
    _open(tmp_path, people(5))
    other = _open(tmp_path, people(5, seed=1), **change)
    np.testing.assert_array_equal(other.image_points, people(5, seed=1).points)
    np.testing.assert_array_equal(_open(tmp_path, None).image_points, people(5).points)


def _damage(folder: Path, suffix: str, content: Callable[[bytes], bytes]) -> None:
    (path,) = folder.glob(f"*{suffix}")
    path.write_bytes(content(path.read_bytes()))


@pytest.mark.parametrize("suffix", [".crops", ".npz"])
@pytest.mark.parametrize(
    "content", [lambda old: b"", lambda old: old[:-1], lambda old: old[: len(old) // 2], lambda old: old + b"x"]
)
def test_a_damaged_cache_is_made_again(
    people: Make, tmp_path: Path, suffix: str, content: Callable[[bytes], bytes]
) -> None:
    _open(tmp_path, people(4))
    _damage(tmp_path, suffix, content)
    crops = _open(tmp_path, people(4))
    np.testing.assert_array_equal(crops.pixels([2])[0], cut_crop(people(4), 2, 64))


@pytest.mark.parametrize("suffix", [".crops", ".npz"])
def test_half_a_cache_is_made_again(people: Make, tmp_path: Path, suffix: str) -> None:
    _open(tmp_path, people(2))
    next(tmp_path.glob(f"*{suffix}")).unlink()
    assert len(_open(tmp_path, people(2))) == 2


def test_a_cache_that_shrinks_or_goes_in_use(people: Make, tmp_path: Path) -> None:
    crops = _open(tmp_path, people(3))
    _damage(tmp_path, ".crops", lambda old: old[:-5])
    with pytest.raises(DataError, match=r"is too short: delete it"):
        crops.pixels([2])
    crops.path.unlink()
    with pytest.raises(DataError, match=r"cannot be read .*run again"):
        crops.pixels([0])


def test_an_image_that_does_not_decode_leaves_no_cache(write_lsp: Callable[..., Path], tmp_path: Path) -> None:
    root = write_lsp()
    (root / "images/im00006.jpg").write_bytes((root / "images/im00006.jpg").read_bytes()[:400])
    with pytest.raises(DataError, match=r"does not decode: .*im00006.jpg"):
        _open(tmp_path / "cache", read_lsp(root, "train"))
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} == {".lock"}


def test_a_cache_folder_that_cannot_be_made(people: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be written .*name another folder"):
        _open(tmp_path / "file" / "cache", people(2))


def test_empty_split(people: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the train split is empty"):
        _open(tmp_path, people(0))


def test_several_processes_make_it_once(tmp_path: Path) -> None:
    code = f"""
import time, numpy as np
from pathlib import Path
from tasks.annotations import Annotations
from tasks.crops import cached_crops
folder = Path({str(tmp_path)!r})
def read(i):
    time.sleep(0.02)
    return np.full((50, 50, 3), i, np.uint8)
def annotate():
    with open(folder / "made", "a") as file:
        file.write("x")
    n = 20
    return Annotations(images=("a",) * n, points=np.zeros((n, 16, 2), np.float32), visible=np.ones((n, 16), bool),
        centre=np.full((n, 2), 25, np.float32), side=np.full(n, 20, np.float32),
        head_size=np.ones(n, np.float32), read=read)
(folder / "cache").mkdir(exist_ok=True)
crops = cached_crops("made-1", "train", 32, None, folder / "cache", annotate)
print(crops.pixels(range(20))[:, 0, 20, 20].tolist())
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert out.strip() == str(list(range(20))), err
    assert (tmp_path / "made").read_text() == "x"


def test_a_process_that_died_does_not_block(people: Make, tmp_path: Path) -> None:
    """What a killed process leaves behind, its lock file and half a file, does not stop the next."""
    crops = _open(tmp_path, people(2))
    crops.path.with_suffix(".npz").unlink()
    crops.path.rename(crops.path.with_suffix(".crops.part"))
    assert crops.path.with_suffix(".lock").exists()
    assert len(_open(tmp_path, people(2))) == 2


GOLDEN = (2, 1.35, 0.75, "e5c43b7b1164969d")
"""What is stored in a cache of this version: how squares and head sizes are found, and the pixels of a crop."""


def test_values_change_only_with_the_version() -> None:
    """If this fails, caches made before hold other values: raise CROPS_VERSION and renew GOLDEN."""
    picture = np.random.default_rng(7).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    data = Annotations(
        images=("noise",),
        points=np.zeros((1, 16, 2), np.float32),
        visible=np.ones((1, 16), bool),
        centre=np.array([[50.25, 60.5]], np.float32),
        side=np.array([71.3], np.float32),
        head_size=np.ones(1, np.float32),
        read=lambda i: picture,
    )
    crop = cut_crop(data, 0, 32)
    digest = hashlib.sha256(crop.tobytes()).hexdigest()[:16]
    assert (CROPS_VERSION, LSP_SIDE, HEAD_FROM_JOINTS, digest) == GOLDEN
