"""From a search to a study of its best."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.search.promotion import Promotion, promote
from analysis.search.study_text import scalar, study_text
from runners.planning import plan_study
from runners.search.results import SearchResult
from search_space import ExpandedStudy, InputError, expand, read_overrides, read_study
from search_space.identity import canonical
from search_space.yaml_loader import load_text
from tests.analysis.search.made_up import made_up, write_search

Promoted = tuple[SearchResult, Promotion, ExpandedStudy]


def _promoted(path: Path, top: int = 3, beside: tuple[str, ...] = (), overrides: tuple[str, ...] = ()) -> Promoted:
    result = made_up(path, overrides=overrides)
    promotion = promote(result, top, beside)
    file = path.with_name("found_promoted.yaml")
    file.write_text(study_text(result, promotion, "found_promoted", str(file), 3), encoding="utf-8")
    return result, promotion, expand(read_study(file), "laptop", read_overrides())


@pytest.mark.parametrize("objectives", ["[pckh]", "[pckh, params]", "[params]"])
def test_the_study_expands_and_its_rows_are_the_points(tmp_path: Path, objectives: str) -> None:
    result, promotion, study = _promoted(write_search(tmp_path, objectives))
    assert [variant.id for variant in study.variants] == [row.id for row in promotion.rows]
    for row, variant in zip(promotion.rows, study.variants, strict=True):
        assert variant.config.model == row.config.model
        assert variant.config.loss == row.config.loss
        assert variant.config.training.learning_rate == row.config.training.learning_rate
        assert variant.config.training.epochs == 5  # of the scale: the search's budget of 6 does not hold
    assert study.study.spec.seeds == (0, 1, 2)
    assert [variant.baseline for variant in study.variants] == [True] + [False] * (len(study.variants) - 1)
    assert len({trial.fingerprint for trial in plan_study(study).trials}) == 3 * len(study.variants)
    assert result.search.budget == {"training.epochs": 6}


def test_rows_of_other_studies_keep_where_they_are_from(tmp_path: Path) -> None:
    _, promotion, study = _promoted(write_search(tmp_path), beside=("blocks/wider", "blocks/hierarchical"))
    specs = {spec.id: spec for spec in study.study.spec.variants or ()}
    assert specs["bottleneck"].from_ == "blocks/bottleneck"
    assert specs["bottleneck"].set == {"training.learning_rate": 0.02}
    assert specs["bottleneck"].label == "Bottleneck (original), learning rate 0.02"
    assert specs["wider"].from_ == "blocks/wider"
    assert specs["hierarchical"].label == "Hierarchical & 100% binary"
    assert [row.id for row in promotion.given] == ["bottleneck", "hierarchical", "wider"]  # p1 is the hierarchical one
    assert promotion.given[1].trial is not None
    assert promotion.given[1].trial.name == "p1"


def test_a_winner_that_was_given_first_is_there_once(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path, "[pckh]"), trials=2)
    promotion = promote(result, 2)
    assert promotion.found == ()
    assert {row.rank for row in promotion.given} == {1, 2}


def test_a_row_beside_that_is_a_first_point_is_there_once(tmp_path: Path) -> None:
    changes = {"{from: blocks/bottleneck, training.learning_rate: 0.02}": "{from: blocks/bottleneck}"}
    result = made_up(write_search(tmp_path, changes=changes))
    assert [row.id for row in promote(result, 1, ("blocks/bottleneck",)).given] == ["bottleneck", "p1"]


def test_of_a_front_those_far_apart_are_chosen(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    chosen = [row.trial for row in promote(result, 2).found]
    assert chosen == [result.front[0], result.front[-1]]


def test_without_anything_to_compare_with_there_is_no_difference(tmp_path: Path) -> None:
    path = write_search(tmp_path, "[pckh]")
    text = path.read_text()
    path.write_text(text[: text.index("  first:")])
    _, promotion, study = _promoted(path)
    assert promotion.given == ()
    assert study.baseline is None
    assert "delta" not in str(study.study.document.data["table"])


@pytest.mark.parametrize(
    ("top", "trials", "said"),
    [
        (0, 40, "promotes nothing"),
        (3, 0, "no trial is complete yet"),
        (3, 2, "complete are only 2 trials"),
        (100, 40, "--top 31 promotes all of them"),
    ],
)
def test_too_many_are_refused(tmp_path: Path, top: int, trials: int, said: str) -> None:
    result = made_up(write_search(tmp_path, "[pckh]"), trials)
    with pytest.raises(InputError) as raised:
        promote(result, top)
    assert said.replace("31", str(len(result.complete))) in str(raised.value)


@pytest.mark.parametrize("reference", ["blocks/wide", "block/wider", "wider"])
def test_a_row_beside_that_is_not_there(tmp_path: Path, reference: str) -> None:
    result = made_up(write_search(tmp_path))
    with pytest.raises(InputError, match=f"--beside {reference}"):
        promote(result, 1, (reference,))


def test_the_base_is_kept_but_for_what_means_nothing(tmp_path: Path) -> None:
    """A base may hold the depth for points of a block that no promoted row has."""
    changes = {"loss.landmark_weight: 2.0": "block.depth: 4, loss.landmark_weight: 2.0"}
    path = write_search(tmp_path, "[pckh]", changes=changes)
    text = path.read_text()
    text = text[: text.index("    - {block.type: hierarchical, block.depth: 3")]
    path.write_text(text.replace("[bottleneck, multi_scale, hierarchical]", "[bottleneck, multi_scale]")
                    .replace("    block.depth: {int: [2, 6]}\n", "").replace("block.depth: 4, ", ""))  # fmt: skip
    _, _, study = _promoted(path)
    assert study.study.spec.base == {"model.binary": True, "loss.landmark_weight": 2.0}


def test_what_the_command_line_said_is_kept_but_for_costs(tmp_path: Path) -> None:
    overrides = ("data.train_images=50", "loss.name=l2", "training.epochs=6")
    result, promotion, study = _promoted(write_search(tmp_path), overrides=overrides)
    assert study.study.spec.base["loss.name"] == "l2"
    assert "data.train_images" not in study.study.spec.base
    text = study_text(result, promotion, "found_promoted", "x.yaml", 3)
    left_out = "left out here, for the full budget: training.epochs = 6, data.train_images = 50"
    assert left_out in " ".join(text.replace("# ", "").split())
    assert "#   hglab run x.yaml --scale laptop\n" in text


def test_the_text_is_stable_and_says_where_it_is_from(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    promotion = promote(result, 2)
    text = study_text(result, promotion, "best", "best.yaml", 1)
    assert text == study_text(result, promotion, "best", "best.yaml", 1)
    head = text.partition("study:")[0]
    assert "of the search 'found'" in head
    assert "left out here, for the full budget: training.epochs = 6" in head
    assert "one seed" in head
    assert all(len(line) <= 160 for line in head.splitlines())


def test_points_that_train_the_same_stand_once(tmp_path: Path) -> None:
    promotion = promote(made_up(write_search(tmp_path)), 3, ("blocks/bottleneck", "blocks/wider"))
    identities = [canonical(row.config, "") for row in promotion.rows]
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize(
    "value", ["a", "no", "1e-4", "", "a: b", 'a "b"', True, None, 1e-05, 0.1, 3, -2.5, "é#x", "true"]
)
def test_scalars_are_read_back(value: object) -> None:
    assert load_text(f"key: {scalar(value)}\nflow: {{key: {scalar(value)}}}", "x").data == {
        "key": value,
        "flow": {"key": value},
    }


@pytest.mark.parametrize(("budget", "flatters"), [("budget: {training.epochs: 6}", False), ("budget: {}", True)])
def test_a_seed_by_which_rows_were_chosen_is_named(tmp_path: Path, budget: str, flatters: bool) -> None:
    path = write_search(tmp_path, "[pckh]", changes={"budget: {training.epochs: 6}": budget})
    result = made_up(path)
    text = study_text(result, promote(result, 1), "best", "best.yaml", 2)
    assert ("it flatters them" in text) is flatters
