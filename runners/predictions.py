"""What a trained network says about every validation image: kept with a trial, for statistics and figures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tasks.metrics import normalised_errors

if TYPE_CHECKING:
    from tasks.pose import Split

PREDICTIONS = "predictions.npz"
"""The name of the file, in a trial's folder and among the files of its run."""

_KINDS = {"predicted": "f", "target": "f", "visible": "b", "reference": "f"}  # NumPy's kinds: floating, boolean


@dataclass(frozen=True)
class Predictions:
    """The landmarks of N validation images as they were predicted, beside the truth. All lengths in image pixels.

    The order of images is that of the data set's validation split, so two trials on the same data pair by position.

    Attributes:
        predicted: float32 N x K x 2.
        target: float32 N x K x 2.
        visible: bool N x K, annotated.
        reference: float64 N, the length that errors are measured in (PCKh's head size); NaN where it is not known.
        data_version: which images these are.
    """

    predicted: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]
    visible: npt.NDArray[np.bool_]
    reference: npt.NDArray[np.float64]
    data_version: str

    def __len__(self) -> int:
        """Give the number of images N."""
        return len(self.predicted)

    def errors(self) -> npt.NDArray[np.float64]:
        """Each landmark's error in reference lengths, N x K; NaN where it is not annotated or there is no reference."""
        return normalised_errors(self.predicted, self.target, self.reference, self.visible)


def write_predictions(predicted: npt.NDArray[np.floating], split: Split, data_version: str, folder: Path) -> Path:
    """Keep predictions N x K x 2 (image pixels) for a split in a trial's folder; gives the file."""
    path = folder / PREDICTIONS
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        np.savez(  # as fast to read as the disk: a comparison reads those of every trial
            file,
            predicted=predicted.astype(np.float32),
            target=np.asarray(split.image_points, dtype=np.float32),
            visible=np.asarray(split.crop_set.visible, dtype=np.bool_),
            reference=np.asarray(split.head_size, dtype=np.float64),
            data_version=np.array(data_version),
        )
    os.replace(temporary, path)
    return path


def read_predictions(path: Path) -> Predictions:
    """What `write_predictions` wrote. Arrays only: nothing in the file is executed.

    Raises:
        ValueError: for a file that is none or is damaged. Whether the arrays fit one another, `errors` says.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in _KINDS}
            version = arrays["data_version"]
    except Exception as error:  # a damaged archive fails in a dozen ways: zlib, struct, zipfile, numpy's headers
        raise ValueError(f"{path} holds no predictions ({type(error).__name__}: {error})") from None
    for name, kind in _KINDS.items():
        if found[name].dtype.kind != kind:
            raise ValueError(f"{path} holds no predictions ({name} is of type {found[name].dtype})")
    return Predictions(**found, data_version=str(version))
