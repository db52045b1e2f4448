"""Designs and layers: what a study expands to."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_space import InputError, expand, read_overrides, read_study
from search_space.keys import flatten
from search_space.references import needed_files


def _ids(expanded) -> list[str]:
    return [variant.id for variant in expanded.variants]


def test_variants_keep_their_order_and_trials_run_seed_by_seed(write_study) -> None:
    text = "study: x\nseeds: [3, 1]\nvariants: [{id: a, label: A}, {id: b, set: {block.width: 1.0}}]\n"
    expanded = expand(write_study(text), "tiny")
    assert [(trial.variant.id, trial.seed, trial.config.seed) for trial in expanded.trials] == [
        ("a", 3, 3),
        ("b", 3, 3),
        ("a", 1, 1),
        ("b", 1, 1),
    ]
    assert [variant.label for variant in expanded.variants] == ["A", "b"]


def test_a_study_changes_a_scale(write_study) -> None:
    text = (
        "study: x\nbase: {training.batch_size: 3}\n"
        "scales: {tiny: {model.features: 64, training: {epochs: 2, batch_size: 9}}, laptop: {training.epochs: 4}}\n"
        "variants: [{id: a}]\n"
    )
    study = write_study(text)
    found = {scale: flatten(expand(study, scale).variants[0].config) for scale in ("tiny", "laptop", "paper")}
    assert [found[scale]["training.epochs"] for scale in found] == [2, 4, 100]
    assert [found[scale]["model.features"] for scale in found] == [64, 64, 256]
    assert {each["training.batch_size"] for each in found.values()} == {3}  # the base stands over it


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ("{tinny: {model.features: 64}}", r"study\.yaml:2:10: unknown scale 'tinny'; did you mean 'tiny'\?"),
        ("{tiny: {model.featurs: 64}}", r"unknown key 'model\.featurs'; did you mean 'model\.features'\?"),
        ("{laptop: {model.features: 2}}", r"study\.yaml:2:35: 'model\.features'"),
        ("{tiny: {block.depth: 2}}", r"'block\.depth' means something only where .* in no variant"),
        ("[tiny]", r"'scales'"),
    ],
)
def test_what_is_wrong_in_a_studys_scales(write_study, scales: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        expand(write_study(f"study: x\nscales: {scales}\nvariants: [{{id: a}}]\n"), "tiny")


def test_layers_lie_over_each_other(write_study) -> None:
    text = (
        "study: x\nbase: {training.epochs: 7, training.batch_size: 3}\n"
        "variants: [{id: a}, {id: b, set: {training.epochs: 9, model.stacks: 2}}]\n"
    )
    expanded = expand(write_study(text), "tiny", read_overrides(None, ("training.batch_size=5",)))
    first, second = (flatten(variant.config) for variant in expanded.variants)
    assert (first["training.epochs"], second["training.epochs"]) == (7, 9)  # base over scale, set over base
    assert first["training.batch_size"] == second["training.batch_size"] == 5  # the command line over everything
    assert first["data.resolution"] == 64  # the scale over the defaults
    assert first["training.optimiser"] == "rmsprop"  # a default


def test_one_factor_at_a_time(write_study) -> None:
    text = (
        "study: x\nbase: {block.type: hierarchical}\nbaseline: {id: final, label: Ours, paper: final}\n"
        "one_factor_at_a_time:\n"
        "  block.depth: [2, 4]\n"
        "  loss.name: [{value: l2, label: L2 loss, id: l2, paper: l2_loss}]\n"
    )
    expanded = expand(write_study(text))
    assert _ids(expanded) == ["final", "depth=2", "depth=4", "l2"]
    assert expanded.baseline is expanded.variants[0]
    assert expanded.variants[3].label == "L2 loss"
    assert expanded.variants[3].paper == "l2_loss"
    assert [variant.config.model.block.depth for variant in expanded.variants] == [3, 2, 4, 3]


def test_one_factor_at_a_time_refuses_the_value_of_the_base(write_study) -> None:
    text = "study: x\nbase: {block.type: hierarchical}\none_factor_at_a_time: {block.depth: [2, 3]}\n"
    with pytest.raises(InputError, match=r":3:41: 'depth=3' trains the same network as the baseline 'base'"):
        expand(write_study(text))


def test_leave_one_out(write_study) -> None:
    text = (
        "study: x\nbase: {block.type: hierarchical, augmentation.enabled: false}\n"
        "leave_one_out:\n  model.relu: true\n  "
        "augmentation.enabled: {value: true, label: no augmentation, id: no_aug}\n"
    )
    expanded = expand(write_study(text))
    assert _ids(expanded) == ["full", "without_relu", "no_aug"]
    switches = [(v.config.model.relu, v.config.augmentation.enabled) for v in expanded.variants]
    assert switches == [(True, True), (False, True), (True, False)]


def test_grid(write_study) -> None:
    text = (
        "study: x\nbase: {block.type: hierarchical}\nbaseline: depth=2,relu=false\n"
        "grid: {block.depth: [2, 4], model.relu: [false, true]}\n"
    )
    expanded = expand(write_study(text))
    assert _ids(expanded) == ["depth=2,relu=false", "depth=2,relu=true", "depth=4,relu=false", "depth=4,relu=true"]
    assert expanded.baseline is expanded.variants[0]


@settings(max_examples=30, deadline=None)
@given(
    depths=st.sets(st.integers(2, 8), min_size=1),
    cards=st.sets(st.sampled_from([1, 2, 4, 8]), min_size=1),
    seeds=st.lists(st.integers(0, 100), min_size=1, max_size=4, unique=True),
)
def test_a_grid_holds_every_combination_once(tmp_path_factory, depths, cards, seeds) -> None:
    path = tmp_path_factory.mktemp("grid") / "grid.yaml"
    path.write_text(
        f"study: grid\nseeds: {seeds}\nbase: {{block.type: hierarchical}}\n"
        f"grid: {{block.depth: {sorted(depths)}, block.cardinality: {sorted(cards)}}}\n"
    )
    expanded = expand(read_study(path))
    found = [
        (trial.config.model.block.depth, trial.config.model.block.cardinality, trial.seed) for trial in expanded.trials
    ]
    assert sorted(found) == sorted(itertools.product(depths, cards, seeds))


def test_a_variant_of_another_study_can_be_the_base(write_study) -> None:
    write_study(
        "study: other\nbase: {model.relu: true}\n"
        "variants: [{id: deep, set: {block.type: hierarchical, block.depth: 5}}]\n",
        "other.yaml",
    )
    text = "study: x\nfrom: other/deep\nvariants: [{id: a, baseline: true}, {id: b, set: {loss.name: l2}}]\n"
    expanded = expand(write_study(text))
    assert all(variant.config.model.block.depth == 5 and variant.config.model.relu for variant in expanded.variants)
    text = "study: x\nvariants: [{id: a}, {id: b, from: other/deep, set: {block.depth: 6}}]\n"
    a, b = expand(write_study(text)).variants
    assert (a.config.model.block.type, b.config.model.block.depth, b.config.model.relu) == ("bottleneck", 6, True)


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        ("othr/deep", "there is no study 'othr' beside this one; did you mean 'other'?"),
        ("other/dep", "the study 'other' has no variant 'dep'; did you mean 'deep'?"),
        ("../other/deep", "write STUDY/VARIANT"),
        ("x/a", "refers in a circle"),
    ],
)
def test_references_that_lead_nowhere(write_study, reference: str, what: str) -> None:
    write_study("study: other\nvariants: [{id: deep, set: {block.type: hierarchical}}]\n", "other.yaml")
    with pytest.raises(InputError) as raised:
        expand(write_study(f"study: x\nfrom: {reference}\nvariants: [{{id: a}}]\n", "x.yaml"))
    assert what in str(raised.value)


@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_every_study_of_the_project_expands_at_every_scale(scale: str, studies) -> None:
    assert studies, "the project has studies"
    for path in studies:
        expanded = expand(read_study(path), scale)
        assert expanded.study.name == path.stem
        assert len(expanded.trials) == len(expanded.variants) * len(expanded.study.spec.seeds)


def test_the_files_that_a_study_needs(tmp_path) -> None:
    base = "study: {name}\nvariants: [{{id: a, set: {{block.type: wider}}}}, {{id: b}}]\n"
    for name in ("first", "second", "unrelated"):
        (tmp_path / f"{name}.yaml").write_text(base.format(name=name))
    (tmp_path / "third.yaml").write_text("study: third\nfrom: first/a\nvariants: [{id: c}, {id: d, from: second/a}]\n")
    needed = needed_files(tmp_path / "third.yaml")
    assert sorted(file.stem for file in needed) == ["first", "second", "third"]
