"""The teachers that a search's points learn from: trained once, before the points, where they are not at hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from runners.executors import Executor, run_inline
from runners.job import Places, Resources
from runners.lease import Claim
from runners.record.reading import read_trials
from runners.search.executors import search_inline
from runners.search.launch import SearchOptions, launch_search
from runners.search.planner import Planner
from tests.runners.search.conftest import Heard

TEACHERS = """\
study: teachers
base: {model.binary: false, model.features: 8, model.stem_features: 4, model.order: 2}
variants: [{id: real}, {id: deep, set: {model.stacks: 2, training.stacking: sequential, training.joint_epochs: 1}}]
"""
SEARCH = """\
study: found
base: {distillation.teacher: teachers/real}
search:
  trials: 1
  sampler: random
  space: {training.learning_rate: {log: [1e-4, 1e-1]}}
"""


@pytest.fixture
def search_once(make_search, tmp_path):
    """A function that launches a search of one trial, and gives what it trained: names in the order of the record."""
    (tmp_path / "teachers.yaml").write_text(TEACHERS)

    def run(
        places: Places,
        *,
        points: int = 1,
        teacher: str = "teachers/real",
        teach: Executor = run_inline,
        error: str | None = None,
        retry_failed: bool = False,
    ) -> list[str]:
        replaced = {"trials: 1": f"trials: {points}", "teachers/real": teacher}
        search = make_search(SEARCH, replaced=replaced, **{"training.epochs": 1})
        heard = Heard()
        result = launch_search(
            search,
            places,
            Resources(),
            lambda request: search_inline,
            teach,
            heard,
            SearchOptions(retry_failed=retry_failed),
            prepare=lambda config: None,
        )
        if error is not None:
            assert error in str(result.outcome.error)
            return []
        assert result.outcome.error is None
        assert not result.outcome.failed
        return [event[1] for event in heard.events if event[0] == "finished"]

    return run


def _key(places: Places, variant: str) -> str:
    return next(trial.fingerprint for trial in read_trials(places.uri) if trial.variant == variant)


def test_teachers_are_called_after_the_search(make_search, tmp_path) -> None:
    (tmp_path / "teachers.yaml").write_text(TEACHERS)
    both = SEARCH.replace("space: {", "space: {distillation.teacher: [teachers/real, teachers/deep], ")
    search, run = make_search(both), SimpleNamespace(id="launch", experiment="1")
    planner = Planner(search, Places.below(tmp_path), Resources(), run, Claim(), {}, "found")
    teachers = [student.teacher for student in planner.students() if student.teacher is not None]
    assert [(teacher.name, teacher.variant.label) for teacher in teachers] == [
        ("student_1:teacher/0", "found: teacher teachers/real"),
        ("student_2:teacher/0", "found: teacher teachers/deep"),
    ]


@pytest.mark.slow
def test_a_teacher_whose_weights_are_gone_is_trained_again(search_once, tmp_path) -> None:
    places = Places.below(tmp_path / "runs")
    assert search_once(places) == ["student:teacher", "p0"]
    shutil.rmtree(places.folder(_key(places, "student:teacher")))
    assert search_once(places, points=2) == ["student:teacher", "p1"]


@pytest.mark.slow
def test_what_a_teacher_at_hand_needed_is_not_trained_again(search_once, tmp_path) -> None:
    places = Places.below(tmp_path / "runs")
    names = search_once(places, teacher="teachers/deep")
    assert names == ["student:teacher:stack_1", "student:teacher:stack_2", "student:teacher", "p0"]
    shutil.rmtree(places.folder(_key(places, "student:teacher:stack_1")))
    assert search_once(places, points=2, teacher="teachers/deep") == ["p1"]


@pytest.mark.slow
def test_a_teacher_that_only_this_machine_has_is_sent_to_the_url(search_once, tmp_path) -> None:
    places = Places.below(tmp_path / "runs")
    search_once(places)
    url = (tmp_path / "url").as_uri()
    assert search_once(replace(places, checkpoints=url), points=2) == ["p1"]
    assert (tmp_path / "url" / _key(places, "student:teacher") / "model.pt").is_file()


@pytest.mark.slow
def test_a_teacher_that_has_failed_is_left_so_until_it_is_retried(search_once, tmp_path) -> None:
    places = Places.below(tmp_path / "runs")

    def breaks(jobs, monitor) -> None:
        for job in jobs:
            monitor.failed(job, "ValueError: it broke")

    search_once(places, teach=breaks, error="the teacher student:teacher/0 has failed: ValueError: it broke")
    told = "student:teacher/0, from which points learn, has failed before (ValueError: it broke): --retry failed"
    search_once(places, error=told)
    assert search_once(places, retry_failed=True) == ["student:teacher", "p0"]
