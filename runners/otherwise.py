"""Trials that were done before on other data, or by other training code: they stay apart, and the user is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from runners.planning import PlannedTrial
from runners.record.recorded import RecordedTrial
from search_space import TRAINING_CODE_VERSION, TrialConfig
from search_space.conditions import active_settings
from search_space.identity import LATER_KEYS
from search_space.keys import flatten


def done_otherwise(trials: Iterable[PlannedTrial], recorded: Iterable[RecordedTrial]) -> list[tuple[str, int]]:
    """What distinguishes complete runs of the same settings and seed from trials that the record does not hold.

    Args:
        trials: trials that are to be trained.
        recorded: the record's.

    Gives:
        In words, `on lsp data of another version (lsp-1a2b3c)`, and how many of the trials; the most frequent first.
    """
    defaults = flatten(TrialConfig())
    later = {key: defaults[key] for key in LATER_KEYS}
    done = {_key(run.settings, later): run for run in recorded if run.state == "complete"}
    told: Counter[str] = Counter()
    for fingerprint, trial in {trial.fingerprint: trial for trial in trials}.items():
        run = done.get(_key({**active_settings(trial.config), "seed": trial.seed}, later))
        if run is not None and run.fingerprint != fingerprint:
            told[_difference(trial, run)] += 1
    return told.most_common()


def _key(settings: Mapping[str, Any], later: Mapping[str, Any]) -> str:
    """What a trial sets, whether or not the keys that came later were known then."""
    named = {key: value for key, value in settings.items() if later.get(key, ...) != value}
    return json.dumps(named, sort_keys=True)


def _difference(trial: PlannedTrial, run: RecordedTrial) -> str:
    code = run.provenance.get("training_code_version", "")
    if code not in ("", str(TRAINING_CODE_VERSION)):
        return f"by training code of version {code} (now {TRAINING_CODE_VERSION})"
    if trial.teacher is not None and run.data_version == trial.data_version:
        return f"with an earlier {trial.config.distillation.teacher} as teacher"
    return f"on data of another version ({run.data_version or 'not recorded'}, now {trial.data_version})"
