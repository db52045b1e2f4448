"""Searches: what holds at every point, what a point is called, and which searches are the same one."""

from __future__ import annotations

import pickle
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_space import Objective, expand, expand_search, fingerprint, is_search, read_overrides, read_study
from search_space.keys import flatten
from search_space.problems import InputError
from search_space.references import needed_files

TYPES = "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 5]}}"
OTHER = """\
study: other
base: {model.binary: true}
variants:
  - {id: plain}
  - {id: deep, set: {block.type: hierarchical, block.depth: 5}}
  - {id: wide, set: {block.width: 1.0}}
  - {id: narrow, set: {model.width: 0.5}}
"""


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


def test_the_metric_of_the_scheduler_is_that_of_the_objective(make_search) -> None:
    assert make_search(TYPES, "scheduler: asha").scheduler.metric == "pckh"
    assert make_search(TYPES, "scheduler: asha\nobjectives: [validation_loss]").scheduler.metric == "validation_loss"
    assert make_search(TYPES).scheduler.metric is None


BASE = {"space": TYPES, "search": "constraints: ['params <= 6e6', 'binary_macs <= 1e9']", "head": "seeds: [0]"}


@pytest.mark.parametrize(
    "changes",
    [
        {"search": "constraints: ['binary_macs <= 1e9', 'params <= 6e6']"},
        {"search": "constraints: ['params<=6000000', 'binary_macs <= 1e9']\nhours: 3"},
        {"search": BASE["search"] + "\nfirst: [{block.type: bottleneck}]"},
        {"search": BASE["search"] + "\nseed: 0\nsampler: tpe\nscheduler: none\nobjectives: [pckh]"},
        {"search": BASE["search"] + "\nsampler: {name: tpe}\nobjectives: [{metric: pckh, direction: maximise}]"},
        {"head": "title: Another title\nseeds: [0]\ntable: {siunitx: true}"},
        {"head": "base: {block.type: hierarchical}"},  # only first points would take it from there
        {"head": "base: {model.binary: true}"},  # the default
        {"space": "{block.depth: {int: [2, 5]}, block.type: [bottleneck, hierarchical]}"},
        {"space": "{block: {type: {choice: [bottleneck, hierarchical]}, depth: {int: [2, 5], log: false}}}"},
    ],
)
def test_searches_that_are_the_same(make_search, changes) -> None:
    assert make_search(**{**BASE, **changes}).identity == make_search(**BASE).identity


@pytest.mark.parametrize(
    "changes",
    [
        {"search": "constraints: ['params <= 7e6', 'binary_macs <= 1e9']"},
        {"search": "constraints: ['params < 6e6', 'binary_macs <= 1e9']"},
        {"search": "constraints: ['params <= 6e6']"},
        {"search": BASE["search"] + "\nseed: 1"},
        {"search": BASE["search"] + "\nsampler: random"},
        {"search": BASE["search"] + "\nsampler: {name: tpe, startup: 3}"},
        {"search": BASE["search"] + "\nscheduler: asha"},
        {"search": BASE["search"] + "\nobjectives: [pckh, params]"},
        {"search": BASE["search"] + "\nobjectives: [{metric: pckh, direction: minimise}]"},
        {"search": BASE["search"] + "\nbudget: {training.epochs: 3}"},
        {"head": "seeds: [1]"},
        {"head": "base: {model.relu: true}"},
        {"scale": "laptop"},
        {"sets": ("data.train_images=30",)},
        {"space": "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 6]}}"},
        {"space": "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 5], log: true}}"},
        {"space": "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 4], step: 2}}"},
        {"space": "{block.type: [bottleneck, hierarchical], block.depth: [2, 3, 4, 5]}"},
        {"space": "{block.type: [hierarchical, bottleneck], block.depth: {int: [2, 5]}}"},
        {"space": TYPES[:-1] + ", model.relu: bool}"},
        {"space": "{block.type: [bottleneck, hierarchical], block.depth: {int: [2, 5], if: {model.binary: true}}}"},
    ],
)
def test_searches_that_are_not(make_search, changes) -> None:
    assert make_search(**{**BASE, **changes}).identity != make_search(**BASE).identity


def test_other_searches_under_the_same_scheduler(make_search) -> None:
    plain = make_search(TYPES, "scheduler: asha").identity
    assert make_search(TYPES, "scheduler: {name: asha, metric: pckh, grace: 1, reduction: 3}").identity == plain
    assert make_search(TYPES, "scheduler: {name: asha, grace: 2}").identity != plain
    assert make_search(TYPES, "scheduler: hyperband").identity != plain


def test_the_base_of_a_conditional_dimension_is_part_of_the_search(make_search) -> None:
    pooling = "model.pooling: {choice: [max, average], if: {block.type: hierarchical}}"
    space = f"{{block.type: [bottleneck, hierarchical], {pooling}}}"
    average = make_search(space, head="base: {model.pooling: average}")
    assert make_search(space).identity != average.identity
    assert average.config({"block.type": "bottleneck"}).model.pooling == "average"


def test_a_relative_constraint_is_part_of_the_search_with_what_it_refers_to(make_search, write_study) -> None:
    search = "constraints: ['params <= 1 x other/deep']"
    write_study(OTHER, "other.yaml")
    before = make_search(TYPES, search).identity
    assert make_search(TYPES, "constraints: ['params <= 1 x other/wide']").identity != before
    write_study(OTHER.replace("id: deep,", "id: deep, label: Another label,"), "other.yaml")
    assert make_search(TYPES, search).identity == before
    write_study(OTHER.replace("block.depth: 5", "block.depth: 4"), "other.yaml")
    assert make_search(TYPES, search).identity != before


def test_a_training_code_version_is_part_of_the_search(make_search, monkeypatch) -> None:
    search = make_search(TYPES)
    before = search.identity
    monkeypatch.setattr("search_space.search.TRAINING_CODE_VERSION", 999)
    assert search.identity != before


def test_a_known_identity(make_search) -> None:
    """Guards storages: if this changes, every search that was begun would begin anew."""
    assert make_search(**BASE).identity == "54769990203c51fc9e92f9f782d8aec296576160e476fe5ee601393e01623913"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_keys_nor_the_number_of_trials_is_part_of_a_search(
    make_search, rng: random.Random
) -> None:
    dimensions = [
        "block.type: [bottleneck, hierarchical]",
        "block.depth: {int: [2, 5]}",
        "model.relu: bool",
        "model.activation: {choice: [relu, prelu], if: {model.relu: true, block.type: hierarchical}}",
        "training.learning_rate: {log: [1e-4, 1e-2]}",
    ]
    keys = ["seed: 3", "sampler: {name: tpe, startup: 4}", "objectives: [pckh, params]", "budget: {training.epochs: 2}"]
    before = make_search(f"{{{', '.join(dimensions)}}}", "\n".join(keys)).identity
    rng.shuffle(dimensions)
    rng.shuffle(keys)
    search = make_search(f"{{{', '.join(dimensions)}}}", "\n".join([*keys, f"hours: {rng.randint(1, 9)}"]))
    assert search.identity == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_point_survives_the_configuration_of_its_trial(make_search, seed: int) -> None:
    search = _made(make_search)
    point = search.space.random(random.Random(seed))
    assert search.space.point_of(flatten(search.config(point))) == point
    assert set(point) <= set(search.space.by_key)


_MADE: dict[str, object] = {}


def _made(make_search):
    if "search" not in _MADE:
        _MADE["search"] = make_search(
            "{block.type: [bottleneck, multi_scale, hierarchical], block.depth: {int: [2, 6]}, block.remove_1x1: bool,"
            " block.width: {float: [0.1, 1.0], step: 0.1}, model.relu: bool, model.activation: [relu, prelu],"
            " model.sign_gradient: [straight_through, polynomial, swish], model.sign_beta: {log: [1, 10]},"
            " training.optimiser: [rmsprop, sgd], training.momentum: {float: [0.5, 0.95]},"
            " level1.block.type: [null, bottleneck, hierarchical], level1.block.depth: [null, 2, 5],"
            " training.batch_size: {int: [4, 64], log: true}}"
        )
    return _MADE["search"]


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
