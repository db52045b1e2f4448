"""Plans: identities, counts, what cannot be built, what is quick."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from runners.estimate import estimate_seconds
from runners.job import Places
from runners.launch import remaining
from runners.planning import ancestors, plan_study
from runners.record.recorded import RecordedTrial
from runners.sharing import ready
from search_space import InputError, expand, read_overrides, read_study


def test_a_plan_counts_its_networks(make_plan) -> None:
    plan = make_plan()
    assert [trial.name for trial in plan.trials] == ["bottleneck/0", "hierarchical/0", "bottleneck/1", "hierarchical/1"]
    assert plan.distinct == 4
    assert plan.counts["hierarchical"].params > plan.counts["bottleneck"].params > 0


def test_networks_that_cannot_be_built_are_refused_before_anything_trains(small_study) -> None:
    overrides = read_overrides(None, ("data.resolution=68", "model.features=10", "model.stem_features=5"))
    with pytest.raises(InputError) as raised:
        plan_study(expand(read_study(small_study), "tiny", overrides))
    message = str(raised.value)
    assert "small.yaml:5:10: the network of 'bottleneck' cannot be built" in message
    assert "data.resolution" in message


def test_a_data_set_without_its_folder_is_refused(small_study, tmp_path) -> None:
    expanded = expand(read_study(small_study), "tiny", read_overrides({"data.name": "lsp"}))
    with pytest.raises(InputError, match="--data-root"):
        plan_study(expanded)
    with pytest.raises(InputError, match=r"joints\.mat"):
        plan_study(expanded, tmp_path)


START = datetime(2026, 3, 1, tzinfo=UTC)
SEQUENCE = """
study: small
base: {training.stacking: sequential, training.joint_epochs: 1}
seeds: [0, 1]
variants: [{id: three, set: {model.stacks: 3}}, {id: one, set: {model.stacks: 1}}, {id: two, set: {model.stacks: 2}}]
"""


def test_stacks_in_sequence_are_planned_with_their_phases(make_plan, small_study, tmp_path) -> None:
    small_study.write_text(SEQUENCE)
    plan = make_plan()
    assert [trial.name for trial in plan.trials[:3]] == ["three/0", "one/0", "two/0"]
    # One stack is a row; two on one frozen serve both longer rows, and are called after the first.
    assert [phase.name for phase in plan.phases] == [f"three:stack_{k}/{seed}" for seed in (0, 1) for k in (2, 3)]
    assert plan.distinct == 10
    three, _, two = plan.trials[:3]
    assert [phase.name for phase in ancestors(three)] == ["three:stack_3/0", "three:stack_2/0", "one/0"]
    assert [phase.name for phase in ancestors(two)] == ["three:stack_2/0", "one/0"]
    assert plan.counts["three:stack_3"] == plan.counts["three"]
    rest = remaining(plan, [], Places.below(tmp_path))
    groups, pending = [], list(rest.to_train)
    while pending:  # as if each group were trained before the next begins
        group = ready(pending)
        groups.append([trial.name for trial in group if trial.seed == 0])
        pending = [trial for trial in pending if trial not in group]
    assert groups == [["one/0"], ["three:stack_2/0"], ["three:stack_3/0", "two/0"], ["three/0"]]


def test_a_phase_is_never_called_as_a_row(make_plan, small_study) -> None:
    small_study.write_text(
        "study: small\nbase: {training.stacking: sequential, training.joint_epochs: 1}\nvariants:\n"
        "  - {id: s3, set: {model.stacks: 3}}\n  - {id: s3.stack_2, set: {model.stacks: 3, training.joint_epochs: 2}}\n"
    )
    plan = make_plan("training.epochs=1")
    names = [trial.name for trial in (*plan.trials, *plan.phases)]
    assert len(set(names)) == len(names) == 5
    sizes = {phase.config.model.stacks: plan.counts[phase.variant.id].params for phase in plan.phases}
    assert sizes[1] < sizes[2] < sizes[3] == plan.counts["s3"].params


def test_what_begins_from_a_failed_trial_is_left_with_it(make_plan, small_study, tmp_path) -> None:
    small_study.write_text(SEQUENCE)
    plan, places = make_plan(), Places.below(tmp_path)
    one = next(trial for trial in plan.trials if trial.name == "one/0")
    failed = [RecordedTrial("r", "e", "small", "one", 0, "tiny", one.fingerprint, "failed", {}, {}, {}, START, "no")]
    rest = remaining(plan, failed, places)
    assert {trial.name: error for trial, error in rest.failed} == {
        "three/0": "it begins from one/0, which has failed",
        "one/0": "no",
        "two/0": "it begins from one/0, which has failed",
    }
    assert {trial.seed for trial in rest.to_train} == {1}
    assert len(remaining(plan, failed, places, retry_failed=True).to_train) == 10


def test_a_phase_whose_weights_are_gone_is_trained_again(make_plan, small_study, tmp_path) -> None:
    small_study.write_text(SEQUENCE)
    plan = make_plan()
    places = Places.below(tmp_path)
    one = next(trial for trial in plan.trials if trial.name == "one/0")
    complete = [RecordedTrial("r", "e", "small", "one", 0, "tiny", one.fingerprint, "complete", {}, {}, {}, START)]
    names = [trial.name for trial in remaining(plan, complete, places, {"two"}).to_train if trial.seed == 0]
    assert names == ["one/0", "three:stack_2/0", "two/0"]
    places.weights(one.fingerprint).parent.mkdir(parents=True)
    places.weights(one.fingerprint).write_bytes(b"weights")
    names = [trial.name for trial in remaining(plan, complete, places, {"two"}).to_train if trial.seed == 0]
    assert names == ["three:stack_2/0", "two/0"]


def test_no_estimate_without_a_record(make_plan) -> None:
    plan = make_plan()
    assert estimate_seconds(plan.trials, plan.counts, []) is None
    assert estimate_seconds([], plan.counts, []) == 0.0


def test_planning_imports_nothing_heavy() -> None:
    code = (
        "import sys, runners.planning, runners.launch, runners.record.reading, cli.main\n"
        "heavy = {'torch', 'ray', 'mlflow', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_launch_can_be_of_some_variants_only(make_plan, tmp_path) -> None:
    plan = make_plan()
    rest = remaining(plan, [], Places.below(tmp_path), {"hierarchical"})
    assert [trial.name for trial in rest.to_train] == ["hierarchical/0", "hierarchical/1"]


def test_a_batch_of_one_image_cannot_be_normalised(make_plan) -> None:
    with pytest.raises(InputError, match=r"a batch of one image is too few: raise training\.batch_size"):
        make_plan("model.order=3", "training.batch_size=1")
    make_plan("model.order=2", "training.batch_size=1")
