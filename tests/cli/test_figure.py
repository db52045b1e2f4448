"""`hglab figure`: what it lists, writes and refuses."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search_space.figure_spec import FIGURE_OPTIONS
from tests.cli.conftest import command, environment
from tests.small import OPTIONS, STUDY

pytestmark = pytest.mark.xdist_group("figure")  # what the module trains first serves all its tests

REAL = "  - {id: real, label: Real, set: {model.binary: false}}\n  - {id: late, set: {training.learning_rate: 0.001}}\n"
FIGURES = list(FIGURE_OPTIONS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with a small study and its record: all trials but those of `late`."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(STUDY + REAL)
    words = ("run", "small.yaml", *OPTIONS, "--executor", "inline")
    only = [word for variant in ("bottleneck", "hierarchical", "real") for word in ("--only", variant)]
    done = subprocess.run(
        command(*words, *only), cwd=folder, env=environment(), capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def record(call, trained, tmp_path) -> Path:
    """The same in a folder of its own, where the command runs."""
    shutil.copy(trained / "small.yaml", tmp_path)
    (tmp_path / "runs").symlink_to(trained / "runs")
    return tmp_path


def test_every_figure_is_listed_with_its_options(call) -> None:
    words = call("figure", "--list").stdout
    found = json.loads(call("figure", "--list", "--format", "json").stdout)
    assert [kind["name"] for kind in found] == FIGURES
    for kind in found:
        assert f"{kind['name']}  {kind['help']}" in words
        assert [option["key"] for option in kind["options"]] == list(FIGURE_OPTIONS[kind["name"]].model_fields)


def test_help_has_an_example(call) -> None:
    assert "Example: hglab figure curves" in call("figure", "--help").stdout


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ((), ("which figure, and of which study?", "--list names the figures")),
        (("curves",), ("a figure is of a study",)),
        (("curvs", "small.yaml"), ("there is no figure 'curvs'", "did you mean 'curves'?")),
        (("curves", "smal.yaml"), ("smal.yaml: no such file", "small.yaml")),
        (("curves", "small.yaml", "-o", "x.jpg"), ("--output x.jpg", ".png, .pdf or .svg")),
        (("curves", "small.yaml", "--option", "metrik=pckh"), ("no option 'metrik'", "did you mean 'metric'?")),
        (("curves", "small.yaml", "--option", "metric=pkch"), ("did you mean 'pckh'?",)),
        (("curves", "small.yaml", "--option", "variants=nobody"), ("the study has no variant 'nobody'",)),
        (("all", "small.yaml", "-o", "x.png"), ("--output", "name it instead of `all`")),
        (("curves", "small.yaml"), ("no complete trial has pckh by epoch: not trained yet", "hglab run STUDY")),
        (("sweep", "small.yaml"), ("varies no number alone", "fig9_depth.yaml")),
        (("filters", "small.yaml", "--option", "seed=7"), ("the study has no seed 7", "its seeds: 0, 1")),
        (("curves", "small.yaml", "--scale", "huge"), ("unknown scale 'huge'",)),
    ],
)
def test_bad_input_is_one_clear_error(call, small_study, tmp_path, words, parts) -> None:
    result = call("figure", *words)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    for part in parts:
        assert part in result.stderr.replace("\n", " ")
    assert not (tmp_path / "runs").exists()


def test_nothing_heavy_is_imported_for_what_needs_nothing(small_study) -> None:
    program = (
        "import sys\nfrom typer.testing import CliRunner\nfrom cli.main import app\n"
        "for words in (['figure', '--list'], ['figure', 'curvs', 'x.yaml']):\n"
        "    CliRunner().invoke(app, words)\n"
        "assert not {'torch', 'matplotlib', 'pandas', 'mlflow'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_all_figures_of_a_study_are_written(record, call) -> None:
    result = call("figure", "all", "small.yaml", "--format", "json")
    assert result.exit_code == 0, result.output
    written = {entry["figure"]: entry for entry in json.loads(result.stdout)}
    assert list(written) == FIGURES
    for name in FIGURES:
        png, pdf = (Path(path) for path in written[name]["files"])
        assert png.name == f"{name}.png"
        # By the trials, too, for keys were set: those of other settings lie elsewhere.
        assert re.fullmatch(r"runs/figures/small-tiny-synthetic-[0-9a-f]{8}", str(png.parent))
        assert pdf.read_bytes().startswith(b"%PDF-")
        assert pdf.stat().st_size > 4000
        picture = np.asarray(Image.open(png).convert("L"))
        assert picture.shape[0] > 300
        assert picture.std() > 10
    late = "2 of 8 trials are not in it: not trained yet (‘late’ seeds 0 and 1)."
    for name in ("curves", "joints", "errors", "pareto", "gradients"):
        assert late in written[name]["notes"], name
    assert any("‘late’" in note for note in written["features"]["notes"] + written["filters"]["notes"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("errors", "--option", "joints=Wrist", "--option", "until=0.5"), ("2 of 8 trials",)),
        (
            ("poses", "--option", "variants=hierarchical,bottleneck", "--option", "count=2"),
            ("‘Hierarchical & binary’",),
        ),
        (("poses", "--option", "variants=late,real"), ("2 of 4 trials are not in it",)),
        (("features", "--option", "show=1x1"), ("correlates most",)),
        (("features", "--option", "layers=stacks.0.block", "--option", "image=3"), ("image 3",)),
        (("filters", "--option", "layers=stem.block1.units.middle", "--option", "variants=bottleneck"), ("−1",)),
        (("sweep", "--option", "key=training.learning_rate"), ("n = 2 seeds", "2 of 4 trials", "Not along this key")),
        (("pareto", "--option", "cost=seconds", "--option", "notes=false"), ("2 of 8 trials",)),
        (("curves", "--option", "metric=validation_loss", "--option", "log=true"), ("2 of 8 trials",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_figures_with_options(record, call, words, parts) -> None:
    name, *options = words
    result = call("figure", name, "small.yaml", *options, "-o", "one.svg", "-o", "two.png")
    assert result.exit_code == 0, result.output
    assert "wrote one.svg, two.png" in result.stderr
    for part in parts:
        assert part in result.stderr
    assert "<svg" in (record / "one.svg").read_text()
    assert np.asarray(Image.open(record / "two.png").convert("L")).std() > 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("features", "--option", "image=4"), "there are 4 validation images; a number from 0 to 3"),
        (("features", "--option", "layers=stem.blok1"), "did you mean 'stem.block1'?"),
        (("features", "--option", "show=1x1", "--option", "layers=stem.conv"), "is no 1x1 layer of bottleneck"),
        (("filters", "--option", "layers=stem.conv"), "no binary 3x3 convolution of bottleneck"),
        (("filters", "--option", "variants=real"), "none of these variants is binary"),
        (("gradients", "--option", "variants=late"), "no trained weights are there: not trained yet"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_options_that_do_not_fit_the_networks(record, call, words, part) -> None:
    name, *options = words
    result = call("figure", name, "small.yaml", *options, "-o", "x.png")
    assert result.exit_code == 2, result.output
    assert part in result.stderr.replace("\n", " ")
    assert not (record / "x.png").exists()


@pytest.mark.slow
def test_weights_and_predictions_that_are_gone_are_said(call, trained, tmp_path) -> None:
    shutil.copy(trained / "small.yaml", tmp_path)
    shutil.copytree(trained / "runs", tmp_path / "runs")
    kept = sorted((tmp_path / "runs").rglob("model.pt"))
    kept[0].unlink()
    kept[1].write_bytes(b"PK cut short")
    done = call("figure", "gradients", "small.yaml", "-o", "x.png")
    assert done.exit_code == 2
    assert "the trained weights, is damaged" in done.stderr
    kept[1].unlink()
    done = call("figure", "gradients", "small.yaml", "-o", "x.png")
    assert done.exit_code == 0, done.output
    assert "weights are not in" in done.stderr
    assert "4 of 8 trials are not in it" in done.stderr


@pytest.mark.slow
def test_a_figure_that_cannot_be_drawn_does_not_keep_the_others_from_it(call, trained, tmp_path) -> None:
    shutil.copy(trained / "small.yaml", tmp_path)
    shutil.copytree(trained / "runs", tmp_path / "runs")
    for path in (tmp_path / "runs").rglob("model.pt"):
        path.write_bytes(b"PK cut short")
    done = call("figure", "all", "small.yaml", "--format", "json")
    assert done.exit_code == 2, done.output
    refused = ["features", "filters", "gradients"]
    for name in refused:
        assert f"{name}: not drawn: " in done.stderr
    assert "the trained weights, is damaged" in done.stderr
    written = json.loads(done.stdout)
    assert [entry["figure"] for entry in written] == [name for name in FIGURES if name not in refused]
    assert all((tmp_path / file).is_file() for entry in written for file in entry["files"])


@pytest.mark.slow
def test_a_record_that_was_moved_has_its_predictions(call, trained, tmp_path) -> None:
    shutil.copy(trained / "small.yaml", tmp_path)
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(trained / "runs", first)
    with closing(sqlite3.connect(first / "mlflow.db")) as database, database:  # as if it had been made in `first`
        old, new = (trained / "runs").resolve().as_uri(), first.as_uri()
        changed = database.execute("UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?)", (old, new))
        assert changed.rowcount > 6
    shutil.move(first, second)
    done = call("figure", "errors", "small.yaml", "--runs", "second", "-o", "x.png")
    assert done.exit_code == 0, done.output
    assert "2 of 8 trials are not in it: not trained yet" in done.stderr
    done = call("compare", "small.yaml", "--runs", "second", "--format", "json")
    assert done.exit_code == 0, done.output
    assert "without predictions" not in done.output
    shutil.move(second / "artifacts", tmp_path / "artifacts")
    done = call("figure", "errors", "small.yaml", "--runs", "second", "-o", "x.png")
    assert done.exit_code == 2, done.output
    assert "was the record moved?" in done.stderr
    assert "--fresh" not in done.stderr
