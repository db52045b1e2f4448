"""A study that trains in seconds: for every test that needs one."""

from __future__ import annotations

from search_space.config import TrialConfig
from search_space.keys import assemble

STUDY = """\
study: small
title: A study for tests
seeds: [0, 1]
variants:
  - {id: bottleneck, baseline: true}
  - {id: hierarchical, label: "Hierarchical & binary", set: {block.type: hierarchical}}
"""
SMALL: dict[str, object] = {
    "data.resolution": 32,
    "data.train_images": 8,
    "data.validation_images": 4,
    "model.features": 8,
    "model.stem_features": 4,
    "model.order": 2,
    "training.epochs": 2,
    "training.batch_size": 4,
}


def options(**changes: object) -> list[str]:
    """Options of the command that make a study small; `training__epochs=9` changes one of them."""
    settings = {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}
    return ["--scale", "tiny", *(word for key, value in settings.items() for word in ("--set", f"{key}={value}"))]


OPTIONS = options()


def small_config(seed: int = 0, **changes: object) -> TrialConfig:
    """The configuration of a small trial; `training__epochs=9` changes a setting."""
    return assemble({**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}, seed)
