"""What a finished trial keeps with its run beside numbers: its predictions, and a picture of some of them."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from runners.predictions import write_predictions

if TYPE_CHECKING:
    from runners.record.writing import Record
    from runners.trial import TrialResult

_PICTURED = 12


def keep(record: Record, run: str, result: TrialResult, folder: Path) -> None:
    """Keep predictions and picture with a run.

    A picture that cannot be drawn does not undo the training: the reason is kept in its place.
    """
    data = result.data
    record.log_file(run, write_predictions(result.predicted, data.validation, data.version, folder))
    try:
        record.log_file(run, _draw(result, folder))
    except Exception:
        record.log_text(run, traceback.format_exc(), "predictions_error.txt")


def _draw(result: TrialResult, folder: Path) -> Path:
    """The picture of predictions on validation images, the same images for every trial of a data set."""
    from tasks.draw import draw_poses

    logging.getLogger("PIL").setLevel(logging.WARNING)
    split = result.data.validation
    count = min(_PICTURED, len(split))
    indices = [index * len(split) // count for index in range(count)]
    picture = draw_poses(split, indices, result.predicted[indices], split.image_points[indices])
    path = folder / "predictions.png"
    picture.save(path)
    return path
