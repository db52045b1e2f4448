"""A trial's identity: two trials with one fingerprint would train the same network to the same numbers.

The fingerprint is a SHA-256 over the active configuration with its seed, the data set's version, and the version of the
training code. Labels, study names, paths, threads, devices and resources do not enter: "(Ours, final)" stands in five
tables of the paper and trains once.
"""

from __future__ import annotations

import hashlib
import json

from search_space.conditions import active_settings
from search_space.config import TrialConfig
from search_space.keys import all_keys, defaults

TRAINING_CODE_VERSION = 1
"""Raise by hand whenever a change makes a trial train to other numbers. `tests/runners/test_golden_trial.py` fails when
the numbers of a tiny trial change while this stays; trials of the older version are then trained again."""

LATER_KEYS = (
    "block.remove_1x1",
    "distillation.teacher",
    "loss.hard_pixels",
    "loss.landmark_weight",
    "model.activation",
    "model.hourglass",
    "model.relu_first",
    "model.shortcut_projection",
    "model.sign_beta",
    "model.sign_gradient",
    "model.weight_scale",
    "training.clip_weights",
    "training.momentum",
    "training.precision",
    "training.stacking",
    *(name for name, key in all_keys().items() if key.level is not None),
)
"""Keys that came after records existed. At its default such a key trains what was trained before there was one, so it
is left out of the identity there, and older records stay of use."""


def canonical(config: TrialConfig, data_version: str, teacher: str | None = None) -> str:
    """What the fingerprint is taken over: JSON with sorted keys, no spaces. Arguments and errors: `fingerprint`."""
    if (teacher is None) != (config.distillation.teacher is None):
        raise ValueError(f"the teacher of the trial is {config.distillation.teacher}, and its identity {teacher}")
    settings = active_settings(config)
    if teacher is not None:  # what it learns from is a trial, whatever that is called
        settings["distillation.teacher"] = teacher
    default = defaults()
    for key in LATER_KEYS:
        if key in settings and settings[key] == default[key]:
            del settings[key]
    content = {
        "settings": settings,
        "seed": config.seed,
        "data_version": data_version,
        "training_code_version": TRAINING_CODE_VERSION,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(config: TrialConfig, data_version: str, teacher: str | None = None) -> str:
    """The identity of a trial: 64 hexadecimal digits.

    Args:
        config: the trial, fully resolved.
        data_version: what `tasks.data_version` says of the data set: it changes when an image or annotation changes.
        teacher: the fingerprint of the trial that `distillation.teacher` names, where it names one.

    Raises:
        ValueError: for a teacher that is named and not given, or given and not named.
    """
    return hashlib.sha256(canonical(config, data_version, teacher).encode()).hexdigest()
