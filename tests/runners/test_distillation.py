"""Distillation in plans and launches: a teacher is planned before its students, trained once, fails them."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from runners.estimate import estimate_seconds
from runners.executors import run_inline
from runners.job import Job, Places, Resources
from runners.launch import launch, remaining
from runners.otherwise import done_otherwise
from runners.planning import ancestors, plan_study, plan_trial
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial
from search_space import TRAINING_CODE_VERSION, InputError, Trial, expand, read_overrides, read_study
from search_space.conditions import active_settings
from tests.runners.launches import Silent
from tests.runners.test_planning import START
from tests.small import SMALL

DATA = {key: value for key, value in SMALL.items() if key.startswith(("data.", "training."))}
TEACHERS = """\
study: teachers
base: {model.binary: false, model.features: 8, model.stem_features: 4, model.order: 2}
seeds: [3, 4]
variants: [{id: real}, {id: deep, set: {model.stacks: 2, training.stacking: sequential, training.joint_epochs: 1}}]
"""
STUDENTS = """\
study: small
seeds: [0, 1]
variants:
  - {id: alone}
  - {id: half, set: {distillation.teacher: teachers/real}}
  - {id: all, set: {distillation.teacher: teachers/real, distillation.weight: 1.0}}
  - {id: other, set: {distillation.teacher: teachers/real/4}}
"""


@pytest.fixture
def make(make_plan, small_study):
    """A function that gives the plan of a study beside the teachers', small as all here."""
    (small_study.parent / "teachers.yaml").write_text(TEACHERS)

    def plan(text: str = STUDENTS, *settings: str):
        small_study.write_text(text)
        return make_plan(*settings)

    return plan


def _launch(plan, places, **options):
    rest = remaining(plan, read_trials(places.uri), places, **options)
    return launch(plan, rest, places, Resources(), run_inline, Silent(), prepare=lambda: None)


def test_a_teacher_is_planned_before_its_students_and_once(make, tmp_path) -> None:
    plan = make()
    assert [phase.name for phase in plan.phases] == ["half:teacher/3", "other:teacher/4"]
    assert plan.distinct == 10
    assert plan.counts["half:teacher"].binary_macs == 0 < plan.counts["half"].binary_macs
    order = [trial.name for trial in remaining(plan, [], Places.below(tmp_path)).to_train]
    assert order[:5] == ["alone/0", "half:teacher/3", "half/0", "all/0", "other:teacher/4"]
    label = plan.phases[0].variant.label
    assert label == "half: teacher teachers/real"


def test_the_identity_is_that_of_the_teacher_and_not_its_name(make, small_study) -> None:
    before = {trial.name: trial.fingerprint for trial in make().trials}
    renamed = small_study.parent / "renamed.yaml"
    renamed.write_text(TEACHERS.replace("study: teachers", "study: renamed"))
    same = {trial.name: trial.fingerprint for trial in make(STUDENTS.replace("teachers/real", "renamed/real")).trials}
    assert same == before
    renamed.write_text(TEACHERS.replace("{id: real}", "{id: real, set: {loss.name: l2}}"))
    other = {trial.name: trial.fingerprint for trial in make(STUDENTS.replace("teachers/real", "renamed/real")).trials}
    assert {name for name in before if other[name] != before[name]} == {
        name for name in before if not name.startswith("alone")
    }


def test_a_teacher_has_the_fingerprint_of_its_own_study(make, small_study) -> None:
    texts = tuple(f"{key}={value}" for key, value in DATA.items())
    study = read_study(small_study.parent / "teachers.yaml")
    own = plan_study(expand(study, "tiny", read_overrides(None, texts)))
    assert {phase.fingerprint for phase in make().phases} == {
        trial.fingerprint for trial in own.trials if trial.variant.id == "real"
    }


def test_a_teacher_that_is_a_row_is_that_row(make, tmp_path) -> None:
    plan = make(
        "study: small\nvariants: [{id: student, set: {distillation.teacher: small/real}},"
        " {id: real, set: {model.binary: false}}]\n",
        "loss.name=l2",  # lies over a row, teacher or not
    )
    assert plan.phases == ()
    assert [trial.name for trial in remaining(plan, [], Places.below(tmp_path)).to_train] == ["real/0", "student/0"]


def test_what_a_teacher_itself_needs_comes_first(make, tmp_path) -> None:
    plan = make("study: small\nvariants: [{id: student, set: {distillation.teacher: teachers/deep}}]\n")
    assert [phase.name for phase in plan.phases] == [
        "student:teacher:stack_1/3",
        "student:teacher:stack_2/3",
        "student:teacher/3",
    ]
    assert len(remaining(plan, [], Places.below(tmp_path)).to_train) == 4


def test_every_phase_of_stacks_in_sequence_learns_from_the_teacher(make) -> None:
    plan = make(
        "study: small\nvariants: [{id: student, set: {distillation.teacher: teachers/real, model.stacks: 2,"
        " training.stacking: sequential, training.joint_epochs: 1}}]\n"
    )
    names = [phase.name for phase in plan.phases]
    assert names == ["student:teacher/3", "student:stack_1/0", "student:stack_2/0"]
    trials = [*plan.phases[1:], plan.trials[0]]
    assert {trial.teacher.fingerprint for trial in trials if trial.teacher} == {plan.phases[0].fingerprint}
    assert all(trial.teacher for trial in trials)


def test_a_single_trial_is_planned_as_the_row_of_a_study(make) -> None:
    plan = make()
    expanded, row = plan.expanded, plan.trials[1]
    trial = Trial(replace(row.variant, id="p7"), row.seed, row.config)
    planned = plan_trial(expanded.study, "tiny", expanded.overrides, trial, plan.data_versions)
    assert (planned.name, planned.fingerprint) == ("p7/0", row.fingerprint)
    assert [(each.name, each.fingerprint) for each in ancestors(planned)] == [
        ("p7:teacher/3", plan.phases[0].fingerprint)
    ]


def test_a_teacher_whose_network_cannot_be_built_is_refused(make, small_study) -> None:
    (small_study.parent / "teachers.yaml").write_text(TEACHERS.replace("model.order: 2", "model.order: 6"))
    with pytest.raises(InputError, match=r"teachers\.yaml:4:17: the network of the teacher 'teachers/real' cannot be"):
        make()


def test_a_teacher_is_trained_again_where_its_weights_are_gone(make, tmp_path) -> None:
    plan, places = make(), Places.below(tmp_path)
    key = plan.phases[0].fingerprint
    complete = [RecordedTrial("r", "e", "teachers", "real", 3, "tiny", key, "complete", {}, {}, {}, START)]
    names = [trial.name for trial in remaining(plan, complete, places, {"half"}).to_train]
    assert names == ["half:teacher/3", "half/0", "half/1"]
    places.folder(key).mkdir(parents=True)
    places.weights(key).write_bytes(b"weights")
    assert [trial.name for trial in remaining(plan, complete, places, {"half"}).to_train] == names[1:]


def test_the_students_of_a_failed_teacher_are_left_with_it(make, tmp_path) -> None:
    plan, places = make(), Places.below(tmp_path)
    key = plan.phases[0].fingerprint
    failed = [RecordedTrial("r", "e", "teachers", "real", 3, "tiny", key, "failed", {}, {}, {}, START, "no")]
    rest = remaining(plan, failed, places, {"half"})
    assert {trial.name: error for trial, error in rest.failed} == dict.fromkeys(
        ("half/0", "half/1"), "it learns from half:teacher/3, which has failed"
    )


def test_the_time_of_a_student_counts_what_its_teacher_computes(make) -> None:
    plan = make()
    alone, half = plan.trials[0], plan.trials[1]
    settings = active_settings(alone.config)
    work = {name: each.binary_macs + each.real_macs for name, each in plan.counts.items()}

    def recorded(name: str, seconds: float, settings: dict) -> RecordedTrial:
        figures = {"binary_macs": float(work[name]), "real_macs": 0.0, "epoch": 2.0, "seconds": seconds}
        return RecordedTrial(name, "e", "small", name, 0, "tiny", name, "complete", figures, settings, {}, START)

    record = [recorded("alone", 60.0, settings)]
    [one, two] = [estimate_seconds([trial], plan.counts, record) for trial in (alone, half)]
    assert one == pytest.approx(60)
    assert two == pytest.approx(60 + 60 * work["half:teacher"] / work["alone"] / 3)
    taught = [recorded("half", 600.0, active_settings(half.config))] * 3  # says nothing of those without a teacher
    assert estimate_seconds([alone], plan.counts, [*record, *taught]) == pytest.approx(60)


@pytest.mark.slow
def test_a_study_with_a_teacher_trains_and_records_it(make, places) -> None:
    plan = make()
    outcome = _launch(plan, places, only={"half", "all"})
    assert outcome.trained[0] == "half:teacher/3"
    assert sorted(outcome.trained[1:]) == ["all/0", "all/1", "half/0", "half/1"]
    recorded = {trial.variant: trial for trial in read_trials(places.uri)}
    assert recorded["half"].settings["distillation.teacher"] == "teachers/real"
    assert recorded["half:teacher"].fingerprint == plan.phases[0].fingerprint
    assert recorded["half"].metrics["train_loss"] != recorded["all"].metrics["train_loss"]


@pytest.mark.slow
def test_a_student_fails_with_its_teacher(make, places) -> None:
    plan = make()
    folder = places.folder(plan.phases[0].fingerprint)
    folder.mkdir(parents=True)
    (folder / "checkpoint.pt").write_bytes(b"damaged")
    outcome = _launch(plan, places, only={"half"})
    assert outcome.trained == []
    assert outcome.failed["half/0"] == "its teacher has failed: half:teacher/3"


@pytest.mark.slow
def test_a_teacher_comes_from_the_url_of_checkpoints(make, tmp_path) -> None:
    plan = make()
    places = Places.below(tmp_path / "runs", checkpoints=(tmp_path / "mirror").as_uri())
    assert _launch(plan, places, only={"half"}).failed == {}
    shutil.rmtree(places.trials)
    outcome = _launch(plan, places, only={"other", "all"})
    assert sorted(outcome.trained) == ["all/0", "all/1", "other/0", "other/1", "other:teacher/4"]
    assert places.weights(plan.phases[0].fingerprint).is_file()


def test_what_another_teacher_of_that_name_has_taught_is_told(make, small_study) -> None:
    before = make().trials[1]
    settings = {**active_settings(before.config), "seed": before.seed}
    code = {"training_code_version": str(TRAINING_CODE_VERSION)}
    run = RecordedTrial(
        "r", "e", "small", "half", 0, "tiny", before.fingerprint, "complete", {}, settings, code, START,
        data_version=before.data_version,
    )  # fmt: skip
    changed = TEACHERS.replace("{id: real}", "{id: real, set: {loss.name: l2}}")
    (small_study.parent / "teachers.yaml").write_text(changed)
    assert done_otherwise(make().trials, [run]) == [("with an earlier teachers/real as teacher", 1)]


def test_a_job_travels_with_its_teacher(make) -> None:
    plan = make()
    student = plan.trials[1]
    job = Job.of(
        student,
        plan.counts["half"],
        study="small",
        scale="tiny",
        launch="l",
        experiment_id="e",
        places=None,
        resources=Resources(),
    )
    assert job.teacher == plan.phases[0].fingerprint
    assert job.teacher_config == plan.phases[0].config.model_dump(mode="json")
