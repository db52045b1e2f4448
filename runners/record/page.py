"""How MLflow's page of an experiment shows a study: views of it, kept as tags of the experiment.

MLflow keeps a view that somebody saved under `Views` in a tag of the experiment: columns, order, filter, groups and
charts as its page serialises them (MLflow 3.17, `SavedViewEnvelope` and `ExperimentPageUIState` of its source). hglab
writes its own views the same way, so that a page opens with what a study is about instead of no column at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runners.record import names
from runners.record.recorded import RecordedTrial
from search_space.identity import LATER_KEYS
from search_space.keys import all_keys, defaults
from search_space.metrics import HEADLINE, METRICS

VIEW_TAG = "mlflow.sharedViewState."
"""What the tag of a view begins with; the view's key follows."""

VARIANTS = "hglab-variants"
"""The view to begin with: trials below their variant, means on top, the best first."""

TRIALS = "hglab-trials"
LAUNCHES = "hglab-launches"

_OF_MODELS = "workflowType=machine_learning"  # else MLflow opens its pages for language models
_FIGURES = ("pckh", "validation_loss", "train_loss", "params", "size_bytes", "seconds")
_CURVES = ("pckh", "validation_loss", "train_loss")
_AS_MEASURED: Mapping[str, Any] = {"xAxisKey": "step", "lineSmoothness": 0}  # the steps are epochs
_COLUMN_WIDTH = 110
_MOST_SETTINGS = 6  # columns; more would push the figures out of sight
_EPOCH = 1_700_000_000_000  # when the view was made, in milliseconds: fixed, so that writing it again changes nothing
_MODEL_METRICS, _SYSTEM_METRICS = "Model metrics", "System metrics"  # MLflow's own sections of charts


def experiment_views(trials: Sequence[RecordedTrial]) -> dict[str, str]:
    """The tags that give an experiment's page its views, by the tag's name.

    Args:
        trials: the trials that the experiment shows, those of other studies among them.
    """
    only_trials = f"tags.`{names.KIND}` != '{names.LAUNCH_KIND}'"
    shared = {**_columns(trials), **_charts(), "runsHiddenMode": "SHOW_ALL"}
    by_variant = {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": names.VARIANT}]}
    best = {"orderByKey": _column("metrics", HEADLINE), "orderByAsc": METRICS[HEADLINE].better == "min"}
    views = {
        VARIANTS: ("Variants", {**shared, **best, "searchFilter": only_trials, "groupBy": by_variant}),
        TRIALS: ("Trials", {**shared, **best, "searchFilter": only_trials}),
        LAUNCHES: ("Launches", {**shared, "orderByKey": "attributes.start_time", "orderByAsc": False}),
    }
    return {VIEW_TAG + key: _envelope(name, state) for key, (name, state) in views.items()}


def page_address(base: str, experiment_id: str, view: str | None = VARIANTS) -> str:
    """The address of an experiment's page in one of its views."""
    page = f"{base}/#/experiments/{experiment_id}/runs?{_OF_MODELS}"
    return page if view is None else f"{page}&viewStateShareKey={view}"


def run_address(base: str, experiment_id: str, run_id: str) -> str:
    """The address of a run's page."""
    return f"{base}/#/experiments/{experiment_id}/runs/{run_id}?{_OF_MODELS}"


def _envelope(name: str, state: Mapping[str, Any]) -> str:
    compact = (",", ":")  # a tag holds 5,000 characters
    state_text = json.dumps(state, separators=compact)
    return json.dumps({"name": name, "createdAt": _EPOCH, "state": state_text}, separators=compact)


def _columns(trials: Sequence[RecordedTrial]) -> dict[str, Any]:
    """The headline, what varies, the seed, the other figures, the state; narrow enough to be seen together."""
    settings = [_column("params", key) for key in (*varied_settings(trials)[:_MOST_SETTINGS], "seed")]
    first, *figures = (_column("metrics", name) for name in _FIGURES)
    chosen = [first, *settings, *figures, _column("tags", names.STATE)]
    return {
        "selectedColumns": chosen,
        "columnOrder": chosen,
        "columnWidths": dict.fromkeys(chosen, _COLUMN_WIDTH),
    }


def varied_settings(trials: Sequence[RecordedTrial]) -> list[str]:
    """The settings that these trials give different values, in the order of the configuration; the seed is left out.

    A setting that means something for some of them only, and is the same for those, is not one. One that hglab has
    learnt later (`LATER_KEYS`) is recorded only where it is not at its default.
    """
    seen: dict[str, set[str]] = {}
    for key in all_keys():
        seen[key] = {json.dumps(trial.settings[key]) for trial in trials if key in trial.settings}
        if seen[key] and key in LATER_KEYS and any(key not in trial.settings for trial in trials):
            seen[key].add(json.dumps(defaults()[key]))
    return [key for key, values in seen.items() if len(values) > 1]


def _charts() -> dict[str, Any]:
    """Learning curves by epoch first, then accuracy against what the network costs; MLflow adds the other metrics."""
    curves = [
        {**_card("LINE", f"curve-{name}"), "metricKey": name, "selectedMetricKeys": [name], **_AS_MEASURED}
        for name in _CURVES
    ]
    costs = [
        {
            **_card("SCATTER", f"cost-{name}"),
            "xaxis": {"key": name, "type": "METRIC"},
            "yaxis": {"key": HEADLINE, "type": "METRIC"},
        }
        for name in ("params", "size_bytes")
    ]
    sections = [("hglab", "Learning curves and costs"), ("model", _MODEL_METRICS), ("system", _SYSTEM_METRICS)]
    return {
        "compareRunCharts": [*curves, *costs],
        "compareRunSections": [
            {"uuid": f"hglab-section-{key}", "name": name, "display": key != "system", "isReordered": True}
            for key, name in sections
        ],
        "isAccordionReordered": True,
        "globalLineChartConfig": {**_AS_MEASURED, "selectedXAxisMetricKey": ""},
    }


def _card(kind: str, key: str) -> dict[str, Any]:
    return {
        "uuid": f"hglab-{key}",
        "type": kind,
        "metricSectionId": "hglab-section-hglab",
        "runsCountToCompare": 100,
        "deleted": False,
        "isGenerated": False,
    }


def _column(kind: str, name: str) -> str:
    """The name by which MLflow's page knows a column."""
    return f"{kind}.`{name}`"
