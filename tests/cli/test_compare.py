"""`hglab compare`: from a study that was really trained to what its seeds and images say."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import Call, command, environment
from tests.small import OPTIONS

pytestmark = pytest.mark.xdist_group("compare")  # what the module trains first serves all its tests

THREE = """\
study: three
title: Three seeds
seeds: [0, 1, 2]
variants:
  - {id: bottleneck, baseline: true}
  - {id: hierarchical, label: "Hierarchical & binary", set: {block.type: hierarchical}}
  - {id: wild, set: {training.learning_rate: 10, loss.name: l2}}
"""
Compare = Callable[..., Result]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose study is trained."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / "three.yaml").write_text(THREE)
    done = subprocess.run(
        command("run", "three.yaml", "--executor", "inline", *OPTIONS),
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def compare(trained: Path, call: Call) -> Compare:
    """The verb on the trained study."""
    return lambda *words: call("compare", trained / "three.yaml", "--runs", trained / "runs", *words)


@pytest.mark.slow
def test_the_table_and_what_it_says(compare: Compare) -> None:
    done = compare("--resamples", "500", "--metric", "nme")
    assert done.exit_code == 0, done.stderr
    for text in (
        "NME: differences to ‘bottleneck’",
        "over seeds",
        "over images",
        "Hierarchical & binary",
        "image sampling, not training variance (paired bootstrap of 4 validation images, 500 resamples)",
        "• 3 seeds",
    ):
        assert " ".join(text.split()) in " ".join(done.stdout.split()), done.stdout
    assert "wild" in done.stdout
    assert done.stderr == ""


@pytest.mark.slow
def test_formats(compare: Compare, tmp_path: Path) -> None:
    read = json.loads(compare("--metric", "nme", "--format", "json").stdout)
    assert list(read) == ["significance", "sentences", "table"]
    hierarchical = next(
        each for each in read["significance"]["compared"] if each["measured"]["variant"] == "hierarchical"
    )
    assert hierarchical["measured"]["image_lack"] is None
    assert hierarchical["measured"]["image_seeds"] == [0, 1, 2]
    assert hierarchical["over_images"]["value"] == pytest.approx(hierarchical["value"], abs=1e-6)
    assert read["table"]["provenance"]["studies"]
    done = compare("--metric", "nme", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["id"] for row in rows] == ["bottleneck", "hierarchical", "wild"]
    assert float(rows[1]["difference"]) == pytest.approx(hierarchical["value"])
    assert "large beside the variance of training" in done.stderr  # the sentences, which CSV has no place for
    markdown = compare("--metric", "nme", "--format", "markdown").stdout
    assert markdown.startswith("**NME: differences to")
    assert "seeds show only differences" in markdown
    path = tmp_path / "compared.tex"
    done = compare("--format", "latex", "-o", path)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"wrote {path}" in done.stderr
    assert r"\toprule" in path.read_text()
    assert r"Hierarchical \& binary" in path.read_text()
    lines = path.read_text().splitlines()
    after = lines[next(place for place, line in enumerate(lines) if line.startswith(r"\end{table")) + 1 :]
    assert after
    assert all(line.startswith("% ") for line in after)


@pytest.mark.slow
def test_variants_that_do_not_differ(compare: Compare) -> None:
    """Two epochs on eight images find no joint at all: there is nothing to claim, and nothing to divide by."""
    done = compare()
    assert (done.exit_code, done.stderr) == (0, "")
    assert "are 0.0 apart in PCKh (0.0 ± 0.0 against 0.0 ± 0.0); the seeds do not differ" in done.stdout
    assert "No sample of the validation images tells ‘wild’ from ‘bottleneck’ in PCKh." in done.stdout


@pytest.mark.slow
def test_repeats_and_reacts_to_its_options(compare: Compare) -> None:
    options = ("--format", "json", "--resamples", "300", "--metric", "nme")
    first = json.loads(compare(*options).stdout)["significance"]
    assert json.loads(compare(*options).stdout)["significance"] == first
    assert json.loads(compare(*options, "--seed", "1").stdout)["significance"] != first
    nme = json.loads(compare(*options, "--against", "hierarchical").stdout)["significance"]
    assert (nme["metric"], nme["against"]["variant"]) == ("nme", "hierarchical")
    assert len(nme["against"]["values"]) == 3
    seconds = compare("--metric", "seconds")
    assert "time is not computed image by image" in seconds.stdout
    assert "detectable" in compare("--detail").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--metric", "pkch"), ("--metric pkch: unknown metric 'pkch'; did you mean 'pckh'?",)),
        (("--metric", "size_bytes"), ("the same for every seed",)),
        (("--against", "hierachical"), ("no variant 'hierachical'; did you mean 'hierarchical'?",)),
        (("--resamples", "5"), ("--resamples",)),
        (("--resamples", "1000001"), ("--resamples", "1000000")),
        (("--resamples", "2000000000"), ("--resamples", "1000000")),
        (("-o", "no/such/folder.txt"), ("--output no/such/folder.txt: cannot be written",)),
    ],
)
def test_bad_input(words: tuple[str, ...], parts: tuple[str, ...], compare: Compare) -> None:
    done = compare(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def test_before_anything_is_trained(call, small_study) -> None:
    result = call("compare", small_study, "--scale", "tiny")
    assert result.exit_code == 0
    assert "0 of 2 seeds: seeds 0 and 1 not trained yet" in result.stdout
    assert "have no PCKh" in result.stdout


def test_a_study_without_a_baseline(call, tmp_path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("study: x\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]\ntable: {columns: [{n: true}]}\n")
    result = call("compare", path)
    assert result.exit_code == 2
    assert "--against: the study 'x' has no baseline" in result.stderr
    assert call("compare", path, "--against", "a").exit_code == 0


def test_help_has_an_example(call) -> None:
    result = call("compare", "--help")
    assert result.exit_code == 0
    assert "Example: hglab compare" in result.stdout
