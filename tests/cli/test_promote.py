"""`hglab promote`: on a search with made-up results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runners.job import Places
from search_space import expand, read_study
from tests.analysis.search.made_up import made_up, store, write_search
from tests.cli.conftest import Call

pytestmark = pytest.mark.xdist_group("promote")  # what the module makes first serves all its tests

LAPTOP = ("--scale", "laptop")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Optuna's database with forty made-up trials of a search of one objective."""
    folder = tmp_path_factory.mktemp("kept")
    store(made_up(write_search(folder, "[pckh]")), Places.below(folder / "runs"))
    return folder / "runs" / "optuna.db"


@pytest.fixture
def search(call: Call, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That search, in a folder of its own."""
    monkeypatch.setenv("HGLAB_SEARCH_STORAGE", f"sqlite:///{kept}")
    folder = tmp_path / "studies"
    folder.mkdir()
    return write_search(folder, "[pckh]")


def test_the_promoted_study_validates_plans_and_has_a_table(call: Call, search: Path) -> None:
    result = call("promote", search, *LAPTOP, "--top", 2, "--seeds", 2, "--beside", "blocks/wider")
    assert result.exit_code == 0, result.output
    file = search.with_name("found_promoted.yaml")
    assert str(file) in result.stderr
    best = [trial.name for trial in made_up(search).ranked[:2]]
    assert [variant.id for variant in expand(read_study(file)).variants] == ["bottleneck", "p1", "wider", *best]
    assert call("validate", file).exit_code == 0
    assert call("plan", file, *LAPTOP, "--format", "json").exit_code == 0
    table = json.loads(call("table", file, *LAPTOP, "--format", "json").stdout)
    assert [row["id"] for row in table["rows"]] == ["bottleneck", "p1", "wider", *best]


def test_a_file_is_not_written_over(call: Call, search: Path) -> None:
    file = search.with_name("mine.yaml")
    file.write_text("mine")
    result = call("promote", search, *LAPTOP, "-o", file)
    assert result.exit_code == 2
    assert "there is such a file already" in result.stderr
    assert file.read_text() == "mine"
    assert call("promote", search, *LAPTOP, "-o", file, "--force").exit_code == 0
    assert read_study(file).name == "mine"
    assert sorted(path.name for path in file.parent.iterdir()) == ["blocks.yaml", "found.yaml", "mine.yaml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--top", "99"], "complete are only"),
        (["--top", "0"], "promotes nothing"),
        (["--seeds", "0"], "trains nothing"),
        (["--seeds", "100000000"], "is more than 1000"),
        (["-o", "best.txt"], "a study is a .yaml file"),
        (["-o", "the best.yaml"], "is no name for a study"),
        (["-o", "found.yaml"], "has the name of the search"),
        (["-o", "elsewhere/best.yaml"], "it would refer to blocks.yaml"),
        (["--beside", "blocks/wide"], "has no variant 'wide'"),
        (["--beside", "other/wide"], "there is no study 'other'"),
        (["--scale", "tiny"], "has not begun at scale tiny"),
    ],
)
def test_bad_input_writes_nothing(call: Call, search: Path, words: list[str], said: str) -> None:
    before = sorted(search.parent.iterdir())
    result = call("promote", search, *LAPTOP, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert sorted(search.parent.iterdir()) == before
    assert not Path("elsewhere").exists()


@pytest.mark.parametrize("words", [[], ["--force"]])
def test_the_search_itself_is_not_written_over(call: Call, search: Path, words: list[str]) -> None:
    before = search.read_text()
    link = search.with_name("link.yaml")
    link.symlink_to(search)
    for name in (search, search.parent / "." / search.name, link):
        result = call("promote", search, *LAPTOP, "-o", name, *words)
        assert result.exit_code == 2
        assert "is the search itself, which would be lost; give the file another name" in result.stderr
    assert search.read_text() == before


def test_a_search_that_nothing_made_cheaper_keeps_its_seed(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path, "[pckh]", changes={"budget: {training.epochs: 6}": "budget: {}"})
    store(made_up(path), Places.below(tmp_path / "runs"))
    result = call("promote", path, *LAPTOP)
    assert result.exit_code == 0, result.output
    file = path.with_name("found_promoted.yaml")
    assert read_study(file).spec.seeds == (1, 2, 3)
    why = "Seeds begin at 1: nothing made the search cheaper, so seed 0 would be its own trials again"
    assert why in result.stderr
    assert why in " ".join(file.read_text().replace("# ", "").split())


def test_a_first_point_that_was_left_out_is_named(call: Call, tmp_path: Path) -> None:
    changes = {
        "params <= 4.5e5": "params <= 4.2e5",
        "from: blocks/bottleneck": "from: blocks/hierarchical",
        "block.type: hierarchical, block.depth: 3": "block.type: multi_scale",
    }
    path = write_search(tmp_path, "[pckh]", changes=changes)
    made = made_up(path)
    left_out = [trial.state == "infeasible" for trial in made.trials[:2]]
    assert left_out == [True, False], "the first alone is too large"
    store(made, Places.below(tmp_path / "runs"))
    result = call("promote", path, *LAPTOP)
    assert result.exit_code == 0, result.output
    assert (
        "'Hierarchical & 100% binary, learning rate 0.02' was left out by the search, it breaks params" in result.stderr
    )
    study = expand(read_study(path.with_name("found_promoted.yaml")))
    assert [variant.id for variant in study.variants if variant.baseline] == ["p1"]


def test_one_complete_trial_is_promoted_without_saying_so(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path, "[pckh]")
    store(made_up(path, 1), Places.below(tmp_path / "runs"))
    assert call("promote", path, *LAPTOP).exit_code == 0
    result = call("promote", path, *LAPTOP, "--top", 3, "--force")
    assert result.exit_code == 2
    assert "--top 3: complete are only 1 trial; --top 1 promotes all of them" in result.stderr


def test_nothing_complete_is_nothing_to_promote(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path)
    store(made_up(path, 0), Places.below(tmp_path / "runs"))
    result = call("promote", path, *LAPTOP)
    assert result.exit_code == 2
    assert "no trial is complete yet" in result.stderr


def test_without_rows_to_compare_with_it_says_so(call: Call, tmp_path: Path) -> None:
    path = write_search(tmp_path, "[pckh]")
    text = path.read_text()
    path.write_text(text[: text.index("  first:")])
    store(made_up(path), Places.below(tmp_path / "runs"))
    result = call("promote", path, *LAPTOP, "--top", 1, "--seeds", 1)
    assert result.exit_code == 0, result.output
    assert "--beside STUDY/VARIANT adds one" in result.stderr
    assert call("plan", path.with_name("found_promoted.yaml"), *LAPTOP).exit_code == 0
