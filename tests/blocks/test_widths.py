from __future__ import annotations

import pytest

from blocks.bottleneck import inner_width
from blocks.hierarchical import scale_widths
from blocks.plan import WidthError
from blocks.widths import block_widths, check_model, hourglass_features, stem_widths


@pytest.mark.parametrize(
    ("outputs", "depth", "cardinality", "widths"),
    [
        (256, 3, 1, (128, 64, 64)),
        (256, 2, 1, (128, 128)),
        (192, 3, 1, (96, 48, 48)),
        (256, 8, 1, (128, 64, 32, 16, 8, 4, 2, 2)),
        (256, 3, 16, (128, 64, 64)),
        (4, 3, 1, (2, 1, 1)),
    ],
)
def test_scale_widths_add_up(outputs, depth, cardinality, widths) -> None:
    assert scale_widths(outputs, depth, cardinality) == widths
    assert sum(widths) == outputs


@pytest.mark.parametrize(
    ("outputs", "width", "inner"),
    [(256, 0.5, 128), (256, 196 / 256, 196), (10, 0.7, 7), (128, 196 / 256, 98), (8, 2.0, 16)],
)
def test_inner_width(outputs, width, inner) -> None:
    assert inner_width(outputs, width) == inner


def test_block_widths_of_each_block(make_model) -> None:
    assert block_widths(256, make_model(block_type="bottleneck").block) == (128, 128, 256)
    assert block_widths(256, make_model(block_type="hierarchical", block_depth=4).block) == (128, 64, 32, 32)
    assert block_widths(64, make_model(block_type="hierarchical", block_cardinality=2).block) == (16, 16, 16, 16)


def test_stem_and_hourglass_widths(make_model) -> None:
    assert stem_widths(make_model()) == (64, 128, 128, 256)
    assert stem_widths(make_model(width=0.75)) == (64, 128, 128, 192)
    assert stem_widths(make_model(stem_features=16, features=32)) == (16, 32, 32, 32)
    assert hourglass_features(make_model(features=10, width=0.7)) == 7


@pytest.mark.parametrize("resolution", [64, 128, 256])
def test_nothing_is_wrong_with_the_defaults(resolution, make_model) -> None:
    for kind in ("bottleneck", "hierarchical"):
        assert check_model(make_model(block_type=kind), resolution) == []


# The keys, the resolution, and for each problem what its message must name.
PROBLEMS = [
    (
        {"block_type": "hierarchical", "block_depth": 6, "features": 80},
        256,
        [["block.depth 6", "80 channels", "block.depth <= 5", "multiple of 32", "model.features 80"]],
    ),
    ({"block_type": "hierarchical", "features": 66}, 256, [["block.depth 3", "block.depth <= 2", "multiple of 4"]]),
    ({"block_type": "hierarchical", "features": 65}, 256, [["block.depth 3", "use a number", "multiple of 4"]]),
    (
        {"block_type": "hierarchical", "block_cardinality": 3},
        256,
        [["block.cardinality 3", "model.features 256"], ["block.cardinality 3", "model.stem_features 64"]],
    ),
    (
        {"block_type": "hierarchical", "block_cardinality": 16, "features": 32},
        256,
        [["block.cardinality 16", "possible are 1, 2, 4, 8", "multiple of 64"]],
    ),
    (
        {"block_type": "hierarchical", "block_depth": 8, "stem_features": 32},
        256,
        [["block.depth 8", "block.depth <= 7", "model.stem_features 32"]],
    ),
    ({"features": 10, "width": 0.75}, 256, [["model.features 10", "model.width 0.75", "7.5", "0.8"]]),
    ({"features": 4, "width": 0.5}, 256, [["model.features 4", "model.width 0.5", "at least 4"]]),
    ({"features": 101}, 256, [["block.width 0.5", "50.5", "nearest block.width is 0.495"]]),
    ({}, 96, [["data.resolution 96", "multiple of 64", "64 or 128", "model.order <= 3"]]),
    ({}, 32, [["data.resolution 32", "multiple of 64", "nearest 64", "model.order <= 3"]]),
    ({"order": 6}, 128, [["data.resolution 128", "multiple of 256", "model.order <= 5"]]),
    ({"features": 101}, 100, [["block.width"], ["data.resolution 100"]]),
    ({}, 33, [["data.resolution 33", "nearest 64"]]),
]


@pytest.mark.parametrize(("keys", "resolution", "expected"), PROBLEMS)
def test_problems_name_the_key_and_how_to_mend_it(keys, resolution, expected, make_model) -> None:
    problems = check_model(make_model(**keys), resolution)
    assert len(problems) == len(expected), problems
    for problem, parts in zip(problems, expected, strict=True):
        for part in parts:
            assert part in problem


def test_the_mend_that_a_message_names_mends() -> None:
    for width in (3, 7, 51, 101, 255):
        with pytest.raises(WidthError) as caught:
            inner_width(width, 0.5)
        nearest = float(str(caught.value).rsplit(" ", 1)[1])
        assert inner_width(width, nearest) >= 1
