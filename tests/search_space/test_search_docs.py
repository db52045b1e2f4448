"""docs/search.md: its examples are searches, and its table of domains says what is so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from search_space import ExpandedSearch, expand_search, read_study
from search_space.keys import all_keys

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "search.md").read_text(encoding="utf-8").split("### What is refused")[0]
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
FRAGMENTS = [text for text in EXAMPLES if not text.startswith("study:")]
SPACE = "space: {block.type: [bottleneck, multi_scale, hierarchical], block.depth: {int: [2, 6]}}"
FORMS = re.findall(r"^\| `([a-z.0-9_]+: (?:\{|\[|bool).*?)` \|", TEXT, re.M)


@pytest.fixture
def search_of(tmp_path: Path):
    """A function from the text of a study to its search, beside the study that the examples refer to."""
    shutil.copy(ROOT / "studies" / "table2_blocks.yaml", tmp_path)

    def make(text: str, scale: str = "tiny") -> ExpandedSearch:
        path = tmp_path / "search.yaml"
        path.write_text(text)
        return expand_search(read_study(path), scale)

    return make


@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_the_whole_example(search_of, scale: str) -> None:
    search = search_of(EXAMPLES[0], scale)
    assert search.first_from == ("table2_blocks/hierarchical", "table2_blocks/bottleneck")
    assert search.trials == 60


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda text: text.partition(":")[0])
def test_the_other_examples(search_of, fragment: str) -> None:
    name = fragment.partition(":")[0]
    parts = {"trials": "trials: 9\n", "space": f"{SPACE}\n", name: fragment}
    lines = "".join(parts.values()).splitlines()
    search_of("study: search\nsearch:\n" + "".join(f"  {line}\n" for line in lines))


@pytest.mark.parametrize("form", FORMS)
def test_the_domains_of_the_table(search_of, form: str) -> None:
    key = form.partition(":")[0]
    assert key in all_keys()
    base = "" if key == "block.type" or not key.startswith("block.") else "block.type: [bottleneck, hierarchical], "
    search = search_of(f"study: search\nsearch: {{trials: 2, space: {{{base}{form}}}}}\n")
    assert search.space.by_key[key].describe()


def test_the_table_has_every_form() -> None:
    assert len(FORMS) == 8
    assert len(EXAMPLES) >= 6


def test_the_study_of_the_project_is_the_example_and_more(search_of) -> None:
    own, example = expand_search(read_study(ROOT / "studies" / "search_blocks.yaml"), "tiny"), search_of(EXAMPLES[0])
    for dimension in example.space.dimensions:
        there = own.space.by_key[dimension.key]
        assert (there.kind, there.choices, there.low, there.high) == (
            dimension.kind,
            dimension.choices,
            dimension.low,
            dimension.high,
        )
    assert [str(each) for each in own.constraints] == [str(each) for each in example.constraints]
    assert own.first_from[:2] == example.first_from
