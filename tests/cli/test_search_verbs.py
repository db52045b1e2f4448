"""What every verb makes of a study that searches."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runners.search import storage as kept
from search_space import ExpandedSearch
from tests.cli.conftest import Call
from tests.cli.searches import TWO, fill, fill_all_states, point, read, write_search

NO_ROWS = (
    "small_search.yaml:12:1: the study 'small_search' is a search: its trials are not compared as rows; "
    "`hglab front` shows them, `hglab promote` makes a study of the best\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_search(tmp_path)


@pytest.fixture
def search(path: Path) -> ExpandedSearch:
    return read(path)


@pytest.fixture
def searched(search: ExpandedSearch, tmp_path: Path) -> str:
    """A storage with a point in every state."""
    return fill_all_states(search, tmp_path / "runs")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["validate", "small_search.yaml"], 0, "small_search.yaml: right, a search of 9 trials over 4 dimensions, 12"),
        (["plan", "small_search.yaml", "--scale", "tiny"], 0, "12 points in all; 100% of them are feasible"),
        (["status", "small_search.yaml"], 0, "9 trials, none begun: hglab search small_search.yaml"),
        (["inspect", "small_search.yaml", "--scale", "tiny"], 0, "first1"),
        (["inspect", "small_search.yaml/first1", "--scale", "tiny"], 0, "small_search/first1"),
        (["table", "small_search.yaml"], 2, NO_ROWS),
        (["table", "small_search.yaml", "--scale", "tiny"], 2, NO_ROWS),
        (["table", "small_search.yaml", "--explain", "p0", "pckh"], 2, NO_ROWS),
        (["compare", "small_search.yaml"], 2, NO_ROWS),
        (["diff", "small_search.yaml", "p0", "p1"], 2, NO_ROWS),
        (["figure", "curves", "small_search.yaml"], 2, NO_ROWS),
        (["figure", "all", "small_search.yaml"], 2, NO_ROWS),
        (["report", "small_search.yaml"], 2, "the search has not begun"),
        (["inspect", "small_search.yaml/p0"], 2, "the search has no point 'p0'; known: first1"),
        (["inspect", "small_search.yaml", "--layers"], 2, "--layers: is for one network"),
        (["plan", "small_search.yaml", "small.yaml"], 2, "'small_search' is a search"),
        (["plan", "small_search.yaml", "--data", "lsp"], 2, "--data-root: data.name is 'lsp' but no data folder"),
        (["plan", "small_search.yaml", "--set", "model.relu=true"], 2, "model.relu"),
        (["plan", "small_search.yaml", "--scale", "huge"], 2, "unknown scale 'huge'"),
        (["plan", "nothing.yaml", "--scale", "tiny"], 2, "points satisfies 'params <= 900'; the nearest has"),
        (["validate", "nothing.yaml"], 2, "points satisfies 'params <= 900'; the nearest has"),
        (["submit", "nothing.yaml", "--address", "http://127.0.0.1:9"], 2, "satisfies 'params <= 900'"),
        (["status", "small_search.yaml", "--storage", "no database"], 2, "--storage no database"),
    ],
)
def test_verbs_on_a_search(call: Call, path, small_study, tmp_path, words: list[str], code: int, message: str) -> None:
    write_search(tmp_path, 'constraints: ["params <= 900"]', "nothing")
    result = call(*words)
    assert result.exit_code == code, result.output
    told = result.stdout if code == 0 else result.stderr
    assert message in told.replace("\n", " " if code == 0 else "\n")
    assert "Traceback" not in result.output


def test_tables_of_several_studies_take_no_search(call: Call, path, small_study) -> None:
    result = call("table", small_study, path, "--scale", "tiny")
    assert result.exit_code == 2
    assert "its trials are not compared as rows" in result.stderr


def test_the_plan_of_a_search(call: Call, tmp_path) -> None:
    more = (
        "seed: 3\nhours: 0.5\nsampler: {name: nsga2, population: 4}\nscheduler: {name: asha, metric: pckh, grace: 1}\n"
        'objectives: [pckh, {metric: params, direction: minimise}]\nconstraints: ["params <= 12600"]\n'
        "budget: {training.epochs: 6}"
    )
    result = call("plan", write_search(tmp_path, more), "--scale", "tiny")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    for part in (
        "Which block is best? (search, scale tiny, data synthetic)",
        "block.type one of bottleneck, multi_scale, hierarchical",
        "block.depth a whole number from 2 to 3 block.type is hierarchical",
        "model.activation relu or prelu model.relu is true",
        "12 points in all; 50% of them are feasible, with 9.82 k to 11.5 k parameters",
        "params <= 12600 rejects 50%",
        "objectives: maximise PCKh, minimise # params",
        "sampler: nsga2 (population 4), seed 3",
        "scheduler: asha by PCKh: after 1 and 3 of 6 epochs the best 1/3 go on",
        "hierarchical, depth 3",
        "left out: breaks params <= 12600",
        "9 trials, at most 0.5 h, 0 done, 6 to come: the space has only 12 points, 6 of them feasible",
        "no estimate of time: the record holds no finished trial on this data yet",
        "nothing has been searched yet",
    ):
        assert part in text, part
    assert not (tmp_path / "runs").exists(), "a plan leaves nothing behind"


def test_the_plan_names_the_teacher(call: Call, tmp_path, small_study) -> None:
    path = write_search(tmp_path)
    path.write_text(path.read_text().replace("search:", "  distillation.teacher: small/bottleneck\nsearch:", 1))
    result = call("plan", path, "--scale", "tiny", "--set", "data.resolution=32")
    assert result.exit_code == 0, result.output
    assert "trained first, unless the record holds it: small/bottleneck" in result.stdout


def test_the_plan_for_scripts(call: Call, path, searched) -> None:
    plan = json.loads(call("plan", path, "--scale", "tiny", "--format", "json").stdout)
    assert plan["design"] == "search"
    assert [each["key"] for each in plan["space"]["dimensions"]][:2] == ["block.type", "block.depth"]
    assert plan["space"]["dimensions"][1]["conditions"] == ["block.type is hierarchical"]
    assert (plan["space"]["size"], plan["space"]["whole"], plan["space"]["feasible"]) == (12, True, 12)
    assert plan["scheduler"]["rungs"] == [[1]]
    assert plan["first"][0]["feasible"]
    assert plan["first"][0]["params"] > 10_000
    assert plan["done"]["ended"] == 7
    assert plan["estimated_seconds"] is None


def test_the_status_of_a_search(call: Call, path, searched) -> None:
    result = call("status", path, "--scale", "tiny")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:4] == [
        "small_search (search, scale tiny, data synthetic)",
        "7/9 trials: 5 complete, 1 stopped early, 1 running, 1 interrupted, 1 failed, 1 left out, 1 repeated",
        "12 epochs trained, 1 min 15 s gone",
        "best p1 bottleneck: PCKh 41.0",
    ]
    assert "running p6 hierarchical, depth 2, relu, activation relu, epoch 2" in lines
    assert "✗ p3 hierarchical, depth 2: ValueError: [no] weights" in lines


def test_the_plan_of_a_space_that_is_exhausted(call: Call, path, search, tmp_path) -> None:
    figures = {kept.FIGURES: {"pckh": 30.0, "params": 12_000.0}}
    told = [(each, "COMPLETE", figures) for each in search.space.points()]
    fill(search, tmp_path / "runs", told[:-1])
    path.write_text(path.read_text().replace("trials: 9", "trials: 40"))
    plan = call("plan", path, "--scale", "tiny")
    assert "40 trials, 11 done, 1 to come: the space has only 12 points\n" in plan.stdout
    assert json.loads(call("plan", path, "--scale", "tiny", "--format", "json").stdout)["to_come"] == 1


def test_numbers_of_trials_are_words_that_fit(call: Call, path, search, tmp_path) -> None:
    figures = {kept.FIGURES: {"pckh": 30.0, "params": 12_000.0}, kept.EPOCHS: 1}
    fill(search, tmp_path / "runs", [(point(search), "COMPLETE", figures), (point(search, block__depth=3), "FAIL", {})])
    path.write_text(path.read_text().replace("trials: 9", "trials: 1"))
    lines = call("status", path, "--scale", "tiny").stdout.splitlines()
    assert lines[1:3] == ["2 trials, 1 asked for: 1 complete, 1 failed", "1 epoch trained, 1 min 15 s gone"]


def test_a_search_without_a_point_has_begun_none(call: Call, path, search, tmp_path) -> None:
    fill(search, tmp_path / "runs", [])
    assert call("status", path, "--scale", "tiny").stdout.splitlines()[1] == "0/9 trials, none begun"


def test_the_status_for_scripts(call: Call, path, searched) -> None:
    status = json.loads(call("status", path, "--scale", "tiny", "--format", "json").stdout)
    assert (status["design"], status["trials"], status["ended"]) == ("search", 9, 7)
    assert status["states"]["repeated"] == 1
    assert status["best"]["name"] == "p1"
    assert [each["number"] for each in status["points"]] == list(range(11))
    assert status["points"][5]["violations"] == {"params <= 900": 12.0}


def test_the_status_of_two_objectives_has_a_front(call: Call, tmp_path) -> None:
    path = write_search(tmp_path, TWO)
    search = read(path)
    told = [
        (point(search, block__type="hierarchical"), "COMPLETE", {kept.FIGURES: {"pckh": 40.0, "params": 19_000.0}}),
        (point(search), "COMPLETE", {kept.FIGURES: {"pckh": 30.0, "params": 12_000.0}}),
        (point(search, block__type="multi_scale"), "COMPLETE", {kept.FIGURES: {"pckh": 29.0, "params": 13_000.0}}),
    ]
    fill(search, tmp_path / "runs", told)
    lines = [" ".join(line.split()) for line in call("status", path, "--scale", "tiny").stdout.splitlines()]
    assert "front 2 points" in lines
    assert "p0 40.0 19.0 k hierarchical, depth 2" in lines
    assert not any(line.startswith("p2 ") for line in lines)


def test_another_storage_holds_another_search(call: Call, path, searched, tmp_path) -> None:
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert "none begun" in call("status", path, "--scale", "tiny", "--storage", elsewhere).stdout
    assert "none begun" in call("status", path, "--scale", "laptop").stdout, "another scale is another search"
    assert "7/9 trials" in call("status", path, "--scale", "tiny", "--storage", searched).stdout
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.slow
def test_points_are_inspected_by_their_numbers(call: Call, path, searched) -> None:
    found = json.loads(call("inspect", path, "--scale", "tiny", "--format", "json").stdout)
    assert [row["id"] for row in found["variants"]] == ["first1", "p1", "p9", "p8", "p10"], "then the best"
    assert [row.get("also") for row in found["variants"]] == ["p0", None, None, None, None], "it is there once"
    assert "first1, p0 " in call("inspect", path, "--scale", "tiny").stdout
    one = json.loads(call("inspect", f"{path}/p6", "--scale", "tiny", "--format", "json").stdout)
    assert (one["id"], one["label"]) == ("p6", "hierarchical, depth 2, relu, activation relu")
    result = call("inspect", f"{path}/p60", "--scale", "tiny")
    assert result.exit_code == 2
    assert "the search has no point 'p60'; its points are p0 to p10" in result.stderr


def test_a_point_is_drawn(call: Call, path, searched, tmp_path) -> None:
    assert call("inspect", f"{path}/p0", "--scale", "tiny", "--diagram", "block.svg").exit_code == 0
    assert "hierarchical, depth 3" in (tmp_path / "block.svg").read_text()


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("postgresql://me:secret@head/optuna", "--storage: holds a password"),
        ("sqlite:///file.db", "--address http://127.0.0.1:9"),
    ],
)
def test_a_job_is_not_sent_with_a_password(call: Call, path, storage: str, message: str) -> None:
    result = call("submit", path, "--scale", "tiny", "--storage", storage, "--address", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.slow
def test_a_search_that_was_run(process, path, tmp_path) -> None:
    """One search in this machine's own process, and what verbs say of it after."""
    path.write_text(path.read_text().replace("trials: 9", "trials: 4"))
    done = process("run", path, "--scale", "tiny", "--executor", "inline", "--set", "training.epochs=3")
    assert done.returncode == 0, done.stderr
    status = process("status", path)
    assert "4/4 trials" in status.stdout, "the last launch's options are those of the status"
    plan = process("plan", path, "--scale", "tiny", "--set", "training.epochs=3")
    assert "4 trials, 4 done, 0 to come" in plan.stdout
    longer = tmp_path / "longer.yaml"
    longer.write_text(path.read_text().replace("trials: 4", "trials: 6"))
    assert re.search(
        r"6 trials, 4 done, 2 to come\nat most about \S+ s of training, one trial after the other \(\S+ s each, from",
        process("plan", longer, "--scale", "tiny", "--set", "training.epochs=3").stdout,
    )

    report = process("report", path, "-o", "report.html", "--keep")
    assert report.returncode == 0, report.stderr
    assert "kept with the launch's run" in report.stderr
    page = (tmp_path / "report.html").read_text()
    for part in (
        "Which block is best?",
        "maximise PCKh",
        "block.type is hierarchical",
        "data:image/png",
        "stopped early",
    ):
        assert part in page, part
    assert "<script src" not in page
    points = json.loads(process("status", path, "--format", "json").stdout)["points"]
    assert re.findall(r'data-value="\d+">(p\d+)</th>', page) == [each["name"] for each in points]
    assert len(re.findall(r'<a class="id" href="http://127.0.0.1:5000/#/experiments/\d+/runs/\w{32}\?', page)) >= 4

    every = process("report", "--all")
    assert every.returncode == 0, every.stderr
    assert "1 of 1 studies" in every.stderr
    index = (tmp_path / "runs" / "reports" / "index.html").read_text()
    assert re.search(r'<a href="small_search-tiny-synthetic-\w{8}.html">small_search</a>', index)
    assert '<td class="number">4</td>' in index


@pytest.mark.slow
def test_a_search_that_has_found_nothing_is_reported(call: Call, path, search, tmp_path) -> None:
    fill(search, tmp_path / "runs", [(point(search), "RUNNING", {kept.LAUNCH: ""})])
    result = call("report", path, "--scale", "tiny", "-o", "report.html")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text()
    assert "No point is complete yet." in page
    assert page.count("Not drawn:") == 3
    assert "no trial is complete yet" in result.stderr
