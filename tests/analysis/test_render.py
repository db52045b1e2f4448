"""Every format against its golden file. After a change that is meant, HGLAB_REGENERATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from analysis.render import FORMATS, SUFFIXES, render
from analysis.render.terminal import print_table
from analysis.table_model import Provenance, Table

GOLDEN = Path(__file__).parent / "golden"
MakeTable = Callable[..., Table]


@pytest.mark.parametrize("format", FORMATS)
def test_golden(sample_table: Table, format: Any) -> None:
    same_as_golden(render(sample_table, format, width=150), f"sample{SUFFIXES[format]}")


@pytest.mark.parametrize("format", FORMATS)
def test_golden_with_groups(make_grouped: MakeTable, provenance: Provenance, format: Any) -> None:
    table = replace(make_grouped(), provenance=provenance)
    same_as_golden(render(table, format, width=150), f"grouped{SUFFIXES[format]}")


def test_golden_siunitx(make_grouped: MakeTable) -> None:
    same_as_golden(render(make_grouped(siunitx=True), "latex"), "grouped_siunitx.tex")


def same_as_golden(text: str, name: str) -> None:
    path = GOLDEN / name
    if os.environ.get("HGLAB_REGENERATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_unknown_format(sample_table: Table) -> None:
    with pytest.raises(ValueError, match="unknown format 'word'; one of latex, markdown, html, csv, json, terminal"):
        render(sample_table, "word")


def test_json_holds_the_raw_numbers(sample_table: Table) -> None:
    read = json.loads(render(sample_table, "json"), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert list(read) == [
        "study", "title", "scale", "caption", "label", "row_header", "columns", "rows", "notes", "provenance",
    ]  # fmt: skip
    assert [column["key"] for column in read["columns"]] == [head.key for head in sample_table.columns]
    for row, expected in zip(read["rows"], sample_table.rows, strict=True):
        assert (row["id"], row["label"], row["baseline"]) == (expected.id, expected.label, expected.baseline)
        for each, raw in zip(row["cells"].values(), expected.cells, strict=True):
            assert (each["value"], each["std"], each["n"], each["text"]) == (raw.value, raw.std, raw.n, raw.text)
    assert {note["mark"] for note in read["notes"]} == {None, "a", "b", "c"}
    assert read["provenance"] is None


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


GROUPED_KEYS = [
    ("Cost", ["params", "binary_macs", "size_bytes"]),
    ("PCKh by joint", ["pckh_head", "pckh_knee", "pckh_ankle"]),
    ("Paper", ["paper_table2_PCKh"]),
]


def test_groups_in_json_and_csv(make_grouped: MakeTable) -> None:
    read = json.loads(render(make_grouped(), "json"))
    grouped = {name: [column["key"] for column in read["columns"] if column["group"] == name]
               for name, _ in GROUPED_KEYS}  # fmt: skip
    assert grouped == dict(GROUPED_KEYS)
    rows = [None, "Width & others", "Width & others", "Structure", "Structure"]
    assert [row["group"] for row in read["rows"]] == rows
    frame = pd.read_csv(io.StringIO(render(make_grouped(), "csv")))
    assert list(frame.columns[:4]) == ["id", "label", "group", "params"]
    assert [None if pd.isna(group) else group for group in frame["group"]] == rows


def test_groups_in_markdown(make_grouped: MakeTable) -> None:
    lines = [line for line in render(make_grouped(), "markdown").splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(cells) for cells in table} == {12}
    assert table[0][4:8] == ["PCKh by joint:<br>Head", "PCKh by joint:<br>Knee", "PCKh by joint:<br>Ankle", "PCKh"]
    assert [cells[0] for cells in table[2:]] == [
        "Bottleneck", "**Width & others**", "Wider", "Narrow", "**Structure**", "Hierarchical", "Multi-scale",
    ]  # fmt: skip
    assert table[3][1:] == [""] * 11


@pytest.mark.parametrize("width", [40, 130, 300])
def test_groups_on_the_terminal_stand_above_their_columns(make_grouped: MakeTable, width: int) -> None:
    lines = render(make_grouped(), "terminal", width=width).splitlines()
    above = next(line for line in lines if "PCKh by joint" in line)
    headers = next(line for line in lines if "Knee" in line)
    begin, end = above.index("─", above.index("Cost") + 20), above.rindex("─") + 1
    assert begin <= headers.index("Head")
    assert headers.index("Ankle") + len("Ankle") <= end
    assert headers.index("size") < begin  # of the group before
    assert end <= headers.index("PCKh")
    rules = [place for place, line in enumerate(lines) if set(line.strip()) == {"─"}]
    assert [lines[place + 1].strip() for place in rules[2:4]] == ["Width & others", "Structure"]


def test_a_group_with_a_long_name_makes_room(make_grouped: MakeTable) -> None:
    table = make_grouped()
    name = "What the paper of the authors prints"
    columns = tuple(replace(head, group=name) if head.group == "Paper" else head for head in table.columns)
    lines = render(replace(table, columns=columns), "terminal", width=200).splitlines()
    above = next(line for line in lines if name in line)
    headers = next(line for line in lines if "Knee" in line)
    assert above.index(name) + len(name) <= headers.rindex("PCKh") + len("PCKh") + 1
    assert all(len(line) <= len(lines[1]) for line in lines[1:8])


def test_second_best_is_underlined(make_grouped: MakeTable) -> None:
    table = make_grouped()
    assert r"\underline{70.5 $\pm$ \phantom{0}0.3}" in render(table, "latex")
    assert "<u>70.5 ± 0.3</u>" in render(table, "markdown")
    assert "<u>70.5 &plusmn; 0.3</u>" in render(table, "html")
    cells = json.loads(render(table, "json"))["rows"][1]["cells"]
    assert [key for key, cell in cells.items() if cell["second"]] == ["pckh_head", "pckh_knee", "pckh_ankle", "pckh"]
    out = io.StringIO()
    print_table(table, Console(file=out, width=200, force_terminal=True, color_system="standard"))
    assert "\x1b[4m70.5 ±  0.3" in out.getvalue()


def test_provenance_in_every_file(make_grouped: MakeTable, provenance: Provenance) -> None:
    table = replace(make_grouped(), provenance=provenance)
    for format, begin, end in (("latex", "% Study grouped,", "\\begin"), ("markdown", "<!--", "-->"),
                               ("html", "<!--", "-->")):  # fmt: skip
        text = render(table, format)
        comment = text[text.index(begin) : text.index(end)]
        for part in (*provenance.runs, provenance.code, provenance.made, *provenance.studies[1]):
            assert part in comment, (format, part)
        assert max(map(len, comment.splitlines())) <= 120
        if format == "latex":
            assert all(line.startswith("%") for line in comment.splitlines())
    read = json.loads(render(table, "json"))["provenance"]
    assert read["runs"] == list(provenance.runs)
    assert read["studies"][1] == {"study": "other", "fingerprint": "a1" * 32}
    frame = pd.read_csv(io.StringIO(render(table, "csv")))
    assert set(frame["provenance_made"]) == {provenance.made}
    assert frame["provenance_runs"][3].split()[:3] == [f"run-hierarchical/{seed}" for seed in (0, 1, 2)]
    assert pd.isna(frame["provenance_runs"][4])  # all have failed
    text = render(table, "terminal")  # a file; what a terminal shows has none
    assert f"# Made {provenance.made}" in text
    console = Console(file=io.StringIO(), width=150)
    print_table(table, console)
    assert provenance.made not in console.file.getvalue()
