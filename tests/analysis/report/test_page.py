"""The page of a report: complete, self-contained, escaped, readable."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from analysis.report.page import HEADINGS, IndexEntry, index_page, report_page
from tests.analysis.conftest import START

UI = "http://127.0.0.1:5000"


class Page(HTMLParser):
    """The elements of a page in their order, with their attributes; and all of its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture
def text(gathered, sample_plan, sample_records, keep_file) -> str:
    keep_file("run-real/1", "error.txt", "Traceback (most recent call last):\n  File '<x>'\nValueError: loss is nan")
    return report_page(gathered(sample_plan, sample_records), UI, served=False)


@pytest.mark.slow
def test_a_page_has_all_its_parts(text: str) -> None:
    page = Page(text)
    assert [attributes["id"] for attributes in page.all("h2")] == [anchor for anchor, _ in HEADINGS]
    assert {attributes["href"] for attributes in page.all("a")} >= {f"#{anchor}" for anchor, _ in HEADINGS}
    words = " ".join(page.words.split())
    for part in (
        "A sample",
        "6 variants (written out one by one), 2 seeds each",
        "7 complete",
        "3 failed",
        "1 missing",
        "block.depth",
        "Hierarchical",
        "ValueError: loss is nan",
        "Traceback (most recent call last)",
        "Deeper, seed 1: not trained yet",
        "Deeper, seed 0: running",
        "SHA-256 over the fingerprints of its trials",
        "2026-03-01 12:00 UTC",
        "The links work while hglab ui runs.",
    ):
        assert part in words, part
    run = f"{UI}/#/experiments/1/runs/run-bottleneck/0?workflowType=machine_learning"
    assert run in {attributes["href"] for attributes in page.all("a")}
    assert len([table for table in page.all("table") if table.get("class") == "hglab"]) >= 4
    assert "Not drawn:" in words  # this record has neither predictions nor curves
    assert "None" not in re.findall(r"\b\w+\b", words)


@pytest.mark.slow
def test_a_page_needs_nothing_else(text: str) -> None:
    page = Page(text)
    loaded = [attributes["src"] for attributes in page.all("img", "script", "iframe", "source") if "src" in attributes]
    assert loaded
    assert all(source.startswith("data:image/") for source in loaded)
    assert [attributes["href"] for attributes in page.all("link")] == ["data:,"]
    assert "@import" not in text
    assert "url(" not in text
    assert all(attributes["href"].startswith(("#", UI)) for attributes in page.all("a"))
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = page.all("meta")[1]["content"]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert len(text.encode()) < 5_000_000


@pytest.mark.slow
def test_a_page_can_be_read_by_everyone(text: str) -> None:
    page = Page(text)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert page.all("html")[0]["lang"] == "en"
    assert all(len(attributes["alt"]) > 20 for attributes in page.all("img"))
    assert all(attributes.get("aria-label") for attributes in page.all("div") if attributes.get("role") == "region")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


HOSTILE = """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&"""


@pytest.mark.slow
def test_what_comes_from_outside_is_escaped(make_plan, record, gathered) -> None:
    label = HOSTILE.replace("'", "''")
    plan = make_plan(
        f"study: hostile\ntitle: '{label}'\nseeds: [0, 1]\nvariants:\n"
        f"  - {{id: a, label: '{label}', baseline: true}}\n"
        f"  - {{id: b, label: 'b {label}', set: {{model.pooling: average}}}}\n"
    )
    runs = [
        record(plan, "a/0", metrics={"pckh": 50.0}, provenance={"host": HOSTILE}, study=HOSTILE, run_id="javascript:1"),
        record(plan, "a/1", metrics={"pckh": 51.0}),
        record(plan, "b/0", "failed", error=f"{HOSTILE}\n{HOSTILE}"),
        record(plan, "b/1", "interrupted"),
    ]
    page = Page(text := report_page(gathered(plan, runs), UI, served=False))
    assert len(page.all("script")) == 1
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "<script>alert" not in text
    assert page.words.count("alert(1)") >= 5  # it is shown
    assert HOSTILE in page.words


def test_the_index_lists_what_has_no_report_too() -> None:
    entries = [
        IndexEntry("one", "tiny", START, "one-tiny-synthetic.html", "First <b>", 6, 5, 1),
        IndexEntry("two", "tiny", START, reason="its file two.yaml is gone"),
    ]
    page = Page(index_page(entries))
    assert [attributes["href"] for attributes in page.all("a")][1:] == ["one-tiny-synthetic.html"]
    assert "First <b>" in page.words
    assert "its file two.yaml is gone" in page.words
    assert "2 studies in the record" in page.words


def _colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "raised", "mark"])
@pytest.mark.parametrize("ink", ["ink", "faint", "link", "good", "bad", "wait"])
def test_letters_stand_out_from_their_ground(scheme: str, ground: str, ink: str) -> None:
    style = files("analysis.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = _colours(roots[("light", "dark").index(scheme)])
    lighter, darker = sorted((_luminance(colours[ground]), _luminance(colours[ink])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # AA
