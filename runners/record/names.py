"""The names under which the record keeps what hglab knows of a run. Every reader and writer takes them from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_space.keys import show_value

RECORD_VERSION = 1
"""Raised when the meaning of a tag changes, so that an older hglab refuses a record that it would misread."""

PREFIX = "hglab."
VERSION = PREFIX + "record_version"
KIND = PREFIX + "kind"
STUDY = PREFIX + "study"
SCALE = PREFIX + "scale"
STATE = PREFIX + "state"
ERROR = PREFIX + "error"
RUNS = PREFIX + "runs_folder"
"""Which folder of runs it was written from: machines that share a tracking server may have one each."""
FALLBACK = PREFIX + "fallback"
ONLY_HERE = PREFIX + "only_here"
"""What could not be uploaded to the URL of checkpoints, where it lies instead, and why."""
LARGER_MEMORY = PREFIX + "larger_memory_mb"
PEAK_MEMORY = PREFIX + "peak_memory_mb"

# A trial's run.
VARIANT = PREFIX + "variant"
LABEL = PREFIX + "label"
SEED = PREFIX + "seed"
FINGERPRINT = PREFIX + "fingerprint"
SETTINGS = PREFIX + "settings"
PROVENANCE = PREFIX + "provenance"
DATA_VERSION = PREFIX + "data_version"
PHASE = PREFIX + "phase"
BEGINS_FROM = PREFIX + "begins_from"
TEACHER = PREFIX + "teacher"
ORIGINAL = PREFIX + "original_run"

# A trial of a search.
OPTUNA_STUDY = PREFIX + "optuna_study"
OPTUNA_TRIAL = PREFIX + "optuna_trial"
PRUNED = PREFIX + "pruned"
"""After which epoch the search's scheduler stopped it early."""

# A launch's run.
LAUNCH = PREFIX + "launch"
TITLE = PREFIX + "title"
OVERRIDES = PREFIX + "overrides"
DATA_ROOT = PREFIX + "data_root"
DATA_VERSIONS = PREFIX + "data_versions"
STUDY_FILE = PREFIX + "study_file"

TRIAL_KIND = "trial"
LAUNCH_KIND = "launch"
LINK_KIND = "link"
"""A trial that another study trained, shown in this study's experiment."""
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"

_BY_SETTING = {"block": "block.type", "binary": "model.binary", "loss": "loss.name"}


def grouping_tags(variant: str, seed: int, scale: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Short tags without prefix, for whoever filters and groups runs in MLflow. hglab itself never reads them.

    Args:
        variant: the row of the table.
        seed: the trial's.
        scale: of the launch.
        settings: the trial's active settings by key.
    """
    told = {tag: show_value(settings[key]) for tag, key in _BY_SETTING.items() if key in settings}
    return {**told, "seed": str(seed), "scale": scale, "variant": variant}
