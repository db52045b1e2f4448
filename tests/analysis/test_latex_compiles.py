"""Tables as LaTeX through pdflatex, and the page as a picture: it compiles, is not empty, and nothing sticks out.

`HGLAB_KEEP_PAGES=DIR` keeps the pictures, to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from analysis.frame import trial_frame
from analysis.joined import join_tables
from analysis.joined_part import Part
from analysis.render import render
from analysis.table import build_table
from analysis.table_model import Note, Provenance, Row, Table
from runners.planning import plan_study
from search_space import expand, read_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("pdflatex") is None or shutil.which("pdftoppm") is None,
        reason="pdflatex or pdftoppm is not installed (Debian: texlive-latex-extra, texlive-science, poppler-utils)",
    ),
]

UNICODE = "α β ≤ ≥ → × · ² ³ 10⁻⁶ ° − – — … ± “a” ‘b’ naïve Łódź µ \u00a0 ∞ √"
WORST = (UNICODE, "[ours] first", "*", "\\", "{", "}", "~", "$x_1$ \\input{nothing} %", '"quoted" <<x>> ?` --', "-")
MOST_OVERFULL = 3.0  # points; less cannot be seen


def worst(sample: Table) -> Table:
    """Text that LaTeX would take for its own, wherever a table has text."""
    rows = tuple(
        Row(f"r{place}", label, sample.rows[0].cells, group=label if place % 3 == 0 else None)
        for place, label in enumerate(WORST)
    )
    columns = tuple(replace(head, group="100% _of_ {all}" if place < 3 else None)
                    for place, head in enumerate(sample.columns))  # fmt: skip
    return replace(sample, rows=rows, columns=columns, row_header="[header]", caption=" ".join(WORST))


def study_part(name: str) -> Part:
    """One of the project's studies and its table, before anything is trained."""
    path = Path(__file__).parents[2] / "studies" / f"{name}.yaml"
    plan = plan_study(expand(read_study(path), "tiny"))
    return Part(plan, build_table(plan, trial_frame(plan, [])))


def unbroken(sample: Table) -> Table:
    """Words without a space, as paths in errors and ids of variants have them, longer than a line."""
    path = "FileNotFoundError:/" + "/".join(f"folder_{number}" for number in range(20)) + "x" * 150
    rows = tuple(replace(row, label="block.depth=3,block.cardinality=16,model.width=0.75," * 2) for row in sample.rows)
    return replace(sample, rows=rows, notes=(Note(path), *(replace(n, text=path) for n in sample.notes if n.mark)))


@pytest.fixture
def tables(
    sample_table: Table, make_grouped: Callable[..., Table], make_plan: Any, provenance: Provenance
) -> Callable[[str], Table]:
    """A table by its name: of the fixtures, the worst of texts, one before anything is trained, or a study's own."""

    def find(name: str) -> Table:
        if name.startswith("table"):
            return study_part(name).table
        if name == "joined":
            return join_tables([study_part(each) for each in ("table1_binarisation", "table2_blocks", "table4_recipe")])
        if name == "bare":
            plan = make_plan("study: bare\nvariants: [{id: only}]\ntable: {columns: [{metric: pckh}]}\n")
            return build_table(plan, trial_frame(plan, []))
        made: dict[str, Callable[[], Table]] = {
            "sample": lambda: sample_table,
            "sample_siunitx": lambda: replace(sample_table, siunitx=True),
            "worst": lambda: worst(sample_table),
            "worst_siunitx": lambda: replace(worst(sample_table), siunitx=True),
            "unbroken": lambda: unbroken(sample_table),
            "grouped": lambda: replace(make_grouped(), provenance=provenance),
            "grouped_siunitx": lambda: make_grouped(siunitx=True),
        }
        return made[name]()

    return find


def compile_page(text: str, folder: Path, options: str = "") -> tuple[str, np.ndarray, str]:
    """The log, the page as a picture (height x width, 0 black to 255 white), and its text."""
    folder.mkdir()
    (folder / "table.tex").write_text(text, encoding="utf-8")
    packages = re.search(r"\\usepackage\{([^}]*)\}", text)  # what the file itself asks for
    assert packages is not None
    for package in packages[1].split(","):
        if subprocess.run(["kpsewhich", f"{package}.sty"], capture_output=True).returncode:
            pytest.skip(f"LaTeX's package {package} is not installed (Debian: texlive-latex-extra, texlive-science)")
    preamble = rf"\documentclass[{options}]{{article}}\usepackage{{{packages[1]}}}\pagestyle{{empty}}"
    document = rf"{preamble}\begin{{document}}\input{{table.tex}}\end{{document}}"
    (folder / "paper.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-3000:]
    subprocess.run(["pdftoppm", "-r", "110", "-gray", "-png", "paper.pdf", "page"], cwd=folder, check=True)
    (picture,) = folder.glob("page*.png")  # one page
    if keep := os.environ.get("HGLAB_KEEP_PAGES"):
        shutil.copy(picture, Path(keep) / f"{folder.name}.png")
    words = subprocess.run(["pdftotext", "-layout", "paper.pdf", "-"], cwd=folder, capture_output=True, text=True)
    log = (folder / "paper.log").read_text(encoding="utf-8", errors="replace")
    return log, np.asarray(Image.open(picture).convert("L")), words.stdout


@pytest.mark.parametrize(
    "name",
    [
        "sample",
        "sample_siunitx",
        "worst",
        "worst_siunitx",
        "bare",
        "unbroken",
        "joined",
        "grouped",
        "grouped_siunitx",
        "table1_binarisation",
        "table2_blocks",
        "table5_pose",
    ],
)
def test_it_compiles_to_a_page(name: str, tables: Callable[[str], Table], tmp_path: Path) -> None:
    log, page, _ = compile_page(render(tables(name), "latex"), tmp_path / name)
    assert "Missing character" not in log
    too_wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
    assert all(points <= MOST_OVERFULL for points in too_wide), too_wide
    ink = page < 128
    assert ink.mean() > 0.001
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert rows[-1] - rows[0] > 60  # more than a line
    margin = 0.1 * page.shape[1]
    assert columns[0] > margin
    assert columns[-1] < page.shape[1] - margin


def test_a_wide_table_spans_both_columns(tables: Callable[[str], Table], tmp_path: Path) -> None:
    log, _, text = compile_page(render(tables("table5_pose"), "latex"), tmp_path / "two_columns", "twocolumn")
    assert "Overfull" not in log
    assert "Stacked hourglass" in text


def test_what_is_on_the_page(tables: Callable[[str], Table], tmp_path: Path) -> None:
    _, _, text = compile_page(render(tables("sample"), "latex"), tmp_path / "words")
    for words in ("76.0 ±", "11.31 M", "failed", "1 of 2 seeds: seed 1 failed", "Sample of 50% & more"):
        assert words in text, words
