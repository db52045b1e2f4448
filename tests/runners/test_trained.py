"""Trained networks, opened again."""

from __future__ import annotations

import pytest
import torch

from blocks.build import build
from runners.checkpoint import CheckpointError, save_model
from runners.safe_file import write_tensors
from runners.trained import trained_network
from tests.small import small_config


def test_weights_come_back_in_a_network_that_evaluates(tmp_path) -> None:
    config = small_config(block__type="hierarchical")
    network = build(config.model).eval()
    opened = trained_network(config, save_model(tmp_path, network.state_dict()))
    assert not opened.training
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(opened(images)[-1], network(images)[-1])


def test_missing_damaged_and_foreign_weights_are_refused(tmp_path) -> None:
    config = small_config()
    path = tmp_path / "model.pt"
    with pytest.raises(CheckpointError, match="the trained weights, is not there"):
        trained_network(config, path)
    path.write_bytes(b"PK cut short")
    with pytest.raises(CheckpointError, match="the trained weights, is damaged"):
        trained_network(config, path)
    write_tensors({"x": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="does not hold the weights of a network"):
        trained_network(config, path)
    save_model(tmp_path, build(small_config(block__type="hierarchical").model).state_dict())
    with pytest.raises(CheckpointError, match="is of another network"):
        trained_network(config, path)
