"""What a report gathers, however many trials there are."""

from __future__ import annotations

import pytest

from analysis.report.contents import MANY_TRIALS
from analysis.report.page import report_page


@pytest.mark.slow
def test_a_report_of_many_trials_says_what_it_leaves_out(make_plan, record, gathered) -> None:
    rates = [f"{rate}e-5" for rate in range(1, MANY_TRIALS // 2 + 2)]
    plan = make_plan(f"study: many\nseeds: [0, 1]\ngrid:\n  training.learning_rate: [{', '.join(rates)}]\n")
    assert len(plan.trials) == MANY_TRIALS + 2
    runs = [record(plan, trial.name, metrics={"pckh": 50.0 + trial.seed}) for trial in plan.trials]
    contents = gathered(plan, runs)
    assert len(contents.trials) == len(plan.trials)
    reasons = {picture.name: picture.reason for picture in contents.pictures}
    assert "left out, for it reads files of each of 202 trials; `hglab figure errors` draws it" in reasons["errors"]
    assert reasons["pareto"] is None
    assert "names no baseline" in contents.sentences[0]
    text = report_page(contents, "http://127.0.0.1:5000", served=False)
    assert "left out, for it reads files" in text
    assert text.count("<tr data-id=") >= 3 * len(rates)  # results, settings, networks: every variant


@pytest.mark.slow
def test_a_study_without_any_run_is_a_report_of_what_is_missing(sample_plan, gathered) -> None:
    contents = gathered(sample_plan, [])
    assert contents.states == {"missing": 12}
    assert contents.dates is None
    assert all(picture.source or picture.reason for picture in contents.pictures)
    assert len(contents.unfinished) == 12
    text = report_page(contents, "http://127.0.0.1:5000", served=True)
    assert "not trained yet" in text
    assert "The links lead to the tracking server." in text


@pytest.mark.slow
def test_a_fault_of_a_figure_stands_in_its_place(monkeypatch, sample_plan, sample_records, gathered) -> None:
    from analysis.figures import pareto

    def fault(_: object) -> None:
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr(pareto, "draw", fault)
    contents = gathered(sample_plan, sample_records)
    reasons = {picture.name: picture.reason for picture in contents.pictures}
    assert reasons["pareto"] == "ZeroDivisionError: of the test"
    assert any(picture.source for picture in contents.pictures)
