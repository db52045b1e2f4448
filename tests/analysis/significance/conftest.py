"""A record made by hand, of which some runs keep predictions, and what a comparison of it tells of a variant."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.compared import Significance
from runners.job import Places
from runners.planning import Plan
from runners.predictions import PREDICTIONS, Predictions
from runners.record.recorded import RecordedTrial
from tasks.metrics import pckh

STUDY = """
study: few
title: Few
seeds: [{seeds}]
variants:
  - {{id: base, label: Base, baseline: true}}
  - {{id: better, label: Better, set: {{block.width: 1.0}}}}
  - {{id: like, label: Like, set: {{block.width: 0.25}}}}
  - {{id: other, label: Other, set: {{block.type: hierarchical}}}}
"""
SPREAD = {"base": 0.60, "better": 0.40, "like": 0.60, "other": 0.9}
IMAGES = 120


def predictions(variant: str, seed: int, images: int = IMAGES, data: str = "synthetic-1") -> Predictions:
    """What a trial of this variant predicts: the same images for all, errors of its own."""
    truth = np.random.default_rng(0)
    target = truth.uniform(0, 200, (images, 16, 2)).astype(np.float32)
    visible = truth.random((images, 16)) < 0.9
    reference = truth.uniform(20, 40, images)
    own = np.random.default_rng([seed, *variant.encode()])
    noise = own.normal(0, SPREAD[variant] + 0.01 * own.normal(), target.shape) * reference[:, None, None]
    return Predictions((target + noise).astype(np.float32), target, visible, reference, data)


def figures(kept: Predictions) -> dict[str, float]:
    args = kept.predicted, kept.target, kept.reference, kept.visible
    report = pckh(*args)
    return {"pckh": report["total"], "pckh_mean14": report["mean14"], "seconds": 50.0 + report["total"] / 10}


class Kept:
    """A record of which only the place of each run's files is read: MLflow's table of runs."""

    def __init__(self, folder: Path) -> None:
        self.places = Places.below(folder)
        self.folder = folder / "files"
        folder.mkdir(exist_ok=True)
        with closing(sqlite3.connect(folder / "mlflow.db")) as connection, connection:
            connection.execute("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)")

    def keep(self, run: str, kept: Predictions | bytes | None) -> None:
        folder = self.folder / run.replace("/", "_")
        folder.mkdir(parents=True)
        with closing(sqlite3.connect(self.places.uri.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("INSERT INTO runs VALUES (?, ?)", [run, folder.as_uri()])
        if isinstance(kept, bytes):
            (folder / PREDICTIONS).write_bytes(kept)
        elif kept is not None:
            names = ("predicted", "target", "visible", "reference")
            arrays = {name: getattr(kept, name) for name in names}
            np.savez_compressed(folder / PREDICTIONS, **arrays, data_version=np.array(kept.data_version))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "runs")


@pytest.fixture
def complete(kept: Kept, make_plan: Any, record: Any) -> Callable[..., tuple[Plan, list[RecordedTrial]]]:
    """Makes a plan and a record in which every trial is complete and keeps its predictions, but for `instead`."""

    def make(
        seeds: str = "0, 1, 2", instead: Mapping[str, Predictions | bytes | None] | None = None
    ) -> tuple[Plan, list[RecordedTrial]]:
        plan = make_plan(STUDY.format(seeds=seeds))
        trials = []
        for trial in plan.trials:
            own = predictions(trial.variant.id, trial.seed)
            trials.append(record(plan, trial.name, metrics=figures(own)))
            kept.keep(f"run-{trial.name}", (instead or {}).get(trial.name, own))
        return plan, trials

    return make


def told(significance: Significance, variant: str) -> Any:
    return next(each for each in significance.compared if each.measured.variant == variant)
