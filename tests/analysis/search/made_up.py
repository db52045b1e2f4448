"""A search with everything in it, and made-up results: reproducible, with a block that is better the deeper it is."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blocks.count import count
from runners.job import Places
from runners.search import storage as kept
from runners.search.opening import storage_url
from runners.search.results import SearchedTrial, SearchResult
from search_space import expand_search, read_overrides, read_study
from search_space.dimensions import Dimension

BLOCKS = """\
study: blocks
title: Blocks
base: {loss.landmark_weight: 2.0}
seeds: [0, 1]
variants:
  - {id: bottleneck, label: "Bottleneck (original)", baseline: true}
  - {id: hierarchical, label: "Hierarchical & 100% binary", set: {block.type: hierarchical}}
  - {id: wider, label: Wider, set: {block.width: 1.0}}
"""
SEARCH = """\
study: found
title: Which block
base: {model.binary: true, loss.landmark_weight: 2.0}
seeds: [0]
search:
  trials: 40
  sampler: OBJECTIVES
  objectives: OBJECTIVES
  constraints: ["params <= 4.5e5"]
  budget: {training.epochs: 6}
  space:
    block.type: [bottleneck, multi_scale, hierarchical]
    block.depth: {int: [2, 6]}
    block.width: {float: [0.25, 1.0], step: 0.125}
    model.pooling: [max, average]
    model.relu: bool
    model.activation: {choice: [relu, prelu], if: {model.relu: true}}
    training.learning_rate: {log: [1e-4, 1e-1]}
  first:
    - {from: blocks/bottleneck, training.learning_rate: 0.02}
    - {block.type: hierarchical, block.depth: 3, training.learning_rate: 0.02}
"""
STATES = ("complete", "complete", "complete", "pruned", "complete", "failed", "complete", "complete")


def write_search(
    folder: Path,
    objectives: str = "[pckh, params]",
    text: str = SEARCH,
    changes: Mapping[str, str] | None = None,
) -> Path:
    """Write the search and the study that it refers to; give the search's file."""
    text = text.replace("sampler: OBJECTIVES", "sampler: tpe").replace("OBJECTIVES", objectives)
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    (folder / "blocks.yaml").write_text(BLOCKS, encoding="utf-8")
    path = folder / "found.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def made_up(
    path: Path, trials: int = 40, scale: str = "laptop", overrides: Sequence[str] = (), states: Sequence[str] = STATES
) -> SearchResult:
    """A result of the search in the file: first points, then random ones."""
    search = expand_search(read_study(path), scale, read_overrides(texts=tuple(overrides)))
    rng = random.Random(1)
    found = []
    for number in range(trials):
        point = search.first[number] if number < len(search.first) else search.space.random(rng)
        state = "complete" if number < len(search.first) else states[number % len(states)]
        found.append(_trial(search, number, point, state, rng))
    return SearchResult(search, tuple(found), "sqlite:///made-up.db", "found laptop 0123456789ab", 3600.0)


def _trial(search: Any, number: int, point: Mapping[str, Any], state: str, rng: random.Random) -> SearchedTrial:
    config = search.config(point)
    costs = count(config.model, config.data.resolution)
    figures = {"params": float(costs.params), "binary_macs": float(costs.binary_macs)}
    violations = {
        str(each): each.violation(figures[each.metric])
        for each in search.constraints
        if not each.holds(figures[each.metric])
    }
    epochs = {"complete": 6, "pruned": 2, "failed": 1}[state]
    if violations:
        state, epochs = "infeasible", 0
    else:
        off = math.log10(config.training.learning_rate / 0.01)
        worth = {"bottleneck": 35.0, "multi_scale": 39.0, "hierarchical": 37.0 + config.model.block.depth}
        pckh = worth[config.model.block.type] + 1.5 * config.model.relu - 4 * off * off + rng.gauss(0, 1)
        figures |= {"pckh": pckh * (1 if state == "complete" else 0.8), "validation_loss": 3 - pckh / 40}
    return SearchedTrial(
        number=number,
        state=state,  # type: ignore[arg-type]
        point=point,
        values=figures,
        epochs=epochs,
        fingerprint=f"{number:064x}",
        run_id=f"run{number}" if epochs else None,
        violations=violations or None,
        error="stopped" if state == "failed" else None,
    )


def store(result: SearchResult, places: Places) -> None:
    """Keep a result as an engine would have: in Optuna's database below the folder of runs."""
    import optuna

    study = kept.create_study(result.search, storage_url(places))
    states = optuna.trial.TrialState
    ends = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL, "infeasible": states.PRUNED}
    made = []
    for trial in result.trials:
        noted = {
            kept.POINT: dict(trial.point), kept.FIGURES: dict(trial.values), kept.EPOCHS: trial.epochs,
            kept.FINGERPRINT: trial.fingerprint, kept.RUN: trial.run_id,
            kept.VIOLATIONS: trial.violations, kept.STATUS: kept.INFEASIBLE if trial.violations else None,
            kept.ERROR: trial.error,
        }  # fmt: skip
        values = [trial.values[each.metric] for each in result.search.objectives] if trial.state == "complete" else None
        by_key = result.search.space.by_key
        frozen = optuna.trial.create_trial(
            state=ends[trial.state],
            values=values,
            params=dict(trial.point),
            distributions={key: _distribution(by_key[key]) for key in trial.point},
            user_attrs={key: value for key, value in noted.items() if value is not None},
        )
        made.append(frozen)
    study.add_trials(made)


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.kind == "choice":
        return CategoricalDistribution(dimension.choices)
    low, high = dimension.low, dimension.high
    if dimension.kind == "int":
        return IntDistribution(int(low), int(high), log=dimension.log, step=int(dimension.step or 1))
    return FloatDistribution(low, high, log=dimension.log, step=dimension.step)
