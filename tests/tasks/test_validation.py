"""The validation split alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tasks.errors import DataError
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


def test_cached_crops_need_no_data(shared_data, tmp_path) -> None:
    changes = {"data__name": "lsp", "data__train_images": 2, "data__validation_images": 2}
    data = small_config(**changes).data
    opened = open_pose(data, shared_data / "lsp_extended", tmp_path)
    again = open_validation(data, None, tmp_path, opened.version)
    assert torch.equal(again.points, opened.validation.points)
    with pytest.raises(DataError):
        open_validation(data, None, tmp_path / "elsewhere", opened.version)
