"""What is told of trials that were done before on other data or by other code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runners.otherwise import done_otherwise
from runners.record.recorded import RecordedTrial
from search_space import TRAINING_CODE_VERSION
from search_space.conditions import active_settings
from search_space.identity import LATER_KEYS


def _run(trial, **changes) -> RecordedTrial:
    run = RecordedTrial(
        run_id="r", experiment_id="1", study="small", variant=trial.variant.id, seed=trial.seed, scale="tiny",
        fingerprint="another", state="complete", metrics={},
        settings={**active_settings(trial.config), "seed": trial.seed},
        provenance={"training_code_version": str(TRAINING_CODE_VERSION)}, started=datetime.now(UTC),
        data_version="synthetic-before",
    )  # fmt: skip
    return replace(run, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "on data of another version (synthetic-before, now "),
        ({"data_version": None}, "on data of another version (not recorded, now "),
        ({"provenance": {"training_code_version": "0"}}, "by training code of version 0 (now "),
        ({"state": "failed"}, None),
        ({"settings": {}}, None),
        ({"seed": 0}, "on data of another version"),
    ],
)
def test_what_is_told(make_plan, changes, words: str | None) -> None:
    plan = make_plan()
    told = done_otherwise(plan.trials, [_run(plan.trials[0], **changes)])
    assert [count for _, count in told] == ([1] if words else [])
    assert words is None or told[0][0].startswith(words)


def test_the_same_trial_is_not_done_otherwise(make_plan) -> None:
    plan = make_plan()
    assert done_otherwise(plan.trials, [_run(plan.trials[0], fingerprint=plan.trials[0].fingerprint)]) == []


def test_keys_that_came_later_do_not_hide_it(make_plan) -> None:
    plan = make_plan()
    run = _run(plan.trials[0])
    older = {key: value for key, value in run.settings.items() if key not in LATER_KEYS}
    assert len(older) < len(run.settings)
    assert len(done_otherwise(plan.trials, [replace(run, settings=older)])) == 1
