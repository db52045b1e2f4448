"""A study with a record on disk: predictions beside runs, curves in the database, weights nowhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.figures.material import Material
from runners.job import Places
from runners.predictions import write_predictions

STUDY = """\
study: drawn
seeds: [0, 1]
variants:
  - {id: binary, label: "Binary", baseline: true}
  - {id: deep, label: "Deep", set: {block.type: hierarchical, block.depth: 4}}
  - {id: real, label: "Real", set: {model.binary: false}}
"""
IMAGES, JOINTS = 6, 16
MakeMaterial = Callable[..., Material]


def predictions_of(seed: int, spread: float = 1.0) -> tuple[np.ndarray, SimpleNamespace]:
    """Predictions and what a split has, of known errors: reproducible, the last joint of the first image unseen."""
    generator = np.random.default_rng(seed)
    target = generator.uniform(0, 100, (IMAGES, JOINTS, 2))
    predicted = target + generator.normal(0, 10 * spread, target.shape)
    visible = np.ones((IMAGES, JOINTS), dtype=bool)
    visible[0, 15] = False
    split = SimpleNamespace(
        image_points=target, crop_set=SimpleNamespace(visible=visible), head_size=np.full(IMAGES, 20.0)
    )
    return predicted, split


@pytest.fixture
def make_material(make_plan, record, tmp_path: Path) -> MakeMaterial:
    """Makes the material of a study: `states` by trial, `metrics` by trial, `curves` by trial and metric."""

    def make(
        text: str = STUDY,
        *,
        metrics: Mapping[str, Mapping[str, float]],
        states: Mapping[str, str] | None = None,
        curves: Mapping[tuple[str, str], Mapping[int, float]] | None = None,
        predicted: Mapping[str, int] | None = None,
        counts: Any = None,
        options: Mapping[str, Any] | None = None,
    ) -> Material:
        plan = make_plan(text, counts)
        runs = tmp_path / "runs"
        runs.mkdir(exist_ok=True)
        places = Places.below(runs)
        with closing(sqlite3.connect(runs / "mlflow.db")) as database, database:
            database.execute("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)")
            database.execute("CREATE TABLE metrics (run_uuid TEXT, key TEXT, step INT, value REAL, is_nan INT)")
            for trial in plan.trials:
                run = f"run-{trial.name}"
                (runs / run).mkdir(parents=True)
                database.execute("INSERT INTO runs VALUES (?, ?)", (run, (runs / run).as_uri()))
            for (name, metric), curve in (curves or {}).items():
                rows = [(f"run-{name}", metric, epoch, value, int(value != value)) for epoch, value in curve.items()]
                database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?)", rows)
        for name, seed in (predicted or {}).items():
            write_predictions(*predictions_of(seed), "synthetic-1", runs / f"run-{name}")
        recorded = [
            record(plan, name, (states or {}).get(name, "complete"), metrics=values, error=(
                "DivergedError: the loss is nan" if (states or {}).get(name) == "failed" else None
            ))
            for name, values in metrics.items()
        ]  # fmt: skip
        return Material(plan, recorded, places, options or {})

    return make
