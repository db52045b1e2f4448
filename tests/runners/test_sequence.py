"""Stacks trained in sequence, through a launch and its record."""

from __future__ import annotations

import pytest

from runners.executors import run_inline
from runners.job import Resources
from runners.launch import launch, remaining
from runners.record.reading import read_trials
from tests.runners.launches import Silent

SEQUENCE = """
study: small
base: {training.stacking: sequential, training.joint_epochs: 1}
variants: [{id: one, set: {model.stacks: 1}}, {id: two, set: {model.stacks: 2}}]
"""
SHARING = """
study: sharing
base: {training.stacking: sequential, training.joint_epochs: 1}
variants: [{id: three, set: {model.stacks: 3}}]
"""


def _launch(plan, places, executor=run_inline, **options):
    rest = remaining(plan, read_trials(places.uri), places, **options)
    return launch(plan, rest, places, Resources(), executor, Silent(), prepare=lambda: None)


@pytest.mark.slow
def test_phases_are_recorded_and_shared_between_studies(make_plan, small_study, places) -> None:
    small_study.write_text(SEQUENCE)
    plan = make_plan()
    assert _launch(plan, places).trained == ["one/0", "two:stack_2/0", "two/0"]
    trials = {trial.variant: trial for trial in read_trials(places.uri)}
    assert {name: trial.state for name, trial in trials.items()} == dict.fromkeys(
        ("one", "two:stack_2", "two"), "complete"
    )
    assert [trials[name].metrics["epoch"] for name in ("one", "two:stack_2", "two")] == [2, 2, 1]
    assert trials["two"].phase == "2 stacks together"
    assert trials["two:stack_2"].phase == "stack 2 on 1 frozen"
    assert trials["two"].begins_from == trials["two:stack_2"].fingerprint
    assert trials["two:stack_2"].begins_from == trials["one"].fingerprint
    assert trials["one"].begins_from is None

    small_study.write_text(SHARING)
    longer = make_plan()
    assert _launch(longer, places).trained == ["three:stack_3/0", "three/0"]


@pytest.mark.slow
def test_what_begins_from_a_failed_trial_fails_with_it(make_plan, small_study, places) -> None:
    small_study.write_text(SEQUENCE)
    plan = make_plan()
    (first, second) = (plan.trials[0].fingerprint, plan.phases[0].fingerprint)
    places.folder(second).mkdir(parents=True)
    (places.folder(second) / "checkpoint.pt").write_bytes(b"damaged")
    outcome = _launch(plan, places)
    assert outcome.trained == ["one/0"]
    assert outcome.failed["two/0"] == "the trial from whose weights it begins has failed: two:stack_2/0"
    states = {trial.variant: trial.state for trial in read_trials(places.uri)}
    assert states == {"one": "complete", "two:stack_2": "failed", "two": "failed"}
    assert places.weights(first).is_file()

    (places.folder(second) / "checkpoint.pt").unlink()
    again = _launch(plan, places)
    assert (again.trained, list(again.left_failed)) == ([], ["two/0"])
    assert _launch(plan, places, retry_failed=True).trained == ["two:stack_2/0", "two/0"]


@pytest.mark.slow
def test_an_interruption_between_phases_loses_nothing(make_plan, small_study, places) -> None:
    small_study.write_text(SEQUENCE)
    plan = make_plan()

    def only_first(jobs, monitor) -> None:
        if jobs[0].name != "one/0":
            raise KeyboardInterrupt
        run_inline(jobs, monitor)

    outcome = _launch(plan, places, only_first)
    assert (outcome.trained, outcome.interrupted) == (["one/0"], True)
    assert _launch(plan, places).trained == ["two:stack_2/0", "two/0"]
