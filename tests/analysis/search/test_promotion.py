"""From a search to a study of its best."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.search.promotion import Promotion, cautions, promote, promoted_seeds
from analysis.search.study_text import scalar, study_text
from runners.planning import plan_study
from runners.search.results import SearchResult
from search_space import ExpandedStudy, InputError, expand, read_overrides, read_study
from search_space.identity import canonical
from search_space.yaml_loader import load_text
from tests.analysis.search.made_up import made_up, write_search

SEEDS = (0, 1, 2)

Promoted = tuple[SearchResult, Promotion, ExpandedStudy]


def _promoted(path: Path, top: int = 3, beside: tuple[str, ...] = (), overrides: tuple[str, ...] = ()) -> Promoted:
    result = made_up(path, overrides=overrides)
    promotion = promote(result, top, beside)
    file = path.with_name("found_promoted.yaml")
    file.write_text(study_text(result, promotion, "found_promoted", str(file), SEEDS), encoding="utf-8")
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
    text = study_text(result, promotion, "found_promoted", "x.yaml", SEEDS)
    left_out = "left out here, for the full budget: training.epochs = 6, data.train_images = 50"
    assert left_out in " ".join(text.replace("# ", "").split())
    assert "#   hglab run x.yaml --scale laptop\n" in text


def test_the_text_is_stable_and_says_where_it_is_from(tmp_path: Path) -> None:
    result = made_up(write_search(tmp_path))
    promotion = promote(result, 2)
    text = study_text(result, promotion, "best", "best.yaml", (0,))
    assert text == study_text(result, promotion, "best", "best.yaml", (0,))
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


@pytest.mark.parametrize(
    ("changes", "overrides", "seed", "seeds"),
    [
        ({"budget: {training.epochs: 6}": "budget: {}"}, (), 0, (1, 2, 3)),
        ({"budget: {training.epochs: 6}": "budget: {}"}, ("loss.name=l2",), 0, (1, 2, 3)),
        ({"budget: {training.epochs: 6}": "budget: {training.epochs: 5}"}, (), 0, (1, 2, 3)),  # the scale's own
        ({"budget: {training.epochs: 6}": "budget: {}"}, ("training.epochs=6",), 0, (0, 1, 2)),
        ({}, (), 0, (0, 1, 2)),
        ({"budget: {training.epochs: 6}": "budget: {}", "seeds: [0]": "seeds: [1]"}, (), 1, (2, 3, 4)),
        ({"budget: {training.epochs: 6}": "budget: {}", "seeds: [0]": "seeds: [7]"}, (), 7, (0, 1, 2)),
    ],
)
def test_no_row_has_the_trial_that_it_was_chosen_by(
    tmp_path: Path, changes: dict[str, str], overrides: tuple[str, ...], seed: int, seeds: tuple[int, ...]
) -> None:
    """Its value was the best of many draws; only a cheaper search leaves it out by itself."""
    result, promotion, study = _promoted(write_search(tmp_path, "[pckh]", changes=changes), overrides=overrides)
    assert result.search.trial_seed == seed
    assert promoted_seeds(promotion, study, result.search, 3) == seeds
    text = " ".join(study_text(result, promotion, "best", "best.yaml", seeds).replace("# ", "").split())
    assert f"seeds: [{', '.join(map(str, seeds))}]" in text
    why = f"Seeds begin at {seeds[0]}: nothing made the search cheaper, so seed {seed} would be its own trials again"
    assert (why in text) is (seeds[0] > seed)


def _left_out(result: SearchResult, *numbers: int, unbuilt: bool = False) -> SearchResult:
    broken = None if unbuilt else {"params <= 4.5e5": 0.1}
    trials = tuple(
        replace(trial, state="infeasible", epochs=0, violations=broken) if trial.number in numbers else trial
        for trial in result.trials
    )
    return replace(result, trials=trials)


def test_a_first_point_that_was_left_out_is_no_baseline(tmp_path: Path) -> None:
    result = _left_out(made_up(write_search(tmp_path)), 0)
    promotion = promote(result, 2)
    assert [row.id for row in promotion.given] == ["bottleneck", "p1"]
    assert promotion.baseline == promotion.given[1]
    text = study_text(result, promotion, "best", "best.yaml", SEEDS)
    rows = load_text(text, "best.yaml").data["variants"]
    assert [row["id"] for row in rows if row.get("baseline")] == ["p1"]
    said = [
        "'Bottleneck (original), learning rate 0.02' was left out by the search, it breaks params <= 4.5e5: it is "
        "here to compare with.",
        f"The baseline is '{promotion.given[1].label}'.",
    ]
    assert cautions(promotion) == said
    assert " ".join(said) in " ".join(text.replace("# ", "").split())
    assert "p0 of the search (left out)" in text


def test_where_all_first_points_were_left_out_the_first_stays_the_baseline(tmp_path: Path) -> None:
    promotion = promote(_left_out(made_up(write_search(tmp_path)), 0, 1), 2, ("blocks/wider",))
    assert promotion.baseline == promotion.given[0]
    said = "The search trained none of its first points, so 'Bottleneck (original), learning rate 0.02' stays the"
    assert cautions(promotion)[-1] == f"{said} baseline."


def test_a_first_point_that_cannot_be_built_is_no_row(tmp_path: Path) -> None:
    promotion = promote(_left_out(made_up(write_search(tmp_path)), 0, unbuilt=True), 2)
    assert [row.id for row in promotion.given] == ["p1"]
    assert cautions(promotion)[0].startswith("'Bottleneck (original), learning rate 0.02' is no row: its network")
    assert promotion.baseline == promotion.given[0]


def test_nothing_is_amiss_with_first_points_that_were_trained(tmp_path: Path) -> None:
    promotion = promote(made_up(write_search(tmp_path)), 2)
    assert cautions(promotion) == []
    assert promotion.baseline == promotion.given[0]


@pytest.mark.parametrize(("trials", "chosen"), [(1, 1), (2, 2), (40, 3)])
def test_three_are_chosen_or_as_many_as_there_are(tmp_path: Path, trials: int, chosen: int) -> None:
    promotion = promote(made_up(write_search(tmp_path, "[pckh]"), trials), None)
    assert sum(row.rank is not None for row in promotion.rows) == chosen


@pytest.mark.parametrize(
    ("ended", "hint"),
    [(3, "search on: `hglab search {path}`"), (40, "search on, with more trials: `hglab search {path} --trials 80`")],
)
def test_where_nothing_is_complete_it_says_how_to_go_on(tmp_path: Path, ended: int, hint: str) -> None:
    path = write_search(tmp_path, "[pckh]")
    made = made_up(path, ended)
    stopped = tuple(replace(trial, state="pruned", violations=None) for trial in made.trials)
    with pytest.raises(InputError) as raised:
        promote(replace(made, trials=stopped), None)
    assert str(raised.value).endswith(f"{ended} stopped early; {hint.format(path=path)}")


def test_given_and_found_are_described_by_the_same_dimensions(tmp_path: Path) -> None:
    """A baseline in full beside a row that says one switch would look like two different things."""
    path = write_search(tmp_path, "[pckh]")
    text = path.read_text()
    first = "    - {block.type: hierarchical, block.depth: 3, model.relu: true, training.learning_rate: 0.02}\n"
    path.write_text(text[: text.index("    - {from: blocks/bottleneck")] + first)
    made = made_up(path, 1)
    (given,) = made.trials
    off = {key: value for key, value in given.point.items() if key != "model.activation"}
    found = replace(given, number=1, point={**off, "model.relu": False}, values={**given.values, "pckh": 99.0})
    promotion = promote(replace(made, trials=(given, found)), 1)
    assert [row.label for row in promotion.rows] == ["relu, relu activation", "no relu"]
