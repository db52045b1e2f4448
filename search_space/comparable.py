"""What keeps the figures of a search's points from being compared: other data, another measure, another loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from search_space.dimensions import Dimension
from search_space.keys import all_keys
from search_space.metrics import HEADLINE
from search_space.problems import Problem
from search_space.study import Study

Answer = TypeVar("Answer")

_ONE_SEARCH_EACH = "make one search for each data set, as with `--data lsp`"
_IN_BASE = "set it in the base, the same for every point"
_FIXED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "data.name": ("figures of different data sets cannot be compared", _ONE_SEARCH_EACH),
        "data.validation_images": ("figures of different validation images cannot be compared", _IN_BASE),
        "evaluation.": ("figures that are measured in different ways cannot be compared", _IN_BASE),
        "seed": (
            "points of different seeds differ by chance",
            "`hglab promote --seeds N` trains the best with N seeds",
        ),
    }
)
"""Keys, or with a dot how they begin, that are the same at every point: why, and what to do instead. The training
images, the resolution and the augmentation are not among them: what is measured of a point is the same with any."""

_OF_VALIDATION: Mapping[str, str] = MappingProxyType(
    {
        "loss.name": "losses of different kinds",
        "data.heatmap_sigma": "losses of different kinds, towards narrower and wider targets,",
        "data.resolution": "losses over heatmaps of different sizes",
    }
)
_CHANGES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "validation_loss": _OF_VALIDATION,
        "train_loss": {
            **_OF_VALIDATION,
            "loss.": "losses in which landmarks and pixels weigh differently",
            "distillation.": "losses with more and less of a teacher in them",
            "model.stacks": "sums of the losses of fewer and more stacks",
            "data.train_images": "losses over different images",
            "augmentation.": "losses over differently changed images",
        },
    }
)
"""Of each metric that is a loss: the keys, or how they begin, that change it, and what cannot be compared then. Weights
and teachers are no part of the loss in validation (`runners.evaluation`).
"""


def cannot_vary(key: str) -> tuple[str, str] | None:
    """Why a key may be no dimension of a search, and what to do instead; None for one that may."""
    known = key in all_keys() or key in ("seed", "seeds")  # of a misspelt key it is said elsewhere what is near
    found = _of("seed" if key == "seeds" else key, _FIXED) if known else None
    if found is None:
        return None
    why, instead = found
    return f"'{key}' cannot be a dimension: {why}", f"{instead}; `hglab keys` lists what else may vary"


def loss_problems(study: Study, dimensions: Sequence[Dimension]) -> Iterator[Problem]:
    """Losses that a search seeks or its scheduler goes by, beside dimensions that make others of them."""
    spec = study.spec.search
    assert spec is not None
    sought = [(each.metric, ("search", "objectives", index)) for index, each in enumerate(spec.objectives)]
    for metric, path in [*sought, (spec.scheduler.metric, ("search", "scheduler"))]:
        changes = _CHANGES.get(metric or "", {})
        for dimension in dimensions:
            losses = _of(dimension.key, changes)
            if losses is not None and dimension.size != 1:
                where = study.document.value_location((*path, "metric"))
                what = f"{losses} cannot be compared: '{metric}' is sought where '{dimension.key}' varies"
                yield Problem(where, what, f"use {HEADLINE}, or take '{dimension.key}' out of the space")


def _of(key: str, table: Mapping[str, Answer]) -> Answer | None:
    """What a table of keys and beginnings of keys says of a key."""
    begins = (start for start in table if key == start or (start.endswith(".") and key.startswith(start)))
    return next((table[start] for start in begins), None)
