"""The validation split alone."""

from __future__ import annotations

import numpy as np
import torch

from tasks.pose import open_pose, open_validation
from tests.small import small_config


def test_it_is_the_one_that_training_opens(tmp_path) -> None:
    data = small_config().data
    alone = open_validation(data, None, tmp_path / "alone")
    both = open_pose(data, None, tmp_path / "both").validation
    assert len(alone) == len(both) == 4
    assert torch.equal(alone.points, both.points)
    np.testing.assert_array_equal(alone.crop_set.pixels([0, 3]), both.crop_set.pixels([0, 3]))
    assert len(list((tmp_path / "alone").glob("*.crops"))) == 1  # no training image was drawn
