"""Small searches for tests of verbs, and a storage with some of their points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runners.job import Places
from runners.search import storage as kept
from search_space import ExpandedSearch, expand_search, read_study
from tests.small import SMALL

SEARCH = """\
study: small_search
title: Which block is best?
base:
  {settings}
search:
  trials: 6
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
    from optuna.trial import TrialState, create_trial

    runs.mkdir(parents=True, exist_ok=True)
    url = kept.storage_url(Places.below(runs))
    study = kept.create_study(search, url)
    for number, (values, state, noted) in enumerate(told):
        figures = noted.get(kept.FIGURES, {})
        study.add_trial(
            create_trial(
                state=TrialState[state],
                values=[figures[each.metric] for each in search.objectives] if state == "COMPLETE" else None,
                user_attrs={kept.NAME: f"p{number}", kept.POINT: values, kept.FINGERPRINT: f"{number:064x}", **noted},
            )
        )
    kept.beat(study, "launch", 1, 75.0)
    return url
