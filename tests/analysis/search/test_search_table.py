"""The table of a search."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.render import FORMATS, render
from analysis.search.choosing import NothingFound
from analysis.search.table import search_table
from analysis.search.tally import nothing_fits
from tests.analysis.search.made_up import made_up, write_search

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_table_of_one_objective_has_the_best_ten(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path, "[pckh]"))
    table = search_table(result, now=NOW)
    values = [row.cells[1].value for row in table.rows]
    assert values == sorted((trial.values["pckh"] for trial in result.complete), reverse=True)[:10]
    assert [head.key for head in table.columns] == ["trial", "pckh", "params", "binary_macs", "epochs"]
    assert table.caption == f"Which block: the best 10 of {len(result.complete)} complete trials"
    assert not any(cell.best for row in table.rows for cell in row.cells)  # one seed leads nobody beyond noise


def test_the_table_of_several_objectives_is_the_front(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    table = search_table(result, now=NOW)
    assert [row.id for row in table.rows] == [trial.name for trial in result.front]
    assert table.caption == "Which block: the Pareto front of PCKh and # params"
    assert table.provenance is not None
    assert table.provenance.runs == tuple(trial.run_id for trial in result.front)
    assert " of the " in search_table(result, top=2, now=NOW).caption


def test_notes_say_what_keeps_from_quoting(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    importance = {"pckh": {"block.type": 0.7, "training.learning_rate": 0.3}, "params": {}}
    said = " ".join(note.text for note in search_table(result, importance=importance, now=NOW).notes)
    assert "Scale laptop; data set synthetic (128 px); one seed (0). Sampler: tpe, seed 0." in said
    assert "stopped early" in said
    assert "failed" in said
    assert "Left out untrained" in said
    assert re.search(r"Left out untrained: \d+ points? \(\d+ breaks? params <= 4\.5e5\)\.", said)
    stopped = sum(trial.state == "pruned" for trial in result.trials)
    assert stopped
    assert f"one seed, chosen among {len(result.complete) + stopped}, " in said
    assert "promote before quoting" in said
    of = f"the best 5 of {len(result.complete)} complete trials against all"
    assert f"What matters for PCKh (PED-ANOVA, {of}): block type 70%, learning rate 30%." in said


def test_of_too_few_trials_the_table_says_that_nothing_is_told(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path), trials=2)
    said = [note.text for note in search_table(result, importance={"pckh": {}, "params": {}}, now=NOW).notes]
    why = "What matters cannot be told of 2 complete trials: it takes 20 (`hglab search` with a higher `--trials N`)."
    assert said.count(why) == 1


def test_a_bound_that_nothing_satisfies_is_named_with_the_nearest_point(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    assert nothing_fits(result) is None
    rejected = tuple(trial for trial in result.trials if trial.state == "infeasible")
    problem = nothing_fits(replace(result, trials=rejected))
    assert problem is not None
    least = min(trial.values["params"] for trial in rejected)
    count = len(rejected)
    assert problem.what.startswith(f"{count} of the {count} points that were proposed break 'params <= 4.5e5'")
    assert f"the nearest has {least:.4g}: " in problem.what
    assert problem.location.line is not None


def test_a_row_that_the_study_proposed_says_so(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path, "[pckh]"), trials=2)
    table = search_table(result, now=NOW)
    marks = {note.mark: note.text for note in table.notes if note.mark}
    by_id = {row.id: marks[row.cells[0].marks[0]] for row in table.rows}
    assert by_id == {"p0": "Tried first: blocks/bottleneck.", "p1": "Tried first: as the study asks."}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_holds_every_row(tmp_path: Path, format: str) -> None:
    table = search_table(made_up(write_search(tmp_path)), now=NOW)
    text = render(table, format)
    assert all(row.id in text for row in table.rows)
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [float(row["pckh_mean"]) for row in rows] == [row.cells[1].value for row in table.rows]
    if format == "json":
        assert len(json.loads(text)["rows"]) == len(table.rows)


def test_nothing_complete_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="no trial is complete yet"):
        search_table(made_up(write_search(tmp_path), trials=0))
