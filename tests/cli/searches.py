"""Small searches for tests of verbs, and a storage with some of their points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runners.job import Places
from runners.search import storage as kept
from runners.search.opening import storage_url
from search_space import ExpandedSearch, expand_search, read_study
from tests.small import SMALL

SEARCH = """\
study: small_search
title: Which block is best?
base:
  {settings}
search:
  trials: 9
  {more}
  space:
    block.type: [bottleneck, multi_scale, hierarchical]
    block.depth: {{int: [2, 3]}}
    model.relu: bool
    model.activation: {{choice: [relu, prelu], if: {{model.relu: true}}}}
  first:
    - {{block.type: hierarchical, block.depth: 3}}
"""
SMALL_WIDER = {**SMALL, "model.features": 16}
"""The settings of `tests.small`, wide enough for every point of the search's space."""

ONE = "scheduler: {name: asha, grace: 1, reduction: 2}"
TWO = "objectives: [pckh, params]"


def write_search(folder: Path, more: str = ONE, name: str = "small_search") -> Path:
    """A study file that searches; `more` are further lines of its `search:`, separated by newlines."""
    settings = "\n  ".join(f"{key}: {value}" for key, value in SMALL_WIDER.items())
    path = folder / f"{name}.yaml"
    text = SEARCH.format(settings=settings, more=more.replace("\n", "\n  "))
    path.write_text(text.replace("study: small_search", f"study: {name}"))
    return path


def read(path: Path, scale: str = "tiny") -> ExpandedSearch:
    """The search of a file."""
    return expand_search(read_study(path), scale)


def point(search: ExpandedSearch, **values: Any) -> dict[str, Any]:
    """The point with these values, keys with `__` for dots; other dimensions take their first value."""
    chosen = {key.replace("__", "."): value for key, value in values.items()}
    return search.space.walk(lambda dimension: chosen.get(dimension.key, dimension.value(0)))


def fill(search: ExpandedSearch, runs: Path, told: Sequence[tuple[dict[str, Any], str, dict[str, Any]]]) -> str:
    """Put points into the storage below a folder of runs, as a launch leaves them, and give its URL.

    Each is a point, the state of Optuna's trial, and what hglab notes at it; the objectives are taken from its figures.
    """
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import TrialState, create_trial

    runs.mkdir(parents=True, exist_ok=True)
    url = storage_url(Places.below(runs))
    study = kept.create_study(search, url)
    assert not study.trials, "points are numbered from 0"
    for number, (values, state, noted) in enumerate(told):
        figures = noted.get(kept.FIGURES, {})
        study.add_trial(
            create_trial(
                state=TrialState[state],
                params=values,
                distributions={key: CategoricalDistribution(search.space.by_key[key].values()) for key in values},
                values=[figures[each.metric] for each in search.objectives] if state == "COMPLETE" else None,
                user_attrs={kept.POINT: values, kept.FINGERPRINT: f"{number:064x}", **noted},
            )
        )
    kept.beat(study, "launch", 1, 75.0)
    return url


def fill_all_states(search: ExpandedSearch, runs: Path) -> str:
    """Put a point in every state into the storage below a folder of runs, five complete ones among them."""
    hierarchical = point(search, block__type="hierarchical", block__depth=3)
    shallow = point(search, block__type="hierarchical")
    bottleneck, multi_scale = point(search), point(search, block__type="multi_scale")
    rectified = point(search, block__type="hierarchical", block__depth=3, model__relu=True)
    return fill(
        search,
        runs,
        [
            (hierarchical, "COMPLETE", {kept.FIGURES: _figures(35.24, 19_424), kept.EPOCHS: 3}),
            (bottleneck, "COMPLETE", {kept.FIGURES: _figures(41.0, 12_080), kept.STATUS: kept.RECORDED}),
            (multi_scale, "PRUNED", {kept.FIGURES: _figures(3.5, 13_400), kept.EPOCHS: 1}),
            (shallow, "FAIL", {kept.ERROR: "ValueError: [no] weights"}),
            (hierarchical, "COMPLETE", {kept.FIGURES: _figures(35.24, 19_424), kept.DUPLICATE_OF: 0, kept.EPOCHS: 3}),
            (shallow, "PRUNED", {kept.STATUS: kept.INFEASIBLE, kept.VIOLATIONS: {"params <= 900": 12.0}}),
            (point(search, block__type="hierarchical", model__relu=True), "RUNNING", {kept.LAUNCH: "me", "epochs": 2}),
            (point(search, block__type="multi_scale", model__relu=True), "RUNNING", {kept.LAUNCH: ""}),
            (rectified, "COMPLETE", {kept.FIGURES: _figures(38.0, 19_600), kept.EPOCHS: 3}),
            ({**rectified, "model.activation": "prelu"}, "COMPLETE", {kept.FIGURES: _figures(39.0, 19_700)}),
            (point(search, model__relu=True), "COMPLETE", {kept.FIGURES: _figures(12.5, 12_100), kept.EPOCHS: 3}),
        ],
    )


def _figures(pckh: float, params: float) -> dict[str, float]:
    return {"pckh": pckh, "params": params, "binary_macs": 30 * params, "real_macs": 317e3, "size_bytes": params}
