"""What a search shows while it runs: a line per event in a log, trials and the best so far on a terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cli.search_progress import SearchProgress
from cli.search_text import shown_metric, some_of
from runners.job import Job, Places, Progress, Resources
from runners.search.monitor import SearchStanding
from runners.search.results import SearchedTrial
from search_space import ExpandedSearch
from tests.cli.searches import TWO, point, read, write_search

NOTHING = SearchStanding(0, 6, 0, 0, 0, 0, None, (), 0, 0.0, None)


@pytest.fixture
def search(tmp_path) -> ExpandedSearch:
    return read(write_search(tmp_path))


@pytest.fixture
def two(tmp_path) -> ExpandedSearch:
    return read(write_search(tmp_path, TWO))


def _job(name: str, label: str) -> Job:
    places = Places("sqlite:///none", Path("/a"), Path("/t"), Path("/c"), None)
    return Job(
        name=f"{name}/0", variant=name, label=label, seed=0, fingerprint=name, config={}, counts={}, study="s",
        scale="tiny", launch="l", experiment_id="1", places=places, resources=Resources(),
    )  # fmt: skip


JOB = _job("p3", "hierarchical, depth 3")
EPOCH = Progress(1, 3, {"pckh": 31.24, "seconds": 4.2})


def _progress(search: ExpandedSearch, *, terminal: bool = False) -> tuple[SearchProgress, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, width=120, force_terminal=terminal, color_system=None, soft_wrap=not terminal)
    return SearchProgress(console, search, "pckh"), file


def _rendered(progress: SearchProgress) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=120).print(progress.render())
    return [line.rstrip() for line in file.getvalue().splitlines()]


def _found(search: ExpandedSearch, number: int, params: float = 11_712.0, **changes: object) -> SearchedTrial:
    values = {"pckh": 35.24 - number, "params": params}
    at = point(search, block__type="hierarchical", block__depth=3)
    return replace(SearchedTrial(number, "complete", at, values, epochs=3), **changes)  # type: ignore[arg-type]


def test_a_trial_from_its_start_to_its_end(search) -> None:
    progress, log = _progress(search)
    progress.started(JOB)
    progress.progressed(JOB, EPOCH)
    progress.finished(JOB)
    assert log.getvalue().splitlines() == [
        "p3 hierarchical, depth 3: started",
        "✓ p3 hierarchical, depth 3: done in 4.2 s, PCKh 31.2",
    ]


@pytest.mark.parametrize(
    ("tell", "line"),
    [
        (lambda progress: progress.pruned(JOB, 1), "– p3 hierarchical, depth 3: stopped after 1 epoch, PCKh 31.2"),
        (lambda progress: progress.pruned(JOB, 2), "– p3 hierarchical, depth 3: stopped after 2 epochs, PCKh 31.2"),
        (
            lambda progress: progress.failed(JOB, "ValueError: [bold]no[/bold]"),
            "✗ p3 hierarchical, depth 3: failed: ValueError: [bold]no[/bold]",
        ),
        (lambda progress: progress.taken(JOB), "✓ p3 hierarchical, depth 3: done by another launch"),
    ],
)
def test_how_a_trial_may_end(search, tell, line: str) -> None:
    progress, log = _progress(search)
    progress.started(JOB)
    progress.progressed(JOB, EPOCH)
    tell(progress)
    assert log.getvalue().splitlines()[-1] == line
    assert not any("p3" in shown for shown in _rendered(progress)), "it is not shown as running any more"


def test_a_trial_that_another_launch_trains(search) -> None:
    progress, log = _progress(search)
    progress.held(JOB, None)
    assert log.getvalue().startswith("p3 hierarchical, depth 3: waiting for it: being trained by ")


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"reused": True}, ["✓ p0 hierarchical, depth 3: PCKh 35.2 (from the record)"]),
        ({"reused": True, "duplicate_of": 3}, []),
        ({"duplicate_of": 3}, []),
        ({"state": "infeasible", "violations": {"params <= 900": 12.0}, "point": {"block.type": "bottleneck"}}, []),
    ],
    ids=["reused", "reused twice", "repeated", "left out"],
)
def test_points_that_need_no_training(search, changes, lines: list[str]) -> None:
    progress, log = _progress(search)
    progress.told(_found(search, 0, **changes))
    assert log.getvalue().splitlines() == lines


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"violations": {"params <= 900": 12.0, "binary_macs <= 9": 1.0}},
            "it breaks params <= 900 and binary_macs <= 9",
        ),
        ({"error": "the cardinality 3 does not divide 8"}, "the cardinality 3 does not divide 8"),
    ],
)
def test_a_first_point_that_is_left_out(search, changes, why: str) -> None:
    progress, log = _progress(search)
    point = search.first[0]
    progress.told(_found(search, 0, state="infeasible", point=point, **changes))
    progress.told(_found(search, 4, state="infeasible", point=point, **changes))  # proposed again, it is no news
    assert log.getvalue() == f"left out: the first point p0 {search.label(point)}: {why}\n"


def test_a_log_says_how_the_search_goes_on(search, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("cli.search_progress.time.monotonic", lambda: now[0])
    progress, log = _progress(search)
    progress.stands(replace(NOTHING, counted=2, seconds=500.0))
    assert log.getvalue() == "", "what earlier launches did is not news"
    now[0] = 160.0
    best = _found(search, 0)
    progress.stands(
        replace(
            NOTHING, counted=4, infeasible=7, repeated=1, pruned=1, failed=2, best=best, front=(best,),
            epochs_trained=9, seconds=560.0,
        )
    )  # fmt: skip
    assert log.getvalue().splitlines() == [
        "best so far: p0 hierarchical, depth 3: PCKh 35.2",
        "4/6 trials  1 stopped early  7 left out  1 repeated  2 failed  9 epochs  9 min 20 s gone"
        "  about 1 min 0 s left",
    ]
    progress.stands(replace(NOTHING, counted=4, infeasible=8, best=best))
    assert len(log.getvalue().splitlines()) == 2, "a point that is left out is counted, without a line"


def test_more_trials_than_are_asked_for_now(search) -> None:
    progress, _ = _progress(search, terminal=True)
    progress.stands(replace(NOTHING, counted=7, epochs_trained=1))
    assert _rendered(progress)[-1] == "7 trials, 6 asked for  1 epoch  0.0 s gone"


@pytest.mark.parametrize(
    ("more", "metric"),
    [
        ("objectives: [params, pckh]", "pckh"),
        ("objectives: [latency_ms, validation_loss, pckh]", "validation_loss"),
        ("objectives: [params, pckh]\nscheduler: {name: asha, metric: validation_loss, grace: 1}", "pckh"),
        ("objectives: [params]", "pckh"),
        ("objectives: [pckh]", "pckh"),
    ],
)
def test_an_objective_is_shown_that_training_measures(tmp_path, more: str, metric: str) -> None:
    """Counts are known before: a line without a figure says nothing of how the trial went."""
    assert shown_metric(read(write_search(tmp_path, more))) == metric


def test_what_trains_at_this_moment_has_not_ended(search) -> None:
    progress, log = _progress(search)
    progress.stands(NOTHING)
    progress.started(JOB)
    progress.stands(replace(NOTHING, counted=1, running=1))
    assert log.getvalue().splitlines() == ["p3 hierarchical, depth 3: started"]
    assert _rendered(progress)[-1] == "0/6 trials  1 running  0 epochs  0.0 s gone"


def test_time_goes_by_between_two_standings(search, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("cli.search_progress.time.monotonic", lambda: now[0])
    progress, _ = _progress(search, terminal=True)
    progress.stands(replace(NOTHING, counted=1, seconds=50.0, hours=0.1))
    now[0] = 130.0
    progress.started(JOB)
    assert _rendered(progress)[-1] == "1/6 trials  1 running  0 epochs  1 min 20 s gone  about 4 min 40 s left"


@pytest.mark.parametrize(
    ("counted", "hours", "left"),
    [
        (0, None, None),  # nothing tells how long a trial takes
        (2, None, "about 2 min 0 s left"),  # 60 s for two, four to come
        (2, 1.0, "about 2 min 0 s left"),
        (2, 0.1, "about 1 min 0 s left"),  # of 360 s, 300 are gone
        (0, 0.1, "about 1 min 0 s left"),
        (0, 0.01, "about 0.0 s left"),
        (6, 1.0, None),  # all of them
    ],
)
def test_the_time_left_is_that_of_the_trials_or_of_the_hours(search, monkeypatch, counted, hours, left) -> None:
    now = [100.0]
    monkeypatch.setattr("cli.search_progress.time.monotonic", lambda: now[0])
    progress, _ = _progress(search, terminal=True)
    progress.stands(NOTHING)
    now[0] = 160.0
    progress.stands(replace(NOTHING, counted=counted, hours=hours, seconds=300.0))
    *_, summary = _rendered(progress)
    assert (summary.rpartition("gone")[2].strip() or None) == left


def test_the_display_of_one_objective(search) -> None:
    progress, _ = _progress(search, terminal=True)
    progress.started(JOB)
    progress.started(_job("p4", "bottleneck"))
    progress.progressed(JOB, EPOCH)
    best = _found(search, 0)
    progress.stands(replace(NOTHING, counted=3, running=2, best=best, front=(best,), epochs_trained=3))
    running, starting, found, summary = _rendered(progress)
    assert running.split()[:4] == ["p3", "hierarchical,", "depth", "3"]
    assert running.endswith("epoch 1/3  PCKh 31.2")
    assert starting.endswith("starting")
    assert found == "best so far  p0 hierarchical, depth 3: PCKh 35.2"
    assert summary == "1/6 trials  2 running  3 epochs  0.0 s gone"


def test_the_display_of_several_objectives(two) -> None:
    progress, log = _progress(two, terminal=True)
    progress.stands(NOTHING)
    assert _rendered(progress)[0] == "no point is complete yet"
    front = tuple(_found(two, number, params=20_000.0 - 1000 * number) for number in range(7))
    progress.stands(replace(NOTHING, counted=6, front=front, best=None))
    title, heads, *rows, _ = _rendered(progress)
    assert title == "front so far  7 points, 5 of them:"
    assert heads.split() == ["PCKh", "#", "params"]
    assert [row.split()[0] for row in rows] == ["p0", "p2", "p3", "p4", "p6"], "its ends among them"
    assert rows[0].split()[1:] == ["35.2", "20.0", "k", "hierarchical,", "depth", "3"]
    assert "best" not in log.getvalue(), "there is no best of two objectives"


def test_a_few_of_a_front_are_sorted_by_the_first_objective(two) -> None:
    front = [_found(two, number) for number in (2, 0, 1)]
    assert [trial.number for trial in some_of(front, two)] == [0, 1, 2]
    assert [trial.number for trial in some_of([_found(two, number) for number in range(9)], two, 3)] == [0, 4, 8]


def test_the_terminal_shows_it_while_it_runs(search) -> None:
    progress, screen = _progress(search, terminal=True)
    with progress.shown():
        progress.started(JOB)
        progress.finished(JOB)
    assert "✓ p3 hierarchical, depth 3: done" in screen.getvalue()
    assert "started" not in screen.getvalue()


def test_a_log_is_not_redrawn(search) -> None:
    progress, log = _progress(search)
    with progress.shown():
        pass
    assert log.getvalue() == ""
