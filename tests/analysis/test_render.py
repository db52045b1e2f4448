"""Every format against its golden file. After a change that is meant, HGLAB_REGENERATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from analysis.frame import trial_frame
from analysis.render import FORMATS, SUFFIXES, render
from analysis.render.latex_text import escape, known_to_pdflatex
from analysis.render.terminal import print_table
from analysis.table import build_table
from analysis.table_model import Row, Table

GOLDEN = Path(__file__).parent / "golden"
UNICODE = "α β ≤ ≥ → × · ² ³ 10⁻⁶ ° − – — … ± “a” ‘b’ naïve Łódź µ \u00a0 ∞ √"


@pytest.mark.parametrize("format", FORMATS)
def test_golden(sample_table: Table, format: Any) -> None:
    text = render(sample_table, format, width=150)
    path = GOLDEN / f"sample{SUFFIXES[format]}"
    if os.environ.get("HGLAB_REGENERATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_unknown_format(sample_table: Table) -> None:
    with pytest.raises(ValueError, match="unknown format 'html'; one of latex, markdown, csv, json, terminal"):
        render(sample_table, "html")


def test_json_holds_the_raw_numbers(sample_table: Table) -> None:
    read = json.loads(render(sample_table, "json"), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert list(read) == [
        "study", "title", "scale", "caption", "label", "row_header", "columns", "rows", "notes",
    ]  # fmt: skip
    assert [column["key"] for column in read["columns"]] == [head.key for head in sample_table.columns]
    for row, expected in zip(read["rows"], sample_table.rows, strict=True):
        assert (row["id"], row["label"], row["baseline"]) == (expected.id, expected.label, expected.baseline)
        for each, raw in zip(row["cells"].values(), expected.cells, strict=True):
            assert (each["value"], each["std"], each["n"], each["text"]) == (raw.value, raw.std, raw.n, raw.text)
    assert {note["mark"] for note in read["notes"]} == {None, "a", "b", "c"}


def test_csv_read_back_is_raw(sample_table: Table) -> None:
    read = pd.read_csv(io.StringIO(render(sample_table, "csv")))
    assert list(read["id"]) == [row.id for row in sample_table.rows]
    assert list(read["label"]) == [row.label for row in sample_table.rows]
    columns = [head.key for head in sample_table.columns]

    def same(name: str, key: str, field: str) -> None:
        expected = [getattr(row.cells[columns.index(key)], field) for row in sample_table.rows]
        assert [None if pd.isna(value) else value for value in read[name]] == expected, name

    for key, value in (("pckh", "mean"), ("pckh_wrist", "mean"), ("validation_loss", "median"), ("seconds", "mean")):
        same(f"{key}_{value}", key, "value")
        same(f"{key}_std", key, "std")
        same(f"{key}_n", key, "n")
        same(f"{key}_n_planned", key, "n_planned")
    for key in ("params", "config.block.depth", "config.model.pooling", "delta_pckh", "n", "paper_table2_PCKh"):
        same(key, key, "value")
    same("delta_pckh_std", "delta_pckh", "std")
    same("n_planned", "n", "n_planned")
    assert read["notes"].isna().tolist() == [True, True, False, False, False, True]
    assert read["notes"][2] == "1 of 2 seeds: seed 1 failed: RuntimeError: {out} of 100% memory_"


def test_markdown_has_as_many_cells_in_each_line(sample_table: Table) -> None:
    lines = [line for line in render(sample_table, "markdown").splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(sample_table.rows)
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert cells == {len(sample_table.columns) + 2}
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("width", [20, 60, 80, 100, 150, 400])
def test_terminal_never_drops_a_number(sample_table: Table, width: int) -> None:
    text = render(sample_table, "terminal", width=width)
    for row in sample_table.rows:
        for each in row.cells:
            if each.value is not None:
                assert re.sub(r" ± +", " ± ", each.text) in re.sub(r" ± +", " ± ", text)
    assert "[wider]" in text  # not taken for rich's markup
    assert "\x1b" not in text
    assert "…" not in text


def test_numbers_stand_below_each_other(sample_table: Table) -> None:
    lines = render(sample_table, "terminal", width=200).splitlines()
    places = {line.index(number) for number in ("76.0 ±  0.4", "60.1 a", "57.5 ± 10.6") for line in lines
              if number in line}  # fmt: skip
    assert len(places) == 1


def test_colours_on_a_terminal(sample_table: Table) -> None:
    out = io.StringIO()
    print_table(sample_table, Console(file=out, width=200, force_terminal=True, color_system="standard"))
    text = out.getvalue()
    assert "\x1b[1m76.0 ±  0.4" in text  # best: bold
    assert "\x1b[32m+8.8" in text  # better beyond its noise: green
    assert "\x1b[31m−9.7" not in text  # 9.7 ± 10.5 is within it
    assert "\x1b[31mfailed" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50% & #1_a", r"50\% \& \#1\_a"),
        ("a\\b{c}$d$", r"a\textbackslash{}b\{c\}\$d\$"),
        ("~^<>|", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\textbar{}"),
        ("76.0 ± 0.4 – −1", r"76.0 $\pm$ 0.4 -- $-$1"),
        ("--scale ---", r"-{}-scale -{}-{}-"),
        ("[x]", "{}[x]"),
        ("*x", "{}*x"),
        ("two\nlines\x07", "two lines "),
        ("?`", "?{`}"),
    ],
)
def test_latex_escapes(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_letters_beyond_pdflatex_are_announced(sample_table: Table) -> None:
    row = replace(sample_table.rows[0], label="沙漏")
    assert "lualatex" in render(replace(sample_table, rows=(row,)), "latex")
    assert "lualatex" not in render(sample_table, "latex")
    assert known_to_pdflatex(escape(UNICODE))


def test_latex_label_is_one(sample_table: Table) -> None:
    assert r"\label{tab:sample_1}" in render(sample_table, "latex")
    assert r"\label{a-b--c}" in render(replace(sample_table, label="a b%}c"), "latex")


def _tables(sample: Table, make_plan: Any) -> dict[str, Table]:
    """Tables that LaTeX must take: the sample, one with the worst labels, and one before anything is trained."""
    labels = [
        UNICODE,
        "[ours] first",
        "*",
        "\\",
        "{",
        "}",
        "~",
        "$x_1$ \\input{nothing} %",
        '"quoted" <<x>> ?` --',
        "-",
    ]
    rows = tuple(Row(f"r{place}", label, sample.rows[0].cells) for place, label in enumerate(labels))
    worst = replace(sample, rows=rows, row_header="[header]", caption=" ".join(labels))
    plan = make_plan("study: bare\nvariants: [{id: only}]\ntable: {columns: [{metric: pckh}]}\n")
    return {"sample": sample, "worst": worst, "bare": build_table(plan, trial_frame(plan, []))}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (Debian: texlive-latex-extra)")
@pytest.mark.parametrize("name", ["sample", "worst", "bare"])
def test_latex_compiles(name: str, sample_table: Table, make_plan: Any, tmp_path: Path) -> None:
    (tmp_path / "table.tex").write_text(render(_tables(sample_table, make_plan)[name], "latex"), encoding="utf-8")
    document = r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{table.tex}\end{document}"
    (tmp_path / "paper.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "paper.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    assert (tmp_path / "paper.pdf").stat().st_size > 5_000
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", "paper.pdf", "-"], cwd=tmp_path, capture_output=True, text=True)
        if name == "sample":
            assert "76.0 ±" in text.stdout
            assert "11.31 M" in text.stdout
            assert "1 of 2 seeds: seed 1 failed" in text.stdout
