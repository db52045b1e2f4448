"""Tables as HTML: what stands in the page, and that no text of a table becomes part of its markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

from analysis.render import render
from analysis.table_model import Provenance, Table

MakeTable = Callable[..., Table]
UNICODE = "α β ≤ ≥ → × · ² ³ 10⁻⁶ ° − – — … ± “a” ‘b’ naïve Łódź µ \u00a0 ∞ √"


class Page(HTMLParser):
    """The rows of a fragment's table, each a list of cells: tag, attributes, text; and how the tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, dict[str, str | None], str]]] = []
        self.open: list[str] = []
        self.tags: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            tag, attributes, text = self.rows[-1][-1]
            self.rows[-1][-1] = (tag, attributes, text + data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def test_html_is_a_fragment_with_raw_numbers(make_grouped: MakeTable) -> None:
    table = make_grouped()
    text = render(table, "html")
    page = Page(text)
    assert page.open == []
    assert page.tags[0] == "figure"
    assert page.tags.count("table") == page.tags.count("figure") == 1
    assert page.tags.count("tbody") == 3
    assert '<table class="hglab">' in text
    assert not {"script", "style", "link", "meta"} & set(page.tags)
    widths = {sum(int(attributes.get("colspan") or 1) for _, attributes, _ in row) for row in page.rows}
    assert widths == {12}
    rows = [row for row in page.rows[2:] if len(row) > 1]
    for row, expected in zip(rows, table.rows, strict=True):
        assert row[0][2] == expected.label
        for (_, attributes, shown), cell in zip(row[1:], expected.cells, strict=True):
            assert shown == cell.text + ",".join(cell.marks)
            value = attributes.get("data-value")
            assert (None if value is None else float(value)) == cell.value
            assert attributes.get("data-n") == (None if cell.n is None else str(cell.n))
            assert ("best" in str(attributes.get("class")).split()) == cell.best


def test_html_shows_any_text_as_it_is(sample_table: Table) -> None:
    texts = ["<script>alert(1)</script>", "\"quoted\" & 'single'", "&amp; <!-- -->", UNICODE, "沙漏"]
    rows = tuple(replace(sample_table.rows[0], id=str(place), label=text) for place, text in enumerate(texts))
    text = render(replace(sample_table, rows=rows, caption=texts[0], label='a"b'), "html")
    page = Page(text)
    assert "script" not in page.tags
    assert page.comments == []
    assert [row[0][2] for row in page.rows[1:]] == [text.replace("\u00a0", " ") for text in texts]
    assert text.isascii()  # reads the same in a page of any encoding


def test_nothing_ends_the_comment_of_a_provenance(make_grouped: MakeTable, provenance: Provenance) -> None:
    evil = replace(provenance, code="1.0-->\n\\end{table} --- <b>")
    table = replace(make_grouped(), provenance=evil)
    page = Page(render(table, "html"))
    assert len(page.comments) == 1
    assert "--" not in page.comments[0]
    assert "b" not in page.tags[-3:]
    latex = render(table, "latex").splitlines()
    assert all(line.startswith("%") for line in latex[: latex.index(r"\begin{table*}[tb]")])
