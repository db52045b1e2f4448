"""Where the files of a data set lie under the folder that `--data-root` names. Looks at names only, opens nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

from tasks.errors import DataError

IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png")
"""What counts as an image in a data folder (lower case)."""

SplitName = Literal["train", "validation"]

_MPII_STEM: Final[dict[str, str]] = {"train": "train", "validation": "valid"}
_MPII_SUFFIXES: Final = (".json", ".h5")
_MPII_SINGLE: Final = "annotations.json"
_MPII_HEADS: Final = "gt_valid.mat"


def data_folder(root: Path | None, name: str) -> Path:
    """Give the data set's folder. Raises DataError if none was named or it is not a folder."""
    if root is None:
        raise DataError(f"data.name is {name!r} but no data folder is given: name it with --data-root DIR")
    if not root.is_dir():
        state = "is not a folder" if root.exists() else "does not exist"
        raise DataError(f"data folder {root} {state}: give --data-root the folder that holds the {name} data set")
    return root


def lsp_annotation_file(root: Path) -> Path:
    """Give LSP's `joints.mat`. Raises DataError if it is not there."""
    path = root / "joints.mat"
    if not path.is_file():
        raise DataError(f"no joints.mat in {root}: an LSP folder holds joints.mat and images/; is --data-root right?")
    return path


def lsp_image_folder(root: Path) -> Path:
    """Give LSP's folder of images. Raises DataError if it is not there."""
    path = root / "images"
    if not path.is_dir():
        raise DataError(f"no images/ in {root}: an LSP folder holds joints.mat and images/; is --data-root right?")
    return path


def mpii_annotation_file(root: Path, split: SplitName) -> Path:
    """Give the file that holds a split of MPII, in the root or in its `annot/`.

    `{train,valid}.json`, else `{train,valid}.h5` (JSON first: its coordinates are not truncated to integers), else a
    single `annotations.json` for both splits. Raises DataError that lists what was looked for.
    """
    stem = _MPII_STEM[split]
    names = [*(stem + suffix for suffix in _MPII_SUFFIXES), _MPII_SINGLE]
    for name in names:
        for folder in (root, root / "annot"):
            if (folder / name).is_file():
                return folder / name
    raise DataError(
        f"no annotations of the {split} split in {root}: looked for {', '.join(names)} there and in annot/; "
        "is --data-root right?"
    )


def mpii_is_single(path: Path) -> bool:
    """Tell whether this annotation file holds both splits."""
    return path.name == _MPII_SINGLE


def mpii_head_file(annotations: Path) -> Path | None:
    """Give the `gt_valid.mat` in the root or its `annot/` for an annotation file in either; None if there is none."""
    for folder in (annotations.parent, annotations.parent / "annot", annotations.parent.parent):
        # The folder above belongs to the data set only if the annotations lie in annot/.
        if folder == annotations.parent.parent and annotations.parent.name != "annot":
            continue
        if (folder / _MPII_HEADS).is_file():
            return folder / _MPII_HEADS
    return None


def mpii_image_folder(root: Path) -> Path:
    """Give MPII's folder of images: `images/` if there is one, else the root itself."""
    folder = root / "images"
    return folder if folder.is_dir() else root


def file_names(folder: Path) -> frozenset[str]:
    """Give the names of all entries of a folder, in one pass: checking thousands of images one by one is slow."""
    try:
        return frozenset(os.listdir(folder))
    except OSError as error:
        raise DataError(f"folder {folder} cannot be read ({error.strerror}): check its permissions") from error


def require_images(names: tuple[str, ...], folder: Path, annotations: Path) -> None:
    """Raise DataError, with the first name and their number, if annotated images are missing from the folder."""
    present = file_names(folder)
    missing = [name for name in dict.fromkeys(names) if name not in present and not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(set(names))} images that {annotations} annotates are not in {folder}, "
            f"the first is {missing[0]}: restore them, or take them out of the annotations"
        )
