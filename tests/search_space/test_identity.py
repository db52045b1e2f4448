"""The fingerprint: what it holds, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space import TrialConfig, expand, fingerprint
from search_space.identity import canonical
from search_space.keys import all_keys, assemble, flatten

ANOTHER = {
    "block.type": "hierarchical",
    "block.width": 1.0,
    "block.remove_1x1": True,
    "model.binary": False,
    "model.features": 128,
    "model.width": 0.75,
    "model.stem_features": 32,
    "model.order": 3,
    "model.stacks": 2,
    "model.hourglass": "improved",
    "model.pooling": "average",
    "model.upsampling": "bilinear",
    "model.relu": True,
    "level0.block.type": "multi_scale",
    "level0.block.remove_1x1": True,
    "level0.block.width": 1.0,
    **{f"level{level}.width": 0.5 for level in range(1, 5)},
    **{f"level{level}.block.type": "hierarchical" for level in range(1, 5)},
    **{f"level{level}.block.remove_1x1": True for level in range(1, 5)},
    **{f"level{level}.block.width": 0.25 for level in range(1, 5)},
    "model.sign_gradient": "polynomial",
    "model.weight_scale": "learned",
    "model.shortcut_projection": "real",
    "data.name": "lsp",
    "data.resolution": 128,
    "data.train_images": 5,
    "data.validation_images": 5,
    "data.heatmap_sigma": 2.0,
    "loss.name": "l2",
    "loss.landmark_weight": 10.0,
    "loss.hard_pixels": 0.5,
    "augmentation.enabled": False,
    "augmentation.rotation": 30.0,
    "augmentation.scale_min": 0.8,
    "augmentation.scale_max": 1.2,
    "augmentation.flip": False,
    "training.epochs": 3,
    "training.batch_size": 4,
    "training.optimiser": "adam",
    "training.learning_rate": 1e-3,
    "training.schedule": "cosine",
    "training.final_learning_rate": 1e-5,
    "training.weight_decay": 0.1,
    "training.clip_weights": True,
    "training.precision": "bfloat16",
    "distillation.teacher": "teachers/real/0",
    "evaluation.flip_test": True,
}
DEEP = {"width": 0.5, "block.type": "multi_scale", "block.width": 1.0, "block.remove_1x1": True}
DEEP_HIERARCHICAL = {"model.order": 6, "block.type": "hierarchical"}
INACTIVE_BY_DEFAULT = {
    "block.depth": (5, {"block.type": "hierarchical"}),
    "block.cardinality": (2, {"block.type": "hierarchical"}),
    **{f"level{level}.block.depth": (5, {f"level{level}.block.type": "hierarchical"}) for level in range(5)},
    **{f"level{level}.block.cardinality": (2, {"block.type": "hierarchical"}) for level in range(5)},
    **{f"level{level}.{key}": (value, {"model.order": 6}) for level in (5, 6) for key, value in DEEP.items()},
    **{f"level{level}.block.{key}": (2, DEEP_HIERARCHICAL) for level in (5, 6) for key in ("depth", "cardinality")},
    "model.relu_first": (True, {"model.binary": False}),
    "model.activation": ("prelu", {"model.relu": True}),
    "model.sign_beta": (2.0, {"model.sign_gradient": "swish"}),
    "distillation.weight": (0.25, {"distillation.teacher": "teachers/real"}),
    "training.momentum": (0.5, {"training.optimiser": "sgd"}),
    "training.stacking": ("sequential", {"model.stacks": 2}),
    "training.joint_epochs": (7, {"model.stacks": 2, "training.stacking": "sequential"}),
}
"""A value, and where it means something."""


def identity(settings: Mapping[str, Any]) -> str:
    config = assemble(settings)
    return fingerprint(config, "d", config.distillation.teacher)  # a stand-in for the teacher's fingerprint


def test_the_tables_above_hold_every_key() -> None:
    assert set(ANOTHER) | set(INACTIVE_BY_DEFAULT) == set(all_keys())


@pytest.mark.parametrize("key", ANOTHER)
def test_every_active_key_changes_the_identity(key: str) -> None:
    assert identity({key: ANOTHER[key]}) != fingerprint(TrialConfig(), "d")


@pytest.mark.parametrize("key", INACTIVE_BY_DEFAULT)
def test_a_key_that_nothing_reads_does_not(key: str) -> None:
    value, active = INACTIVE_BY_DEFAULT[key]
    assert identity({key: value}) == fingerprint(TrialConfig(), "d")
    changed = {**active, key: value}
    assert identity(changed) != identity(active)


def test_seed_and_data_version_change_the_identity() -> None:
    prints = {
        fingerprint(TrialConfig(), "d"),
        fingerprint(TrialConfig(seed=1), "d"),
        fingerprint(TrialConfig(), "another"),
    }
    assert len(prints) == 3


def test_the_code_version_changes_the_identity(monkeypatch) -> None:
    before = fingerprint(TrialConfig(), "d")
    monkeypatch.setattr("search_space.identity.TRAINING_CODE_VERSION", 999)
    assert fingerprint(TrialConfig(), "d") != before


def test_labels_study_names_and_spelling_do_not(write_study) -> None:
    one = write_study(
        "study: one\nvariants: [{id: a, label: First, set: {block: {type: hierarchical}, training.weight_decay: 1}}]\n",
        "one.yaml",
    )
    two = write_study(
        "study: two\nbase: {training.weight_decay: 1.0}\nvariants: [{id: b, set: {block.type: hierarchical}}]\n",
        "two.yaml",
    )
    first, second = (expand(study, "tiny").trials[0].config for study in (one, two))
    assert fingerprint(first, "d") == fingerprint(second, "d")


def test_the_same_width_by_features_or_by_factor_is_one_trial() -> None:
    narrow = assemble({"model.features": 192})
    scaled = assemble({"model.features": 256, "model.width": 0.75})
    assert fingerprint(narrow, "d") == fingerprint(scaled, "d")


def test_a_known_fingerprint() -> None:
    """Guards the record: if this changes, every finished trial of every user would train again."""
    expected = "ebaf4307857b275bcab6907169d4d3af5b5741034ffa336ccb5fa070df34d09d"
    assert fingerprint(TrialConfig(), "synthetic-1") == expected


@pytest.mark.parametrize("optimiser", ["rmsprop", "sgd"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("gradient", ["straight_through", "swish"])
def test_later_keys_at_their_defaults_are_no_part_of_the_identity(optimiser, relu, gradient) -> None:
    settings = {"training.optimiser": optimiser, "model.relu": relu, "model.sign_gradient": gradient}
    content = canonical(assemble(settings), "d")
    for key in (
        "loss.landmark_weight",
        "loss.hard_pixels",
        "model.activation",
        "model.sign_beta",
        "model.weight_scale",
        "model.shortcut_projection",
        "training.momentum",
    ):
        assert key not in content
    assert ("model.sign_gradient" in content) == (gradient == "swish")


@given(st.data())
def test_settings_survive_flattening(data) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(ANOTHER)), max_size=6))
    config = assemble({key: ANOTHER[key] for key in chosen}, seed=7)
    assert assemble(flatten(config), seed=7) == config
