"""`hglab report`: one page of a study, or of all studies with an index."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.small import STUDY, options


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ((), ("which study?", "hglab report STUDY")),
        (("small.yaml", "--all"), ("not both",)),
        (("--all", "--scale", "tiny"), ("--all", "leave out the other options")),
        (("--all",), ("the record knows no launch", "run one first")),
        (("smal.yaml",), ("no such file", "small.yaml")),
        (("small.yaml", "--scale", "huge"), ("unknown scale 'huge'",)),
        (("small.yaml", "--mlflow", "javascript:alert(1)"), ("is no address of a web page",)),
    ],
)
def test_what_cannot_be_reported(call, small_study, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    result = call("report", *words)
    assert result.exit_code == 2, result.output
    for part in parts:
        assert part in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_a_page_that_cannot_be_written(call, small_study, tmp_path) -> None:
    (tmp_path / "there").write_text("a file, no folder")
    result = call("report", small_study, *options(), "-o", "there/report.html")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.slow
def test_a_study_before_and_after_it_was_run(process, small_study, tmp_path) -> None:
    """Nothing trained yet is a report, too: what is planned, what the networks cost, what is missing."""
    done = process("report", small_study, *options(), "-o", "before.html", "--keep")
    assert done.returncode == 2
    assert "never launched" in done.stderr
    before = (tmp_path / "before.html").read_text()
    assert '<b>4</b> <span class="missing">missing</span>' in before

    assert process("run", small_study, *options(training__epochs=3), "--executor", "inline").returncode == 0
    done = process("report", small_study)
    assert done.returncode == 0, done.stderr
    (page,) = (tmp_path / "runs" / "reports").glob("small-tiny-synthetic-????????.html")
    assert f"wrote {page.relative_to(tmp_path)}" in done.stderr
    text = page.read_text()
    assert "not drawn" not in done.stderr
    assert '<b>4</b> <span class="complete">complete</span>' in text
    assert "Hierarchical &amp; binary" in text
    assert "training.epochs = 3" in text
    assert "No trial failed." in text
    assert len(text.encode()) < 5_000_000
    pictures = re.findall(r'<img src="data:image/(?:png|webp);base64,[A-Za-z0-9+/=]+" alt="[^"]+"', text)
    assert len(pictures) >= 6


@pytest.mark.slow
def test_reports_of_all_studies(call, small_study, tmp_path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(STUDY.replace("study: small", "study: other").replace("A study for tests", "Another <study>"))
    third = tmp_path / "third.yaml"
    third.write_text(STUDY.replace("study: small", "study: third"))
    for path in (small_study, other, third):
        assert call("run", path, *options(), "--executor", "inline").exit_code == 0
    other.unlink()
    third.write_text(STUDY.replace("study: small", "study: fourth"))
    done = call("report", "--all", "-o", "pages", "--keep")
    assert done.exit_code == 0, done.stderr
    assert "1 of 3 studies" in done.stderr
    (page,) = (tmp_path / "pages").glob("small-tiny-synthetic-????????.html")
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {"index.html", page.name}
    index = (tmp_path / "pages" / "index.html").read_text()
    assert '<a href="' + page.name + '">small</a>' in index
    assert f"its file {other} is gone" in index
    assert "holds the study &#39;fourth&#39; now" in index
    assert _files_of_launches(tmp_path / "runs") == {"small": True, "other": False, "third": False}


def _files_of_launches(runs: Path) -> dict[str, bool]:
    """Whether the launch of each study keeps a report and figures."""
    with closing(sqlite3.connect(runs / "mlflow.db")) as connection:
        rows = connection.execute(
            "SELECT study.value, runs.artifact_uri FROM runs JOIN tags AS study USING (run_uuid) "
            "JOIN tags AS kind USING (run_uuid) "
            "WHERE study.key = 'hglab.study' AND kind.key = 'hglab.kind' AND kind.value = 'launch'"
        ).fetchall()
    folders = {study: Path(uri.removeprefix("file://")) for study, uri in rows}
    return {
        study: (folder / "report.html").is_file() and (folder / "figure_curves.png").is_file()
        for study, folder in folders.items()
    }
