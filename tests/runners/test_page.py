"""The views that hglab gives to MLflow's page of an experiment."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from runners.record import names
from runners.record.page import LAUNCHES, TRIALS, VARIANTS, VIEW_TAG, experiment_views, page_address, varied_settings
from runners.record.recorded import RecordedTrial
from search_space.keys import all_keys

LONGEST_TAG = 5000  # of an experiment in MLflow


def _trial(**settings: Any) -> RecordedTrial:
    settings = {key.replace("__", "."): value for key, value in settings.items()}
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return RecordedTrial("run", "1", "study", "v", 0, "tiny", "fp", "complete", {}, settings, {}, moment)


@pytest.mark.parametrize(
    ("trials", "varied"),
    [
        ([], []),
        ([_trial(block__type="bottleneck")], []),
        ([_trial(block__type="bottleneck"), _trial(block__type="hierarchical")], ["block.type"]),
        ([_trial(block__width=0.5), _trial(block__depth=3)], []),  # each means nothing for the other
        (
            [_trial(model__binary=True, block__depth=3), _trial(model__binary=False, block__depth=4)],
            ["block.depth", "model.binary"],
        ),
        ([_trial(level1__width=0.5), _trial()], ["level1.width"]),  # that it is 1 is not recorded
    ],
)
def test_the_columns_are_what_varies(trials: list[RecordedTrial], varied: list[str]) -> None:
    assert varied_settings(trials) == varied
    shown = _state(experiment_views(trials)[VIEW_TAG + TRIALS])["selectedColumns"]
    assert [column for column in shown if column.startswith("params.")] == [
        *(f"params.`{key}`" for key in varied),
        "params.`seed`",
    ]


def _state(tag: str) -> dict[str, Any]:
    view = json.loads(tag)
    assert set(view) == {"name", "createdAt", "state"}
    return json.loads(view["state"])


def test_the_views() -> None:
    views = experiment_views([])
    states = {key: _state(views[VIEW_TAG + key]) for key in (VARIANTS, TRIALS, LAUNCHES)}
    assert len(views) == 3
    assert states[VARIANTS]["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": names.VARIANT}]
    assert all("groupBy" not in states[key] for key in (TRIALS, LAUNCHES))
    assert "searchFilter" not in states[LAUNCHES]  # MLflow folds trials below their launch
    assert states[TRIALS]["orderByKey"] == "metrics.`pckh`"
    assert states[TRIALS]["orderByAsc"] is False
    assert [chart["metricKey"] for chart in states[VARIANTS]["compareRunCharts"] if chart["type"] == "LINE"] == [
        "pckh",
        "validation_loss",
        "train_loss",
    ]


def test_a_view_fits_a_tag_however_much_varies() -> None:
    trials = [_trial(**dict.fromkeys(all_keys(), value)) for value in ("a", "b")]
    assert len(varied_settings(trials)) == len(all_keys())
    assert all(len(view) <= LONGEST_TAG for view in experiment_views(trials).values())


def test_the_address_of_a_page() -> None:
    assert page_address("http://h:1", "7") == (
        "http://h:1/#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=hglab-variants"
    )
    assert page_address("http://h:1", "7", None).endswith("/runs?workflowType=machine_learning")


def test_tags_to_group_by() -> None:
    settings = {"block.type": "hierarchical", "model.binary": True, "loss.name": "l2", "training.epochs": 3}
    assert names.grouping_tags("deep", 4, "tiny", settings) == {
        "block": "hierarchical",
        "binary": "true",
        "loss": "l2",
        "seed": "4",
        "scale": "tiny",
        "variant": "deep",
    }
