"""Tables as LaTeX source: escapes, groups, siunitx, wide tables. What it compiles to: `test_latex_compiles`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.render import render
from analysis.render.latex_siunitx import s_column
from analysis.render.latex_text import breakable, escape, known_to_pdflatex
from analysis.table_model import Cell, Head, Row, Table

MakeTable = Callable[..., Table]
UNICODE = "α β ≤ ≥ → × · ² ³ 10⁻⁶ ° − – — … ± “a” ‘b’ naïve Łódź µ \u00a0 ∞ √"


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


def test_groups_in_latex_span_their_columns(make_grouped: MakeTable) -> None:
    text = render(make_grouped(), "latex")
    lines = [line.strip() for line in text.splitlines()]
    place = lines.index(r"\toprule")
    spans = re.findall(r"multicolumn\{(\d+)\}\{c\}\{([^}]*)\}", lines[place + 1])
    assert [(int(count), name) for count, name in spans] == [(3, "Cost"), (3, "PCKh by joint"), (1, "Paper")]
    assert lines[place + 2] == r"\cmidrule(lr){2-4} \cmidrule(lr){5-7} \cmidrule(lr){11-11}"
    assert lines[place + 1].count("&") + 1 + 2 + 2 == 12  # two of the cells take up two columns more
    assert lines.count(r"\midrule") == 3
    assert lines[lines.index(r"\multicolumn{12}{@{}l@{}}{\emph{Structure}} \\") - 1] == r"\midrule"


def _column(*texts: str, **fields: Any) -> tuple[Head, list[Cell]]:
    head = Head("x", "X", fields.pop("kind", "metric"), **fields)
    return head, [Cell(None if text in ("—", "failed") else 1.0, text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "fields", "specification", "cells"),
    [
        (["76.0 ± 0.4", "57.5 ± 10.6"], {}, "2.1(3)", ["76.0(4)", "57.5(106)"]),
        (["76.04 ± 0.05", "6.00 ± 0.00"], {}, "2.2(1)", ["76.04(5)", "6.00(0)"]),
        (["+8.8", "−9.7", "0.0", "—"], {"kind": "delta"}, "+1.1", ["+8.8", "-9.7", "0.0", "{---}"]),
        (["6,237,456", "812"], {}, "7.0", ["6237456", "812"]),
        (["3.50 M", "11.31 M"], {"unit": "M"}, "2.2", ["3.50", "11.31"]),
        (["1.02 ± 0.10", "failed"], {"kind": "ratio"}, "1.2(2)", ["1.02(10)", "{failed}"]),
        (["1", "up to 10"], {"kind": "paper"}, "1.0", ["1", "{up to 10}"]),
    ],
)
def test_siunitx_cells(texts: list[str], fields: dict[str, Any], specification: str, cells: list[str]) -> None:
    built = s_column(*_column(*texts, **fields))
    assert built is not None
    assert built.specification == f"S[table-format={specification}]"
    assert built.cells == cells


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        (["—", "failed"], {}),
        (["3", "4"], {"kind": "config"}),
        (["1/2", "2"], {"kind": "n"}),
        (["up to 10"], {"kind": "paper"}),
        (["1.0", "2.00"], {}),
        (["+8.8 [+7.0, +10.2]", "−1.0 [−2.0, 0.0]"], {"kind": "delta"}),
    ],
)
def test_columns_that_siunitx_does_not_align(texts: list[str], fields: dict[str, Any]) -> None:
    assert s_column(*_column(*texts, **fields)) is None


def test_siunitx_marks(sample_table: Table) -> None:
    head, (plain, other) = _column("76.0 ± 0.4", "6.0 ± 0.4")
    given = [
        plain,
        replace(other, second=True, marks=("a",)),
        replace(plain, text="6.0", marks=("a", "b")),
        replace(plain, best=True, marks=("a",)),
        replace(plain, text="6.0", best=True, marks=("a",)),
    ]
    built = s_column(head, given)
    assert built is not None
    mark = r"\rlap{\textsuperscript{a}}"
    assert built.cells == [
        "76.0(4)",
        rf"{{$\phantom{{7}}\underline{{6.0 \pm 0.4}}{mark}$}}",
        r"{$\phantom{7}6.0\rlap{\textsuperscript{a,b}}\phantom{{} \pm 0.4}$}",
        rf"\bfseries 76.0(4){{{mark}}}",
        rf"{{\boldmath$\phantom{{7}}6.0{mark}\phantom{{{{}} \pm 0.4}}$}}",
    ]
    text = render(replace(sample_table, siunitx=True), "latex")
    assert r"\usepackage{booktabs,siunitx,adjustbox}" in text
    assert r"\sisetup{" in text
    assert "S[table-format" not in render(sample_table, "latex")


def test_a_table_wider_than_a_column_is_starred(sample_table: Table) -> None:
    narrow = replace(
        sample_table,
        columns=sample_table.columns[:2],
        rows=tuple(Row(row.id, row.id, row.cells[:2]) for row in sample_table.rows),
    )
    assert r"\begin{table}[tb]" in render(narrow, "latex")
    assert "adjustbox" not in render(narrow, "latex")
    wide = render(sample_table, "latex")
    assert wide.index(r"\begin{table*}") < wide.index(r"\begin{adjustbox}") < wide.index(r"\begin{tabular}")
    assert wide.rstrip().endswith(r"\end{table*}")


def test_more_rows_than_a_page_holds_are_announced(sample_table: Table) -> None:
    rows = tuple(replace(sample_table.rows[0], id=str(place)) for place in range(60))
    assert "60 rows are more than a page holds" in render(replace(sample_table, rows=rows), "latex")
    assert "than a page holds" not in render(sample_table, "latex")


@given(st.text(max_size=200))
def test_breakable_loses_nothing(text: str) -> None:
    assert breakable(text).replace(r"\allowbreak{}", "").replace("{}", "") == " ".join(
        escape(word) for word in text.split(" ")
    ).replace("{}", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short words stay", "short words stay"),
        (
            "/data/of/everybody/x.png",
            r"/\allowbreak{}data/\allowbreak{}of/\allowbreak{}everybody/\allowbreak{}x.\allowbreak{}png",
        ),
        ("x" * 45, r"\allowbreak{}".join(["x" * 20, "x" * 20, "x" * 5])),
    ],
)
def test_long_words_of_notes_may_break(text: str, expected: str) -> None:
    assert breakable(text) == expected
