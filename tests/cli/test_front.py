"""`hglab front`: on a search with made-up results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runners.job import Places
from tests.analysis.search.made_up import made_up, store, write_search
from tests.cli.conftest import Call

pytestmark = pytest.mark.xdist_group("front")  # what the module makes first serves all its tests

LAPTOP = ("--scale", "laptop")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a search of two objectives and, in `runs`, forty made-up trials."""
    folder = tmp_path_factory.mktemp("kept")
    store(made_up(write_search(folder)), Places.below(folder / "runs"))
    return folder


@pytest.fixture
def search(call: Call, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That search, for verbs that only read; what they write lies in the test's own folder."""
    monkeypatch.setenv("HGLAB_SEARCH_STORAGE", f"sqlite:///{kept / 'runs' / 'optuna.db'}")
    return kept / "found.yaml"


def test_front_prints_the_front_and_what_matters(call: Call, search: Path) -> None:
    result = call("front", search, *LAPTOP)
    assert result.exit_code == 0, result.output
    assert "the Pareto front of PCKh and # params" in result.output
    assert "What matters for PCKh" in " ".join(result.output.split())
    assert "promote before quoting" in " ".join(result.output.split())


def test_front_as_json_has_the_rows_of_the_front(call: Call, search: Path) -> None:
    result = call("front", search, *LAPTOP, "--format", "json")
    rows = json.loads(result.stdout)["rows"]
    assert [row["id"] for row in rows] == [trial.name for trial in made_up(search).front]


@pytest.mark.parametrize(
    ("name", "begins"), [("f.tex", "\\begin"), ("f.md", "**Which block"), ("f.csv", "id,label"), ("f.html", "<figure")]
)
def test_front_is_written_in_the_format_of_its_name(call: Call, search: Path, name: str, begins: str) -> None:
    result = call("front", search, *LAPTOP, "--top", 2, "-o", name)
    assert result.exit_code == 0, result.output
    text = Path(name).read_text(encoding="utf-8")
    assert begins in text
    assert text.count("Made ") + text.count("provenance_made") == 1


@pytest.mark.parametrize("figure", ["front", "importance", "coordinates"])
def test_figures_are_written_below_the_folder_of_runs(call: Call, search: Path, figure: str) -> None:
    result = call("front", search, *LAPTOP, "--figure", figure)
    assert result.exit_code == 0, result.output
    files = sorted(path.name for path in Path("runs/figures").rglob("*.*"))
    assert files == [f"{figure}.pdf", f"{figure}.png"]


def test_the_name_of_a_picture_asks_for_the_figure(call: Call, search: Path) -> None:
    assert call("front", search, *LAPTOP, "-o", "x.svg").exit_code == 0
    assert "<svg" in Path("x.svg").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--figure", "front", "--format", "latex"], "is for the table"),
        (["--figure", "front", "--top", "3"], "is for the table"),
        (["-o", "x.docx"], "'.docx' is no format"),
        (["--figure", "front", "-o", "x.tex"], "a figure is a .png, .pdf or .svg file"),
        (["-o", "x.tex", "--format", "csv"], "is no name for csv"),
        (["--scale", "tiny"], "has not begun at scale tiny"),
        (["--storage", "sqlite:///elsewhere.db"], "has not begun at scale laptop"),
    ],
)
def test_what_does_not_go_together(call: Call, search: Path, words: list[str], said: str) -> None:
    result = call("front", search, *LAPTOP, *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_search_without_a_complete_trial(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path)
    store(made_up(path, 0), Places.below(tmp_path / "runs"))
    for words in ([], ["--figure", "coordinates"], ["--figure", "importance"]):
        result = call("front", path, *LAPTOP, *words)
        assert result.exit_code == 2
        assert "No trial has begun; search on: " in result.stderr


def test_where_all_trials_were_stopped_it_takes_more(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path, changes={"trials: 40": "trials: 3"})
    made = made_up(path, 3)
    stopped = tuple(replace(trial, state="pruned", violations=None) for trial in made.trials)
    store(replace(made, trials=stopped), Places.below(tmp_path / "runs"))
    result = call("front", path, *LAPTOP)
    assert result.exit_code == 2
    hint = f"search on, with more trials: `hglab search {path} --trials 6`"
    assert f"no trial is complete yet. 3 trials: 3 stopped early; {hint}" in result.stderr


def test_importance_takes_trials(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path)
    store(made_up(path, 2), Places.below(tmp_path / "runs"))
    result = call("front", path, *LAPTOP, "--figure", "importance")
    assert result.exit_code == 2
    assert "What matters cannot be told of 2 complete trials: it takes 20" in result.stderr
    assert f"2 complete; search on: `hglab search {path}`" in result.stderr
    table = call("front", path, *LAPTOP)
    assert "What matters cannot be told of 2 complete trials" in " ".join(table.output.split())


def test_a_study_of_variants_has_no_front(call: Call, search: Path) -> None:
    result = call("front", search.with_name("blocks.yaml"), *LAPTOP)
    assert result.exit_code == 2
    assert "'blocks' is no search" in result.stderr
