"""Searches: what holds at every point, what a point is called, and which studies and files a search leans on."""

from __future__ import annotations

import pickle

import pytest

from search_space import Objective, expand, expand_search, fingerprint, is_search, read_overrides, read_study
from search_space.keys import flatten
from search_space.problems import InputError
from search_space.references import needed_files
from tests.search_space.conftest import OTHER, TYPES


def test_what_is_not_said(make_search) -> None:
    search = make_search(TYPES)
    assert is_search(search.study)
    assert search.objectives == (Objective("pckh", "max"),)
    assert (search.trials, search.hours, search.seed, search.trial_seed) == (9, None, 0, 0)
    assert (search.sampler.name, search.scheduler.name) == ("tpe", "none")
    assert search.constraints == search.first == search.first_from == ()
    assert search.settings["data.resolution"] == 64
    assert search.scale == "tiny"
    assert search.space.size == 5


def test_everything_that_can_be_said(make_search, write_study) -> None:
    write_study(OTHER, "other.yaml")
    search = make_search(
        "{block: {type: [bottleneck, hierarchical], depth: {int: [2, 6], step: 2},"
        " width: {float: [0.5, 1], step: 0.25}},"
        " training.learning_rate: {log: [1e-4, 1e-2]}, training.batch_size: {int: [4, 16], log: true},"
        " training.weight_decay: {float: [0, 0.5]}, training.epochs: {choice: [3, 5]},"
        " loss.landmark_weight: {float: [1, 10], log: true},"
        " model.relu: bool,"
        " model.activation: {choice: [relu, prelu], if: {model.relu: true, block: {type: hierarchical}}}}",
        "hours: 2\nseed: 5\nsampler: {name: nsga2, population: 20}\n"
        "scheduler: {name: hyperband, metric: pckh, grace: 2, reduction: 4, brackets: 2}\n"
        "objectives: [pckh, {metric: params, direction: minimise}, validation_loss,"
        " {metric: seconds, direction: maximise}]\n"
        "constraints: ['params <= 6.3e6', 'binary_macs < 2 x other/deep']\n"
        "budget: {model.order: 2}",
        head="seeds: [7]\nbase: {training.momentum: 0.5, training.optimiser: sgd, training.batch_size: 8}",
    )
    found = {dimension.key: dimension for dimension in search.space.dimensions}
    assert [found[key].describe() for key in list(found)[:5]] == [
        "bottleneck or hierarchical",
        "a whole number from 2 to 6 in steps of 2",
        "a number from 0.5 to 1 in steps of 0.25",
        "a number from 1e-4 to 0.01, on a logarithmic scale",
        "a whole number from 4 to 16, on a logarithmic scale",
    ]
    assert found["model.activation"].condition == "'model.relu' is true and 'block.type' is hierarchical"
    assert [str(constraint) for constraint in search.constraints] == ["params <= 6.3e6", "binary_macs < 2 x other/deep"]
    assert search.constraints[1].reference is not None
    assert search.constraints[1].reference.model.block.depth == 5
    assert search.constraints[1].reference.model.order == 2  # the budget's
    assert [(each.metric, each.direction) for each in search.objectives] == [
        ("pckh", "max"),
        ("params", "min"),
        ("validation_loss", "min"),
        ("seconds", "max"),
    ]
    assert (search.sampler.name, search.sampler.population) == ("nsga2", 20)
    scheduler = search.scheduler
    assert (scheduler.name, scheduler.metric, scheduler.grace) == ("hyperband", "pckh", 2)
    assert (scheduler.reduction, scheduler.brackets) == (4, 2)
    assert (search.hours, search.seed, search.trial_seed) == (2, 5, 7)
    assert search.budget == {"model.order": 2}
    assert pickle.loads(pickle.dumps(search)).identity == search.identity


def test_layers(make_search) -> None:
    """The scale, what the study changes in it, the base, the budget, the command line, and dimensions over all."""
    search = make_search(
        TYPES,
        "budget: {training.epochs: 3, data.train_images: 40}",
        head="base: {training.epochs: 7, block.depth: 3, block.type: hierarchical}\n"
        "scales: {tiny: {model.features: 64}}",
        sets=("data.train_images=50", "data.name=lsp"),
    )
    flat = flatten(search.config({"block.type": "hierarchical", "block.depth": 4}))
    assert flat["block.depth"] == 4
    assert flat["training.epochs"] == 3
    assert flat["data.train_images"] == 50
    assert flat["model.features"] == 64
    assert flat["data.resolution"] == 64
    assert search.overrides == {"data.train_images": 50, "data.name": "lsp"}
    assert search.budget == {"training.epochs": 3, "data.train_images": 40}


def test_a_point_is_the_trial_that_a_variant_would_be(make_search, write_study) -> None:
    """So that what a study has trained is told to a search."""
    write_study(OTHER, "other.yaml")
    deep = expand(read_study(write_study(OTHER, "other.yaml").path), "tiny").variants[1].config
    search = make_search(TYPES, "first: [{from: other/deep}]")
    assert fingerprint(search.config(search.first[0]), "d") == fingerprint(deep, "d")


def test_trials_have_the_seed_of_the_study(make_search) -> None:
    search = make_search(TYPES, head="seeds: [4]")
    assert search.config({"block.type": "bottleneck"}).seed == 4


def test_first_points(make_search, write_study) -> None:
    write_study(OTHER, "other.yaml")
    search = make_search(
        "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 5]}, block.width: [0.5, 1.0]}",
        "first:\n  - {block.type: hierarchical, block.depth: 4}\n  - {block: {type: bottleneck}}\n"
        "  - {from: other/deep}\n  - {from: other/wide}\n  - {from: other/deep, block.depth: 2}\n  - {}",
        head="base: {block.type: hierarchical, block.width: 0.5, block.depth: 3}",
    )
    assert search.first == (
        {"block.type": "hierarchical", "block.depth": 4},
        {"block.type": "bottleneck", "block.width": 0.5},
        {"block.type": "hierarchical", "block.depth": 5},
        {"block.type": "bottleneck", "block.width": 1.0},  # its type is its study's, not that of this base
        {"block.type": "hierarchical", "block.depth": 2},
        {"block.type": "hierarchical", "block.depth": 3},
    )
    assert search.first_from == (None, None, "other/deep", "other/wide", "other/deep", None)
    assert needed_files(search.study.path)[1:] == [search.study.path.parent / "other.yaml"]


@pytest.mark.parametrize(
    ("space", "point", "label"),
    [
        (TYPES, {"block.type": "hierarchical", "block.depth": 4}, "hierarchical, depth 4"),
        (TYPES, {"block.type": "bottleneck"}, "bottleneck"),
        ("{model.relu: bool, model.pooling: [max, average]}", {"model.relu": True, "model.pooling": "max"},
         "relu, pooling max"),
        ("{model.relu: bool, model.pooling: [max, average]}", {"model.relu": False, "model.pooling": "max"},
         "pooling max"),
        ("{model.relu: bool}", {"model.relu": False}, "no relu"),
        ("{block.width: [0.5, 1.0], model.width: [0.5, 1.0]}", {"block.width": 0.5, "model.width": 1.0},
         "width 0.5, model width 1"),
        ("{block.remove_1x1: bool, training.learning_rate: {log: [1e-4, 1e-2]}}",
         {"block.remove_1x1": True, "training.learning_rate": 0.00123456}, "remove 1x1, learning rate 0.00123"),
        ("{block.type: [bottleneck, hierarchical], level1.block.type: [null, bottleneck]}",
         {"block.type": "hierarchical", "level1.block.type": "bottleneck"}, "hierarchical, level1 bottleneck"),
        ("{block.type: [bottleneck, hierarchical], level1.block.type: [null, bottleneck]}",
         {"block.type": "hierarchical", "level1.block.type": None}, "hierarchical"),
        ("{level2.width: [0.5, 1.0], level3.block.remove_1x1: [null, true, false]}",
         {"level2.width": 0.5, "level3.block.remove_1x1": False}, "level2 width 0.5, level3 remove 1x1 false"),
        ("{loss.name: [l2, sigmoid_cross_entropy]}", {"loss.name": "l2"}, "l2"),
    ],
)  # fmt: skip
def test_labels(make_search, space: str, point, label: str) -> None:
    assert make_search(space).label(point) == label


def test_labels_of_a_finite_space_tell_its_points_apart(make_search) -> None:
    search = make_search(
        "{block.type: [bottleneck, multi_scale, hierarchical], block.depth: {int: [2, 6]}, block.remove_1x1: bool,"
        " block.width: {float: [0.25, 1.0], step: 0.125}, model.width: [0.5, 1.0], model.relu: bool,"
        " level1.block.type: [null, bottleneck], model.pooling: [max, average]}"
    )
    labels = [search.label(point) for point in search.space.points()]
    assert len(set(labels)) == len(labels) == search.space.size


@pytest.mark.parametrize(
    ("space", "epochs"),
    [
        ("{model.relu: bool}", 7),
        ("{model.relu: bool, training.epochs: [3, 5]}", 5),
        ("{model.relu: bool, training.epochs: {int: [2, 6], step: 2}}", 6),
        ("{model.relu: bool, training.epochs: {choice: [3, 5], if: {model.relu: true}}}", 7),
        ("{model.relu: bool, training.epochs: {choice: [3, 9], if: {model.relu: true}}}", 9),
    ],
)
def test_the_most_epochs_of_a_point(make_search, space: str, epochs: int) -> None:
    assert make_search(space, head="base: {training.epochs: 7}").space.most_epochs == epochs


def test_a_level_and_its_block_are_told_apart(make_search) -> None:
    search = make_search("{level1.width: [0.5, 1.0], level1.block.width: [0.5, 0.75], level2.width: [0.5, 1.0]}")
    point = {"level1.width": 0.5, "level1.block.width": 0.75, "level2.width": 1.0}
    assert search.label(point) == "level1 width 0.5, level1 block width 0.75, level2 width 1"


def test_the_metric_of_the_scheduler_is_that_of_the_objective(make_search) -> None:
    assert make_search(TYPES, "scheduler: asha").scheduler.metric == "pckh"
    assert make_search(TYPES, "scheduler: asha\nobjectives: [validation_loss]").scheduler.metric == "validation_loss"
    assert make_search(TYPES).scheduler.metric is None


@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_every_search_of_the_project_expands_at_every_scale(scale: str, searches) -> None:
    assert searches, "the project has searches"
    for path in searches:
        search = expand_search(read_study(path), scale)
        assert search.study.name == path.stem
        assert search.first


def test_a_study_that_compares_variants_is_no_search(write_study) -> None:
    study = write_study("study: x\nvariants: [{id: a}]\n")
    assert not is_search(study)
    with pytest.raises(InputError, match="'x' is no search: it compares variants"):
        expand_search(study, "tiny")


def test_a_search_has_no_variants(make_search, write_study) -> None:
    search = make_search(TYPES)
    message = "'x' is a search, which has no variants before its best points are promoted; use `hglab search`"
    with pytest.raises(InputError) as raised:
        expand(search.study, "tiny")
    assert str(raised.value) == f"{search.study.path}:3:1: {message}, `hglab front`, `hglab promote`"
    search.study.path.rename(search.study.path.with_name("x.yaml"))
    for other in ("from: x/a\nvariants: [{id: a}]\n", "variants: [{id: a, from: x/a}]\n"):
        with pytest.raises(InputError, match="'x' is a search, which has no variants"):
            expand(write_study(f"study: y\n{other}", "y.yaml"), "tiny", read_overrides())


def test_the_base_of_a_search_can_be_a_variant(make_search, write_study) -> None:
    write_study(OTHER, "other.yaml")
    search = make_search("{model.relu: bool}", head="from: other/deep\nbase: {block.depth: 4}")
    block = search.config({"model.relu": True}).model.block
    assert (block.type, block.depth) == ("hierarchical", 4)


def test_the_files_that_a_search_needs(make_search, write_study) -> None:
    """What a cluster is sent: studies that points come from, that bounds are relative to, that teach."""
    for name in ("first", "bound", "teacher", "unrelated"):
        write_study(OTHER.replace("study: other", f"study: {name}"), f"{name}.yaml")
    search = make_search(
        "{block.type: [bottleneck, hierarchical], block.depth: [4, 5], distillation.teacher: [null, teacher/deep]}",
        "constraints: ['params <= 2 x bound/deep', 'binary_macs <= 1e12']\nfirst: [{from: first/deep}]",
    )
    assert sorted(path.stem for path in needed_files(search.study.path)) == ["bound", "first", "study", "teacher"]
