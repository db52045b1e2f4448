"""`hglab table` of several studies and with --explain, and `hglab diff`: on a record of made-up trials."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import Result

from blocks.count import count
from cli.studies import planned
from runners.job import Job, Places, Resources, run_tags
from runners.record.reading import read_trials
from runners.record.writing import Record
from tests.cli.conftest import TINY, Call, command, environment

pytestmark = pytest.mark.xdist_group("table")  # what the module trains first serves all its tests

FIRST = """\
study: first
title: Blocks
seeds: [0, 1]
variants:
  - {id: bottleneck, baseline: true}
  - {id: hierarchical, label: "Hierarchical & binary", set: {block.type: hierarchical}}
table:
  columns: [{metric: params}, {metric: pckh, best: max}, {delta: pckh}, {n: true}]
"""
SECOND = """\
study: second
title: Poolings
seeds: [0, 1]
base: {block.type: hierarchical}
variants:
  - {id: ours, baseline: true}
  - {id: average, label: Average pooling, set: {model.pooling: average}}
table:
  columns: [{metric: pckh}, {delta: pckh}, {metric: pckh_wrist}]
"""
PCKH = {"bottleneck/0": 40.0, "bottleneck/1": 40.4, "hierarchical/0": 50.0, "hierarchical/1": 50.4, "average/0": 45.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies that share the trials of `hierarchical` and `ours`, and a record where all but two are complete."""
    folder = tmp_path_factory.mktemp("recorded")
    places = Places.below(folder / "runs")
    record = Record(places.uri, places.artifacts)
    for text in (FIRST, SECOND):
        name = text.split()[1]
        (folder / f"{name}.yaml").write_text(text)
        plan = planned(folder / f"{name}.yaml", "tiny", None, None, None)
        experiment = record.experiment(name)
        for trial in plan.trials:
            if trial.variant.id == "ours":  # trained in the first study
                continue
            context = {"study": name, "scale": "tiny", "launch": "", "experiment_id": experiment, "places": places}
            job = Job.of(trial, plan.counts[trial.variant.id], resources=Resources(), **context)
            run = record.start_run(experiment, job.name, run_tags(job))
            if trial.name in PCKH:
                figures = {"pckh": PCKH[trial.name], "pckh_wrist": PCKH[trial.name] - 20, "epoch": 8.0}
                record.log_epochs(run, [(8, figures)])
                record.end_run(run, "complete")
            else:
                record.end_run(run, "failed", "RuntimeError: out of memory")
    return folder


@pytest.fixture
def hglab(folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the command beside the studies."""
    monkeypatch.chdir(folder)
    return call


def _output(done: Result) -> str:
    assert done.exit_code == 0, done.output
    assert "\x1b[" not in done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("table", "first.yaml", "second.yaml", *TINY), "Average pooling"),
        (("table", "first.yaml", "second.yaml", *TINY, "--explain", "second/average", "pckh"), "out of memory"),
        (("diff", "first.yaml", "bottleneck", "hierarchical", *TINY), "block.type"),
    ],
)
def test_as_processes(folder, words: tuple[str, ...], part: str) -> None:
    done = subprocess.run(
        command(*words), cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert part in done.stdout
    assert "\x1b[" not in done.stdout
    wrong = [word.replace("first.yaml", "frist.yaml") for word in words]
    done = subprocess.run(
        command(*wrong), cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "frist.yaml: no such file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_two_studies_in_one_table(hglab) -> None:
    table = json.loads(_output(hglab("table", "first.yaml", "second.yaml", *TINY, "--format", "json")))
    cells = {row["id"]: row["cells"] for row in table["rows"]}
    assert list(cells) == ["first/bottleneck", "first/hierarchical", "second/ours", "second/average"]
    assert [column["key"] for column in table["columns"]] == ["params", "pckh", "delta_pckh", "n", "pckh_wrist"]
    texts = {row: [each[key]["text"] for key in ("pckh", "delta_pckh", "n")] for row, each in cells.items()}
    assert texts == {
        "first/bottleneck": ["40.2 ± 0.3", "—", "2"],
        "first/hierarchical": ["50.2 ± 0.3", "+10.0", "2"],
        "second/ours": ["50.2 ± 0.3", "—", "—"],
        "second/average": ["45.0", "−5.2", "—"],
    }
    notes = " ".join(note["text"] for note in table["notes"])
    assert "1 of 2 seeds: seed 1 failed: RuntimeError: out of memory" in notes
    assert "within each study, to its own baseline" in notes
    assert "The same trials, trained once: ‘ours’ of second and ‘Hierarchical & binary’ of first." in notes


@pytest.mark.slow
@pytest.mark.parametrize("format", ["terminal", "latex", "markdown", "csv"])
def test_a_joined_table_in_every_format(hglab, folder, format: str) -> None:
    done = hglab("table", "first.yaml", "second.yaml", *TINY, "--format", format)
    text = _output(done)
    written = hglab("table", "first.yaml", "second.yaml", *TINY, "--format", format, "-o", f"joined.{format}")
    assert written.exit_code == 0
    assert "Average pooling" in (folder / f"joined.{format}").read_text()
    if format == "csv":
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert len(list(csv.DictReader(io.StringIO("\n".join(lines))))) == 4
    else:
        assert re.search(r"50\.2", text)
        assert "Average pooling" in text


@pytest.mark.slow
def test_settings_hold_for_all_studies(hglab) -> None:
    words = ("table", "first.yaml", "second.yaml", *TINY, "--set", "training.epochs=3", "--format", "json")
    table = json.loads(_output(hglab(*words)))
    assert any("with training.epochs = 3." in note["text"] for note in table["notes"])
    assert {row["cells"]["pckh"]["value"] for row in table["rows"]} == {None}, "other trials than those recorded"


@pytest.mark.slow
def test_a_files_provenance_names_its_runs(hglab, folder) -> None:
    hglab("table", "first.yaml", *TINY, "--format", "latex", "-o", "first.tex")
    text = (folder / "first.tex").read_text()
    runs = {trial.run_id for trial in read_trials(Places.below(folder / "runs").uri) if trial.study == "first"}
    assert len(runs) == 4
    comment = "\n".join(line for line in text.splitlines() if line.startswith("%"))
    assert all(run in comment for run in runs)
    assert "training code 1" in comment


@pytest.mark.slow
@pytest.mark.parametrize(("name", "begins"), [("new/t.tex", "% Study"), ("t.html", "<figure"), ("t.json", "{")])
def test_a_files_name_tells_its_format(hglab, folder, name: str, begins: str) -> None:
    hglab("table", "first.yaml", *TINY, "-o", name)
    assert (folder / name).read_text().startswith(begins)


@pytest.mark.slow
def test_the_runs_behind_a_number(hglab, folder) -> None:
    told = json.loads(_output(hglab("table", "second.yaml", *TINY, "--explain", "average", "pckh", "--format", "json")))
    recorded = {(trial.variant, trial.seed): trial for trial in read_trials(Places.below(folder / "runs").uri)}
    assert (told["row"], told["column"], told["text"], told["n"], told["n_planned"]) == (
        "average",
        "pckh",
        "45.0",
        1,
        2,
    )
    first, second = told["trials"]
    run = recorded["average", 0]
    assert (first["run"], first["value"], first["state"], first["seed"]) == (run.run_id, 45.0, "complete", 0)
    assert first["started"] == run.started.isoformat(timespec="seconds")
    assert first["where"] == f"{run.provenance['host']}, cpu"
    assert (second["state"], second["value"], second["error"]) == ("failed", None, "RuntimeError: out of memory")
    assert second["fingerprint"] == recorded["average", 1].fingerprint

    told = json.loads(_output(hglab("table", "second.yaml", *TINY, "--explain", "ours", "pckh", "--format", "json")))
    assert [trial["trained_in"] for trial in told["trials"]] == ["first/hierarchical"] * 2
    assert told["value"] == pytest.approx(sum(trial["value"] for trial in told["trials"]) / 2)

    words = ("first.yaml", "second.yaml", *TINY, "--explain", "second/average", "Δ PCKh")
    text = _output(hglab("table", *words))
    assert "less the mean of the baseline ‘ours’" in text
    assert all(recorded[key].run_id in text for key in [("average", 0), ("hierarchical", 0), ("hierarchical", 1)])
    assert "average/1: RuntimeError: out of memory" in text


@pytest.mark.slow
def test_a_counted_number_is_explained_by_the_networks_parts(hglab, folder) -> None:
    words = ("first.yaml", *TINY, "--explain", "Hierarchical & binary", "# params")
    told = json.loads(_output(hglab("table", *words, "--format", "json")))
    config = planned(folder / "first.yaml", "tiny", None, None, None).trials[1].config
    assert told["value"] == count(config.model, config.data.resolution).params
    assert sum(part["value"] for part in told["parts"]) == told["value"]
    assert told["trials"] == []
    assert hglab("table", *words, "-o", "why.txt").exit_code == 0
    text = (folder / "why.txt").read_text()
    assert "follows from the network" in text
    assert f"{told['value']:,}" in text


@pytest.mark.slow
def test_what_two_variants_differ_in(hglab, folder) -> None:
    words = ("first.yaml", "bottleneck", "hierarchical", *TINY)
    told = json.loads(_output(hglab("diff", *words, "--format", "json")))
    plan = planned(folder / "first.yaml", "tiny", None, None, None)
    keys = {each["key"]: each for each in told["configuration"]}
    assert keys["block.type"]["values"] == ["bottleneck", "hierarchical"]
    assert keys["block.depth"]["active"] == [False, True]
    assert [each["params"] for each in told["network"]] == [plan.counts[name].params for name in words[1:3]]
    assert [each["block_receptive_field"] for each in told["network"]] == [3, 7]
    assert told["network"][1]["layers"]["concatenation"] == 14
    pckh = next(each for each in told["metrics"] if each["metric"] == "pckh")
    assert pckh["values"] == [{"0": 40.0, "1": 40.4}, {"0": 50.0, "1": 50.4}]
    assert pckh["difference"] == pytest.approx(10.0)
    assert [trial["state"] for trials in told["trials"] for trial in trials] == ["complete"] * 4

    text = _output(hglab("diff", *words))
    lines = [line.split() for line in text.splitlines()]
    assert ["block.type", "bottleneck", "hierarchical"] in lines
    assert ["·", "seed", "1", "40.4", "50.4", "+10.0"] in lines
    assert any(line[:2] == ["PCKh", "40.2"] and line[-3:] == ["+10.0", "±", "0.0"] for line in lines)

    markdown = _output(hglab("diff", *words, "--format", "markdown"))
    assert markdown.startswith(r"# bottleneck and hierarchical: bottleneck \| Hierarchical & binary")
    for caption in ("Configuration", "Network", "Trials", "Results"):
        assert f"**{caption}**" in markdown


@pytest.mark.slow
def test_variants_of_two_studies_side_by_side(hglab) -> None:
    text = _output(hglab("diff", "first.yaml/bottleneck", "second.yaml/average", *TINY))
    assert "first/bottleneck" in text
    assert "failed: RuntimeError: out of memory" in text
    same = _output(hglab("diff", "first.yaml/hierarchical", "second.yaml/ours", *TINY))
    assert "They are the same trials, trained once." in same
    assert "Their networks have the same layers and cost the same." in same
    assert "block.type" not in same


def test_markdown_shows_labels_as_they_are(call, tmp_path) -> None:
    text = FIRST.replace("Hierarchical & binary", "Hier_archical *binary*")
    (tmp_path / "first.yaml").write_text(text)
    result = call("diff", "first.yaml", "bottleneck", "hierarchical", *TINY, "--format", "markdown")
    assert result.stdout.startswith(r"# bottleneck and hierarchical: bottleneck \| Hier\_archical \*binary\*")
