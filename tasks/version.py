"""The version of a data set: what a trial's identity says about the data it was trained on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from search_space.config import DataConfig
from tasks.errors import DataError
from tasks.folders import (
    IMAGE_SUFFIXES,
    data_folder,
    lsp_annotation_file,
    lsp_image_folder,
    mpii_annotation_file,
    mpii_head_file,
    mpii_image_folder,
)


def data_version(data: DataConfig, root: Path | None) -> str:
    """Name exactly what the data is, wherever it lies.

    `synthetic-V`, V the generator's version; otherwise the data set's name and the SHA-256 (64 hex digits) over the
    bytes of its annotation files and the sorted list of (image name, size in bytes). No image is decoded.
    Raises DataError for a missing folder or file.
    """
    if data.name == "synthetic":
        from tasks.synthetic import SYNTHETIC_VERSION

        return f"synthetic-{SYNTHETIC_VERSION}"
    root = data_folder(root, data.name)
    if data.name == "lsp":
        annotations, images = [lsp_annotation_file(root)], lsp_image_folder(root)
    else:
        train, validation = mpii_annotation_file(root, "train"), mpii_annotation_file(root, "validation")
        heads = mpii_head_file(validation)
        annotations = list(dict.fromkeys([train, validation, *([heads] if heads else [])]))
        images = mpii_image_folder(root)
    return f"{data.name}-{_digest(annotations, images)}"


def _digest(annotations: list[Path], images: Path) -> str:
    digest = hashlib.sha256()
    try:
        for path in annotations:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"annotations\t{path.name}\t{content}\n".encode())
        with os.scandir(images) as entries:
            sizes = sorted(
                (entry.name, entry.stat().st_size) for entry in entries if entry.name.lower().endswith(IMAGE_SUFFIXES)
            )
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read ({error.strerror}): check the data folder") from error
    if not sizes:
        raise DataError(f"no images in {images} (looked for {', '.join(IMAGE_SUFFIXES)}): is --data-root right?")
    for name, size in sizes:
        digest.update(f"image\t{name}\t{size}\n".encode())
    return digest.hexdigest()
