"""Which searches are the same one, and that a point is found again in the configuration of its trial."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_space.keys import flatten
from tests.search_space.conftest import OTHER, TYPES

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
