"""Trials of networks whose levels differ, or whose units begin with a ReLU: they learn and are recorded like others."""

from __future__ import annotations

import pytest
import torch
import yaml

import blocks
from runners.seeding import derived_seed
from runners.trial import run_trial
from runners.worker import config_yaml
from search_space.config import TrialConfig
from tests.small import small_config

LEVELS: dict[str, object] = {
    "level0__block__type": "hierarchical",
    "level1__width": 0.5,
    "level2__block__type": "hierarchical",
    "level2__block__depth": 2,
    "model__relu": True,
    "model__relu_first": True,
}


@pytest.mark.parametrize("hourglass", ["standard", "improved"])
def test_a_trial_with_levels_trains_all_of_its_weights(hourglass: str, tmp_path, shared_cache) -> None:
    changes = LEVELS if hourglass == "standard" else {**LEVELS, "level0__block__type": None}
    config = small_config(**changes, model__hourglass=hourglass, training__epochs=1)
    result = run_trial(config, tmp_path, cache=shared_cache)
    trained = torch.load(result.model_file, weights_only=True)
    torch.manual_seed(derived_seed(config.seed, "weights"))
    fresh = blocks.build(config.model).state_dict()
    assert list(trained) == list(fresh)
    same = [name for name in fresh if name.endswith("conv.weight") and torch.equal(trained[name], fresh[name])]
    assert same == []
    assert result.metrics["train_loss"] > 0


def test_the_configuration_is_written_without_levels_that_say_nothing() -> None:
    plain = config_yaml(small_config())
    assert "level" not in plain
    config = small_config(seed=3, **LEVELS)
    written = yaml.safe_load(config_yaml(config))
    assert written["model"]["levels"] == {
        "level0": {"block": {"type": "hierarchical"}},
        "level1": {"width": 0.5},
        "level2": {"block": {"type": "hierarchical", "depth": 2}},
    }
    assert TrialConfig.model_validate(written) == config
    assert TrialConfig.model_validate(yaml.safe_load(plain)) == small_config()
