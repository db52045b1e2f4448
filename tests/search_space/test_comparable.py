"""Dimensions, and losses beside dimensions, that would make the figures of a search's points incomparable."""

from __future__ import annotations

import pytest

from search_space import InputError, read_overrides
from tests.search_space.conftest import TYPES, _check

INSTEAD = "; `hglab keys` lists what else may vary"
FIXED = [
    (
        "data.name: [lsp, mpii]",
        "figures of different data sets cannot be compared; make one search for each data set, as with `--data lsp`",
    ),
    (
        "data.validation_images: [100, 200]",
        "figures of different validation images cannot be compared; set it in the base, the same for every point",
    ),
    (
        "evaluation.flip_test: bool",
        "figures that are measured in different ways cannot be compared; set it in the base, the same for every point",
    ),
    (
        "seed: {int: [0, 9]}",
        "points of different seeds differ by chance; `hglab promote --seeds N` trains the best with N seeds",
    ),
    (
        "seeds: [0, 1]",
        "points of different seeds differ by chance; `hglab promote --seeds N` trains the best with N seeds",
    ),
]
LOSSES = [
    ("validation_loss", "loss.name: [l2, sigmoid_cross_entropy]", "losses of different kinds"),
    ("train_loss", "loss.landmark_weight: [0.0, 10.0]", "losses in which landmarks and pixels weigh differently"),
    ("validation_loss", "data.heatmap_sigma: [1.0, 2.0]", "losses of different kinds, towards"),
    ("train_loss", "distillation.teacher: [null, other/deep]", "losses with more and less of a teacher in them"),
    ("validation_loss", "data.resolution: [32, 64]", "losses over heatmaps of different sizes"),
    ("train_loss", "loss.hard_pixels: [0.5, 1.0]", "losses in which landmarks"),
    ("train_loss", "model.stacks: {int: [1, 2]}", "sums of the losses of fewer and more stacks"),
    ("train_loss", "data.train_images: [8, 16]", "losses over different images"),
    ("train_loss", "augmentation.flip: bool", "losses over differently changed images"),
]


@pytest.mark.parametrize(("dimension", "why"), FIXED)
def test_what_is_the_same_at_every_point(said, dimension: str, why: str) -> None:
    problems = said(f"study: x\nsearch:\n  trials: 9\n  space:\n    model.relu: bool\n    {dimension}\n")
    key = dimension.partition(":")[0]
    assert problems == [f"SEARCH:6:5: '{key}' cannot be a dimension: {why}{INSTEAD}"]


def test_a_nested_key_is_found_in_its_place(said) -> None:
    text = "study: x\nsearch:\n  trials: 9\n  space:\n    data: {name: [lsp, mpii], heatmap_sigma: [1.0, 2.0]}\n"
    _check(said(text), ":5:12", "'data.name' cannot be a dimension: ")


def test_a_misspelt_key_is_said_to_be_one(said) -> None:
    text = "study: x\nsearch:\n  trials: 9\n  space:\n    evaluation.flip_tst: bool\n"
    _check(said(text), ":5:5", "unknown key 'evaluation.flip_tst'; did you mean 'evaluation.flip_test'?")


@pytest.mark.parametrize(
    "dimension", ["data.train_images: [8, 16]", "data.resolution: [32, 64]", "augmentation.flip: bool"]
)
def test_what_a_point_is_trained_on_may_vary(make_search, dimension: str) -> None:
    assert list(make_search(f"{{{dimension}}}").space.by_key) == [dimension.partition(":")[0]]


@pytest.mark.parametrize(("metric", "dimension", "losses"), LOSSES)
def test_a_loss_is_not_sought_where_it_becomes_another(said, metric: str, dimension: str, losses: str) -> None:
    key = dimension.partition(":")[0]
    told = f"cannot be compared: '{metric}' is sought where '{key}' varies; use pckh, or take '{key}' out of the space"
    space = f"  space: {{model.relu: bool, {dimension}}}\n"
    (problem,) = said(f"study: x\nsearch:\n  trials: 9\n  objectives: [params, {metric}]\n{space}")
    assert problem.startswith(f"SEARCH:4:24: {losses}")
    assert problem.endswith(told)
    scheduler = f"  scheduler: {{name: asha, metric: {metric}}}\n"
    (problem,) = said(f"study: x\nsearch:\n  trials: 9\n{scheduler}{space}")
    assert problem.startswith(f"SEARCH:4:35: {losses}")
    assert problem.endswith(told)


@pytest.mark.parametrize(
    ("metric", "space"),
    [
        ("pckh", "{loss.name: [l2, sigmoid_cross_entropy], data.heatmap_sigma: [1.0, 2.0]}"),
        ("validation_loss", TYPES),
        ("validation_loss", "{model.stacks: {int: [1, 2]}, augmentation.flip: bool, data.train_images: [8, 16]}"),
        ("validation_loss", "{model.relu: bool, loss.name: [l2]}"),
        ("validation_loss", "{loss.landmark_weight: [0.0, 10.0], loss.hard_pixels: [0.5, 1.0]}"),
        ("train_loss", "{model.relu: bool, training.learning_rate: {log: [1e-4, 1e-2]}}"),
    ],
)
def test_a_loss_may_be_sought_where_it_stays_the_same(make_search, metric: str, space: str) -> None:
    assert make_search(space, f"objectives: [{metric}]").objectives[0].metric == metric


@pytest.mark.parametrize("name", ["seed", "seeds"])
def test_the_seed_of_the_command_line_is_no_key(name: str) -> None:
    with pytest.raises(InputError, match=r"seeds stand at the top of a study, as in seeds: \[0, 1, 2\]"):
        read_overrides(None, (f"{name}=3",))
