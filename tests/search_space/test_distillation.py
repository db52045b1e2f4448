"""Teachers: which trial a name means, what of the command line lies over it, what is wrong with a name."""

from __future__ import annotations

import pytest

from search_space import InputError, TrialConfig, expand, fingerprint, read_overrides, read_study
from search_space.keys import assemble
from search_space.references import needed_files
from search_space.teachers import find_teachers

TEACHERS = """\
study: teachers
base: {model.binary: false}
seeds: [3, 4]
variants: [{id: real, set: {loss.name: l2}}, {id: wide, set: {block.width: 1.0}}]
"""
SMALLER = """\
study: smaller
variants: [{id: small, set: {data.resolution: 32}}, {id: other, set: {data.name: lsp}}]
"""
CHAIN = """\
study: chain
variants:
  - {id: first, set: {distillation.teacher: teachers/real/4}}
  - {id: second, set: {distillation.teacher: chain/first, block.width: 1.0}}
  - {id: to_student, set: {distillation.teacher: student/learned}}
"""


@pytest.fixture
def write(write_study):
    """A function that writes a study beside others, with one variant `learned` that sets what it is given."""
    for name, text in (("teachers", TEACHERS), ("smaller", SMALLER), ("chain", CHAIN)):
        write_study(text, f"{name}.yaml")

    def student(settings: str, more: str = ""):
        text = f"study: student\n{more}variants:\n  - {{id: plain}}\n  - {{id: learned, set: {{{settings}}}}}\n"
        return write_study(text, "student.yaml")

    return student


def _teachers(study, *texts: str, scale: str = "tiny"):
    expanded = expand(study, scale, read_overrides(None, texts))
    return find_teachers(study, scale, expanded.overrides, expanded.variants)


@pytest.mark.parametrize(("name", "seed"), [("teachers/real", 3), ("teachers/real/3", 3), ("teachers/real/4", 4)])
def test_a_name_means_a_trial_at_the_first_seed_or_the_one_that_is_named(write, name: str, seed: int) -> None:
    found = _teachers(write(f"distillation.teacher: {name}"))
    assert list(found) == [name]
    config = found[name].config
    assert (found[name].seed, config.seed) == (seed, seed)
    assert (config.model.binary, config.loss.name, config.data.resolution) == (False, "l2", 64)
    own = next(
        trial for trial in expand(read_study(write("block.width: 1.0").path.parent / "teachers.yaml"), "tiny").trials
    )
    assert config.model_copy(update={"seed": 3}) == own.config


def test_the_teacher_of_a_teacher_is_found_too(write) -> None:
    found = _teachers(write("distillation.teacher: chain/second"))
    assert list(found) == ["chain/second", "chain/first", "teachers/real/4"]


def test_of_the_command_line_data_and_training_lie_over_a_teacher_of_another_study(write) -> None:
    study = write("distillation.teacher: teachers/real")
    texts = ("training.epochs=3", "data.train_images=40", "loss.landmark_weight=10", "model.order=2")
    config = _teachers(study, *texts)["teachers/real"].config
    assert (config.training.epochs, config.data.train_images) == (3, 40)
    assert (config.loss.landmark_weight, config.model.order) == (0.0, 3)


def test_a_setting_of_the_command_line_that_means_nothing_for_the_teacher_is_left(write) -> None:
    study = write("distillation.teacher: teachers/real, training.optimiser: sgd")
    assert "teachers/real" in _teachers(study, "training.momentum=0.5")


def test_over_a_teacher_of_the_same_study_lies_all_of_it(write) -> None:
    study = write("distillation.teacher: student/plain")
    expanded = expand(study, "tiny", read_overrides(None, ("model.order=2", "loss.name=l2")))
    found = find_teachers(study, "tiny", expanded.overrides, expanded.variants)
    assert found["student/plain"].config == expanded.variants[0].config


@pytest.mark.parametrize(
    ("settings", "more", "expected"),
    [
        (
            "distillation.teacher: techers/real",
            "",
            "4:47: there is no study 'techers' beside this one; did you mean 'teachers'?",
        ),
        (
            "distillation.teacher: teachers/reel",
            "",
            "4:47: the study 'teachers' has no variant 'reel'; did you mean 'real'?",
        ),
        ("distillation.teacher: teachers/real/0", "", "4:47: the study 'teachers' has no seed 0; its seeds are 3, 4"),
        (
            "distillation.teacher: student/learned",
            "",
            "4:47: the teachers go in a circle: student/learned learns from student/learned; set",
        ),
        (
            "distillation.teacher: chain/to_student",
            "",
            "chain.yaml:5:50: the teachers go in a circle: "
            "student/learned learns from chain/to_student, that from student/learned",
        ),
        (
            "block.width: 1.0",
            "base: {distillation.teacher: student/plain}\n",
            "2:30: the teachers go in a circle: student/plain learns from student/plain",
        ),
        (
            "distillation.teacher: smaller/small",
            "",
            "4:47: the teacher 'smaller/small' has data.resolution 32, and 'learned' has 64: its",
        ),
        (
            "distillation.teacher: smaller/other",
            "",
            "4:47: the teacher 'smaller/other' has data.name lsp, and 'learned' has synthetic",
        ),
    ],
)
def test_bad_teachers(write, settings: str, more: str, expected: str) -> None:
    with pytest.raises(InputError) as raised:
        _teachers(write(settings, more))
    assert len(raised.value.problems) == 1
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            "distillation.teacher: teachers",
            "'distillation.teacher' must be a name as table3_real/bottleneck_wider_real or null",
        ),
        ("distillation.teacher: 3", "'distillation.teacher' must be a name"),
        ("distillation.teacher: teachers/real/first", "'distillation.teacher' must be a name"),
        (
            "distillation.teacher: teachers/real, distillation.weight: 0",
            "'distillation.weight' must be a number from above 0 to 1, not 0",
        ),
        ("distillation.teacher: teachers/real, distillation.weight: 1.5", "'distillation.weight' must be a number"),
        ("distillation.weight: 0.25", "'distillation.weight' means something only where 'distillation.teacher'"),
        ("distillation.techer: teachers/real", "did you mean 'distillation.teacher'?"),
    ],
)
def test_bad_settings(write, settings: str, expected: str) -> None:
    with pytest.raises(InputError) as raised:
        _teachers(write(settings))
    assert expected in str(raised.value)


def test_mistakes_of_the_teachers_own_study_are_told(write, write_study, tmp_path) -> None:
    study = write("distillation.teacher: broken/a")
    (tmp_path / "broken.yaml").write_text("study: broken\nvariants: [{id: a, set: {block.typ: wider}}, {id: b}]\n")
    with pytest.raises(InputError, match=r"broken\.yaml:2:26: unknown key 'block\.typ'"):
        _teachers(study)


def test_the_command_line_may_name_the_teacher(write) -> None:
    with pytest.raises(
        InputError, match=r"--set distillation.teacher=teachers/reel: the study 'teachers' has no variant"
    ):
        _teachers(write("block.width: 1.0"), "distillation.teacher=teachers/reel")
    assert "teachers/real" in _teachers(write("block.width: 1.0"), "distillation.teacher=teachers/real")


def test_the_identity_holds_the_teachers_not_its_name() -> None:
    one, two = (assemble({"distillation.teacher": name}) for name in ("teachers/real", "renamed/real/3"))
    assert fingerprint(one, "d", "f" * 64) == fingerprint(two, "d", "f" * 64)
    assert fingerprint(one, "d", "f" * 64) != fingerprint(one, "d", "0" * 64)
    assert fingerprint(one, "d", "f" * 64) != fingerprint(TrialConfig(), "d")


def test_an_identity_without_the_teachers_is_refused() -> None:
    with pytest.raises(ValueError, match="teachers/real"):
        fingerprint(assemble({"distillation.teacher": "teachers/real"}), "d")
    with pytest.raises(ValueError, match="None"):
        fingerprint(TrialConfig(), "d", "f" * 64)


@pytest.mark.parametrize(
    "text",
    [
        "base: {distillation.teacher: chain/first}\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]",
        "base: {distillation: {teacher: chain/first}}\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]",
        "scales: {tiny: {distillation.teacher: chain/first}}\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]",
        "variants: [{id: a}, {id: b, set: {distillation.teacher: chain/first}}]",
        "grid: {distillation.teacher: [null, chain/first]}",
        "one_factor_at_a_time: {distillation.teacher: [{value: chain/first, id: taught}]}",
        "leave_one_out: {distillation.teacher: chain/first}",
        "variants: [{id: a}, {id: b, from: chain/first}]",
    ],
)
def test_the_studies_of_teachers_are_among_the_files_that_a_study_needs(write, write_study, text: str) -> None:
    write("block.width: 1.0")
    path = write_study(f"study: asking\n{text}\n", "asking.yaml").path
    assert {file.stem for file in needed_files(path)} == {"asking", "chain", "teachers", "student"}


def test_a_teacher_of_the_command_line_is_among_them(write) -> None:
    path = write("block.width: 1.0").path
    assert {file.stem for file in needed_files(path, ["teachers/real"])} == {"student", "teachers"}
