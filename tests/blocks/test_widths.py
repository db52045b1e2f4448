from __future__ import annotations

import pytest
from pydantic import ValidationError

import blocks
from blocks import check_model
from blocks.bottleneck import inner_width
from blocks.hierarchical import scale_widths
from blocks.plan import WidthError
from blocks.widths import block_widths, hourglass_features, stem_widths


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
        for hourglass in ("standard", "improved"):
            assert check_model(make_model(block_type=kind, hourglass=hourglass), resolution) == []
    # At 64 pixels the smallest map is one pixel wide, and a block that pools inside would halve it again.
    for without in (False, True):
        problems = check_model(make_model(block_type="multi_scale", block_remove_1x1=without), resolution)
        assert bool(problems) == (resolution == 64)


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
    (
        {"block_type": "multi_scale", "features": 100},
        256,
        [["block.type multi_scale", "1/8 of 100 channels", "nearest 96 or 104", "block.remove_1x1 true"]],
    ),
    (
        {"block_type": "multi_scale", "features": 66, "hourglass": "improved"},
        256,
        [["1/8 of 66 channels", "nearest 64 or 72", "model.features 66"]],
    ),
    (
        {"block_type": "multi_scale", "block_remove_1x1": True, "features": 66, "width": 1.5, "stem_features": 5},
        256,
        [
            ["1/4 of 99 channels", "multiple of 4, nearest 96 or 100", "model.features 66 x model.width 1.5"],
            ["1/4 of 10 channels", "nearest 8 or 12", "model.stem_features 5"],
        ],
    ),
    ({"block_type": "multi_scale", "stem_features": 6}, 256, [["1/8 of 12", "in the stem", "model.stem_features 6"]]),
    (
        {"block_remove_1x1": True, "block_width": 0.3125, "features": 40},
        256,
        [["block.width 0.3125 of 40 channels", "12.5 inner", "nearest block.width is 0.3"]],
    ),
    (
        {"block_type": "multi_scale"},
        64,
        [["data.resolution 64", "7 times", "model.order 4", "multi_scale 1", "nearest 128", "model.order <= 3"]],
    ),
    ({"block_type": "multi_scale", "order": 6}, 256, [["9 times", "multiple of 512", "model.order <= 5"]]),
    (
        {"block_type": "multi_scale", "features": 100, "hourglass": "improved", "stacks": 2},
        64,
        [["1/8 of 100 channels"], ["data.resolution 64", "7 times", "nearest 128"]],
    ),
    ({"block_type": "hierarchical", "hourglass": "improved"}, 96, [["data.resolution 96", "model.order <= 3"]]),
    (
        {"block_type": "hierarchical", "hourglass": "improved", "block_depth": 8, "features": 64, "stacks": 8},
        256,
        [["block.depth 8", "halves 64 channels 7 times", "block.depth <= 7", "multiple of 128"]],
    ),
]


@pytest.mark.parametrize(("keys", "resolution", "expected"), PROBLEMS)
def test_problems_name_the_key_and_how_to_mend_it(keys, resolution, expected, make_model) -> None:
    problems = check_model(make_model(**keys), resolution)
    assert len(problems) == len(expected), problems
    for problem, parts in zip(problems, expected, strict=True):
        for part in parts:
            assert part in problem


REFUSED = [
    ("stacks", 0),
    ("stacks", 9),
    ("order", 0),
    ("features", 2),
    ("stem_features", 3),
    ("width", 0.0),
    ("hourglass", "unet"),
    ("block_type", "plain"),
    ("block_depth", 1),
    ("block_depth", 9),
    ("block_cardinality", 0),
    ("block_cardinality", 17),
    ("block_width", 0.0),
    ("block_remove_1x1", "yes"),
]


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_no_configuration_holds_what_no_network_can_have(key, value, make_model) -> None:
    with pytest.raises(ValidationError) as caught:
        make_model(**{key: value})
    (error,) = caught.value.errors()
    assert error["loc"] == (key.removeprefix("block_"),)


@pytest.mark.parametrize(("keys", "resolution", "expected"), PROBLEMS)
def test_what_has_a_problem_with_its_widths_is_not_built(keys, resolution, expected, make_model) -> None:
    model = make_model(**keys)
    widths = [problem for problem in check_model(model, resolution) if not problem.startswith("data.resolution")]
    if widths:
        with pytest.raises(WidthError) as caught:
            blocks.build(model)
        assert str(caught.value) == "\n".join(widths)
        with pytest.raises(WidthError):
            blocks.count(model, resolution)


def test_the_mend_that_a_message_names_mends() -> None:
    for width in (3, 7, 51, 101, 255):
        with pytest.raises(WidthError) as caught:
            inner_width(width, 0.5)
        nearest = float(str(caught.value).rsplit(" ", 1)[1])
        assert inner_width(width, nearest) >= 1
