"""Diagrams of blocks: what is drawn is what was built, and nothing is drawn over anything else."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
import torch

import blocks
from blocks.diagram.drawing import diagram_layout, draw_diagram
from blocks.diagram.graph import Diagram, module_diagram
from blocks.diagram.layout import lay_out
from blocks.parts import hourglass_block
from blocks.trace import trace

pytestmark = pytest.mark.slow

HIERARCHICAL = {"block_type": "hierarchical"}
MULTI_SCALE = {"block_type": "multi_scale"}
DRAWN = [
    ({}, None),
    ({"block_width": 1.0}, None),
    ({"block_remove_1x1": True}, "stem.block1"),
    (MULTI_SCALE, None),
    (MULTI_SCALE, "stem.block1"),
    (MULTI_SCALE | {"block_remove_1x1": True}, None),
    *[(HIERARCHICAL | {"block_depth": depth}, None) for depth in (2, 3, 5)],
    (HIERARCHICAL, "stem.block1"),
    *[(HIERARCHICAL | {"block_cardinality": copies}, None) for copies in (2, 4, 8)],
    (HIERARCHICAL | {"block_cardinality": 2, "block_depth": 5}, "stem.block1"),
    (HIERARCHICAL | {"hourglass": "improved"}, "stacks.0.block"),
    ({"binary": False}, "stem.block1"),
    ({}, "stem"),
    ({}, "stacks.0.hourglass"),
    ({"hourglass": "improved"}, "stacks.0"),
    ({"stacks": 2}, ""),
]


def _diagram(make_model, keys, name=None) -> Diagram:
    with torch.device("meta"):
        network = blocks.build(make_model(**{"features": 64, "stem_features": 32, "order": 2, **keys}))
    return module_diagram(network, trace(network, 3, 64), hourglass_block(network) if name is None else name)


def _edges(diagram: Diagram) -> list[tuple[str, str]]:
    return [(diagram.boxes[begin].lines[0], diagram.boxes[end].lines[0]) for begin, end in diagram.arrows]


def test_the_bottleneck(make_model) -> None:
    diagram = _diagram(make_model, {})
    assert sorted(_edges(diagram)) == sorted(
        [
            ("64 channels", "1×1, 64 → 32"),
            ("1×1, 64 → 32", "3×3, 32 → 32"),
            ("3×3, 32 → 32", "1×1, 32 → 64"),
            ("1×1, 32 → 64", "+"),
            ("64 channels", "+"),
            ("+", "64 channels"),
        ]
    )
    assert diagram.legend == (("binary", "BatchNorm → sign → binary convolution"),)


def test_the_hierarchical_block_concatenates_its_scales(make_model) -> None:
    edges = _edges(_diagram(make_model, HIERARCHICAL, "stem.block3"))
    scales = ["3×3, 64 → 32", "3×3, 32 → 16", "3×3, 16 → 16"]
    assert [begin for begin, end in edges if end == "C"] == scales
    assert [begin for begin, end in edges if end == "+"] == ["C", "64 channels"]


def test_the_multi_scale_block(make_model) -> None:
    diagram = _diagram(make_model, MULTI_SCALE)
    lines = [box.lines for box in diagram.boxes]
    assert ("max-pool 2×2",) in lines
    assert ("upsample ×2", "bilinear") in lines
    edges = _edges(diagram)
    assert [begin for begin, end in edges if end == "C"] == ["3×3, 64 → 8", "3×3, 8 → 8", "3×3, 16 → 16", "upsample ×2"]
    assert ("C", "1×1, 32 → 64") in edges


def test_the_shortcut_is_drawn_as_it_is_built(make_model) -> None:
    def into_sum(keys: dict[str, object], name: str) -> list[str]:
        return [begin for begin, end in _edges(_diagram(make_model, keys, name)) if end == "+"]

    assert into_sum(HIERARCHICAL, "stem.block1") == ["C", "1×1, 32 → 64"]
    assert into_sum(HIERARCHICAL, "stem.block2") == ["C", "64 channels"]
    assert into_sum(HIERARCHICAL | {"hourglass": "improved"}, "stacks.0.block") == ["C", "sum of halves"]


def test_legends_say_what_a_layer_is(make_model) -> None:
    assert _diagram(make_model, HIERARCHICAL | {"relu": True}).legend == (
        ("binary", "BatchNorm → sign → binary convolution → ReLU"),
    )
    assert _diagram(make_model, HIERARCHICAL | {"relu": True, "activation": "prelu"}).legend == (
        ("binary", "BatchNorm → sign → binary convolution → PReLU"),
    )
    assert _diagram(make_model, {"binary": False}, "stem.block1").legend == (
        ("real", "BatchNorm → ReLU → convolution"),
        ("convolution", "convolution"),
    )


@pytest.mark.parametrize(("copies", "boxes"), [(2, 2), (4, 4), (8, 1), (16, 1)])
def test_many_copies_become_one_box(make_model, copies: int, boxes: int) -> None:
    diagram = _diagram(make_model, HIERARCHICAL | {"block_cardinality": copies})
    first = [box for box in diagram.boxes if box.lines[0] == f"3×3, 64 → {32 // copies}"]
    assert len(first) == boxes
    assert sum(box.copies for box in first) == copies
    assert all((f"{copies} copies" in box.lines) == (boxes == 1) for box in first)
    assert sum(f"{copies} groups" in box.lines for box in diagram.boxes) == 2


def test_a_module_that_holds_blocks_is_drawn_with_blocks(make_model) -> None:
    diagram = _diagram(make_model, {}, "stacks.0.hourglass")
    assert [box.lines[0] for box in diagram.boxes].count("block") == 3 * 2 + 1
    assert [box.style for box in diagram.boxes].count("sum") == 2


def test_what_is_not_there_cannot_be_drawn(make_model) -> None:
    with pytest.raises(KeyError):
        _diagram(make_model, {}, "stem.block9")


@pytest.mark.parametrize(("keys", "name"), DRAWN)
def test_nothing_lies_over_anything_else(make_model, keys, name) -> None:
    diagram = _diagram(make_model, keys, name)
    layout = diagram_layout(diagram)
    boxes = [
        (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for (x, y), (width, height) in zip(layout.centres, layout.sizes, strict=True)
    ]
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert all(left >= -1e-6 and right <= layout.width + 1e-6 for left, _, right, _ in boxes)
    ends = []
    for (begin, end), way in zip(diagram.arrows, layout.ways, strict=True):
        assert all(old[1] <= new[1] + 1e-6 for old, new in pairwise(way))  # downwards
        assert all(old[0] == new[0] or old[1] == new[1] for old, new in pairwise(way))  # straight or across
        assert all(-1e-6 <= x <= layout.width + 1e-6 for x, _ in way)
        assert _touches(boxes[begin], way[0])
        assert _touches(boxes[end], way[-1])
        ends.append(way[-1])
        for number, box in enumerate(boxes):
            if number not in (begin, end):
                assert not any(_passes(old, new, box) for old, new in pairwise(way)), diagram.boxes[number]
    assert len(set(ends)) == len(ends), "two arrows end in one point"


def _touches(box: tuple[float, ...], point: tuple[float, float]) -> bool:
    return box[0] - 0.1 <= point[0] <= box[2] + 0.1 and box[1] - 0.1 <= point[1] <= box[3] + 0.1


def _passes(begin: tuple[float, float], end: tuple[float, float], box: tuple[float, ...]) -> bool:
    """Whether a straight piece of an arrow runs through a box."""
    left, right = sorted((begin[0], end[0]))
    top, bottom = sorted((begin[1], end[1]))
    return right > box[0] and left < box[2] and bottom > box[1] and top < box[3]


def test_arrows_must_point_forwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        lay_out([(10, 10), (10, 10)], [(1, 0)])


def test_a_single_box_can_be_laid_out() -> None:
    assert lay_out([(10.0, 8.0)], []).centres == ((5.0, 4.0),)


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_diagram_is_the_same_file(make_model, tmp_path, suffix: str) -> None:
    import matplotlib

    diagram = _diagram(make_model, MULTI_SCALE)
    before = dict(matplotlib.rcParams)
    files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for file in files:
        draw_diagram(diagram, "Multi-scale & $x (Fig. 7c)", "a subtitle", file)
    assert files[0].read_bytes() == files[1].read_bytes()
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    assert files[0].read_bytes().startswith(starts[suffix])
    assert dict(matplotlib.rcParams) == before


def test_text_stays_text_in_svg(make_model, tmp_path) -> None:
    file = tmp_path / "block.svg"
    draw_diagram(_diagram(make_model, HIERARCHICAL), "<Hierarchical> & $x", "406,400 parameters", file)
    texts = [element.text for element in ElementTree.parse(file).iter() if element.tag.endswith("text")]
    for expected in ("<Hierarchical> & $x", "406,400 parameters", "3×3, 64 → 32", "C", "64 channels"):
        assert expected in texts
    assert not re.search(r"\d{4}-\d{2}-\d{2}", file.read_text())  # no date


def test_a_diagram_is_svg_png_or_pdf(make_model, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"not block\.jpg"):
        draw_diagram(_diagram(make_model, {}), "t", "s", tmp_path / "block.jpg")
    with pytest.raises(FileNotFoundError):
        draw_diagram(_diagram(make_model, {}), "t", "s", tmp_path / "nowhere" / "block.svg")


def test_matplotlib_is_imported_only_to_draw_and_without_its_user_interface(tmp_path) -> None:
    program = (
        "import sys, torch, blocks\nfrom blocks.diagram.drawing import draw_diagram\n"
        "from blocks.diagram.graph import module_diagram\nfrom blocks.trace import trace\n"
        "from pathlib import Path\nfrom search_space.config import ModelConfig\n"
        "network = blocks.build(ModelConfig(features=8, stem_features=4, order=1))\n"
        "diagram = module_diagram(network, trace(network, 3, 16), 'stem.block1')\n"
        "assert 'matplotlib' not in sys.modules\n"
        "draw_diagram(diagram, 't', 's', Path(sys.argv[1]))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "block.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "block.png").stat().st_size > 1000
