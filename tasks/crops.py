"""Cached crops: every person cut out of their photograph once, at the resolution that is trained on.

A set of crops is two files in the cache folder: `.crops`, the raw pixels N x 3 x S x S uint8, and `.npz`, everything
else. Their name holds a SHA-256 over all that decides their content. They are written under temporary names and
renamed, the `.npz` last; a lock lets one process make them while others wait. Pixels are read with plain reads, not
mapped into memory, where they would count as the worker's own.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.annotations import Annotations, BoolArray, FloatArray, ImageArray
from tasks.errors import DataError
from tasks.frames import crop_size, image_to_crop

CROPS_VERSION: Final = 2
"""Raised by hand when a reader or `cut_crop` gives other values for the same data: old caches are then not used."""

Progress = Callable[[str, int, int], None]
"""Called with the split's name, crops done and crops in all, while crops are made."""

_ARRAYS: Final = ("points", "image_points", "visible", "centre", "side", "head_size")


@dataclass(frozen=True)
class CropSet:
    """N cached crops of S x S pixels and what is known of the people in them; coordinates as in `tasks.frames`."""

    path: Path
    images: tuple[str, ...]
    resolution: int
    points: FloatArray
    """N x K x 2, crop pixels."""
    image_points: FloatArray
    """N x K x 2, image pixels."""
    visible: BoolArray
    centre: FloatArray
    side: FloatArray
    head_size: FloatArray
    head_size_rule: str

    def __len__(self) -> int:
        """Give the number of crops N."""
        return len(self.images)

    def pixels(self, indices: npt.ArrayLike) -> ImageArray:
        """Read crops: uint8 n x 3 x S x S. Raises DataError if the file is gone or too short, IndexError beyond N."""
        rows = np.asarray(indices, dtype=np.int64).reshape(-1)
        if rows.size and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"crop {rows.min()}..{rows.max()} of {len(self)}")
        size = crop_size(self.resolution)
        batch: ImageArray = np.empty((len(rows), 3, size, size), dtype=np.uint8)
        each = 3 * size * size
        try:
            with open(self.path, "rb", buffering=0) as file:
                for row, buffer in zip(rows, batch, strict=True):
                    done = 0
                    while done < each:
                        view = memoryview(buffer).cast("B")[done:]
                        count = os.preadv(file.fileno(), [view], int(row) * each + done)
                        if count == 0:
                            raise DataError(f"crop cache {self.path} is too short: delete it, it is then made again")
                        done += count
        except OSError as error:
            raise DataError(
                f"crop cache {self.path} cannot be read ({error.strerror}): run again to make it"
            ) from error
        return batch


def cached_crops(
    version: str,
    split: str,
    resolution: int,
    count: int | None,
    cache_dir: Path,
    annotate: Callable[[], Annotations],
    progress: Progress | None = None,
) -> CropSet:
    """Give the crops of a split, made first if the cache does not hold them whole.

    `annotate` gives the split's annotations (already cut to `count`) and is called only if crops must be made. Safe
    when several processes ask at once. Raises DataError for images that do not decode and a cache folder that cannot
    be written.
    """
    path = cache_dir / f"{_stem(version, split, resolution, count)}.crops"
    found = _load(path, resolution)
    if found is not None:
        return found
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _lock(path.with_suffix(".lock")):
            found = _load(path, resolution)  # another process may have made it while this one waited
            if found is None:
                _make(path, annotate(), split, resolution, progress)
    except OSError as error:
        raise DataError(
            f"crop cache {cache_dir} cannot be written ({error.strerror or error}): "
            "free space there or name another folder"
        ) from error
    found = found or _load(path, resolution)
    if found is None:
        raise DataError(f"crop cache {path} is damaged right after it was written: check the disk")
    return found


def cut_crop(annotations: Annotations, index: int, resolution: int) -> ImageArray:
    """Cut person `index` out of their image: uint8 3 x S x S; black where the image ends.

    Averages over the source pixels of each crop pixel (no aliasing), exact to sub-pixel positions. Raises DataError if
    the image does not decode.
    """
    size = crop_size(resolution)
    pixel = float(annotations.side[index]) / resolution  # image pixels in a crop pixel
    if annotations.read_reduced is not None and pixel >= 2:
        array, factor = annotations.read_reduced(index, int(pixel))
    else:
        array, factor = annotations.read(index), 1
    # Pillow measures from the corner of the first pixel, this project from its centre.
    width = pixel * size / factor
    left, top = ((float(c) + 0.5) / factor - width / 2 for c in annotations.centre[index])
    frame = (int(np.floor(left)), int(np.floor(top)), int(np.ceil(left + width)), int(np.ceil(top + width)))
    box = (left - frame[0], top - frame[1], left - frame[0] + width, top - frame[1] + width)
    square = Image.fromarray(array).crop(frame).resize((size, size), Image.Resampling.BILINEAR, box=box)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _stem(version: str, split: str, resolution: int, count: int | None) -> str:
    key = {"version": version, "split": split, "resolution": resolution, "count": count, "crops": CROPS_VERSION}
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    name = version.split("-")[0]
    return f"{name}-{split}-{resolution}px-{'all' if count is None else count}-{digest}"


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the system releases it when the process ends, however it ends."""
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _load(path: Path, resolution: int) -> CropSet | None:
    """Open a set of crops; None if it is not there or not whole."""
    try:
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
            arrays: dict[str, npt.NDArray[Any]] = {key: file[key] for key in (*_ARRAYS, "images", "head_size_rule")}
        stored = path.stat().st_size
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    images = tuple(str(name) for name in arrays["images"])
    if stored != len(images) * 3 * crop_size(resolution) ** 2:
        return None
    rule = str(arrays["head_size_rule"])
    return CropSet(path, images, resolution, **{key: arrays[key] for key in _ARRAYS}, head_size_rule=rule)


def _make(path: Path, annotations: Annotations, split: str, resolution: int, progress: Progress | None) -> None:
    total = len(annotations)
    if total == 0:
        raise DataError(f"the {split} split is empty: there is nothing to crop")
    points = image_to_crop(annotations.points, annotations.centre, annotations.side, resolution)
    parts = [path.with_suffix(f".{suffix}.part") for suffix in ("crops", "npz")]
    try:
        with open(parts[0], "wb") as file:
            for index in range(total):
                file.write(cut_crop(annotations, index, resolution).tobytes())
                if progress is not None:
                    progress(split, index + 1, total)
            _flush(file)
        with open(parts[1], "wb") as file:
            np.savez(
                file,
                images=np.array(annotations.images),
                head_size_rule=np.array(annotations.head_size_rule),
                points=points,
                image_points=annotations.points,
                visible=annotations.visible,
                centre=annotations.centre,
                side=annotations.side,
                head_size=annotations.head_size,
            )
            _flush(file)
        os.replace(parts[0], path)
        os.replace(parts[1], path.with_suffix(".npz"))
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _flush(file: Any) -> None:
    """Bring a file to the disk before it is renamed: a crash must not leave a whole name on a hollow file."""
    file.flush()
    os.fsync(file.fileno())
