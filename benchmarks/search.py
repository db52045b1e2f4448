"""Is a search worth its budget: TPE against random search and the paper's block, and ASHA against full training.

    .venv/bin/python benchmarks/search.py [--repeats N] [--trials N] [--folder DIR] [--at-once N] [--format json]

On synthetic figures at tiny scale. Every search looks through one space for the most accurate network that has no
more parameters than the paper's hierarchical block. Each repeat is three searches with a sampler seed of its own and
the same number of trials: random and tpe train every trial to its end, asha stops poor ones. What a search found is one
draw of a noisy figure, chosen for being high, so each winner is trained again with seeds that no search has seen,
beside the paper's block, and those figures are compared, paired by repeat.

The searches of a repeat run one after the other in one process, so that they repeat bit for bit; repeats run
`--at-once` at a time. Stopped, it goes on where it was with the same --folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EPOCHS = 9
SEEDS = (101, 102, 103)
"""Of the trials that count: those of the searches have seed 0."""
METHODS = ("random", "tpe", "asha")
PAPER = "paper"
BASE = {
    "data.train_images": 300,
    "data.validation_images": 200,
    "training.epochs": EPOCHS,
    "model.binary": "true",
    "block.type": "hierarchical",
}
SEARCH = """\
study: bench_{name}
base: {{{base}}}
search:
  trials: {trials}
  seed: {seed}
  sampler: {sampler}
  scheduler: {scheduler}
  constraints: ["params <= 1.0 x bench_paper/hierarchical"]
  space:
    block.type: [bottleneck, multi_scale, hierarchical]
    block.depth: {{int: [2, 4]}}
    block.width: {{float: [0.25, 1.0], step: 0.25}}
    block.remove_1x1: bool
    model.relu: bool
    model.activation: [relu, prelu]
    model.pooling: [max, average]
    model.sign_gradient: [straight_through, polynomial, swish]
    training.learning_rate: {{log: [1e-3, 1e-1]}}
"""
PAPER_STUDY = "study: bench_paper\nbase: {{{base}}}\nvariants:\n  - {{id: hierarchical, baseline: true}}\n"


@dataclass(frozen=True)
class Found:
    """What a search found: its best point, that point's PCKh there, and the epochs that the search has trained."""

    point: dict[str, Any]
    pckh: float
    epochs: int


def hglab(*words: object) -> None:
    """Run the command; ends the benchmark if it fails."""
    command = [sys.executable, "-c", "from cli.main import main; main()", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")


def search(folder: Path, method: str, seed: int, trials: int) -> Found:
    """Search with one method; ASHA keeps a record of its own, so that it is told nothing that another has trained."""
    from runners.job import Places
    from runners.search.results import read_search
    from search_space import expand_search, read_study

    study = folder / f"bench_{method}.yaml"
    sampler = "random" if method == "random" else "{name: tpe, startup: 8}"
    scheduler = "{name: asha, grace: 1, reduction: 3}" if method == "asha" else "none"
    text = SEARCH.format(
        name=method, base=written(BASE), trials=trials, seed=seed, sampler=sampler, scheduler=scheduler
    )
    study.write_text(text)
    runs = folder / ("asha" if method == "asha" else "full")
    hglab("search", study, "--scale", "tiny", "--executor", "inline", "--runs", runs)
    result = read_search(expand_search(read_study(study), "tiny"), Places.below(runs))
    assert result.best is not None
    own = [trial for trial in result.trials if trial.duplicate_of is None and trial.state in ("complete", "pruned")]
    return Found(dict(result.best.point), result.best.values["pckh"], sum(trial.epochs for trial in own))


def train_again(folder: Path, winners: dict[str, Found]) -> dict[str, list[float]]:
    """PCKh of the winners and the paper's block with new seeds, by method."""
    from runners.job import Places
    from runners.planning import plan_study
    from runners.record.chosen import choose_runs
    from runners.record.reading import read_trials
    from search_space import expand, read_study

    rows: dict[str, str] = {"{}": PAPER}  # two searches may have found the same
    names = {PAPER: PAPER}
    for method, found in winners.items():
        names[method] = rows.setdefault(f"{{{written(found.point)}}}", method)
    study = folder / "bench_again.yaml"
    listed = "\n".join(f"  - {{id: {name}, set: {settings}}}" for settings, name in rows.items())
    study.write_text(f"study: bench_again\nbase: {{{written(BASE)}}}\nseeds: {list(SEEDS)}\nvariants:\n{listed}\n")
    hglab("run", study, "--scale", "tiny", "--executor", "inline", "--runs", folder / "full")
    chosen = choose_runs(read_trials(Places.below(folder / "full").uri))
    figures: dict[str, list[float]] = {}
    for trial in plan_study(expand(read_study(study), "tiny")).trials:
        figures.setdefault(trial.variant.id, []).append(chosen[trial.fingerprint].metrics["pckh"])
    return {method: figures[row] for method, row in names.items()}


def repeat(folder: Path, seed: int, trials: int) -> dict[str, Any]:
    """One repeat: three searches, and their winners trained again."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench_paper.yaml").write_text(PAPER_STUDY.format(base=written(BASE)))
    winners = {method: search(folder, method, seed, trials) for method in METHODS}
    again = train_again(folder, winners)
    print(f"repeat {seed}: " + ", ".join(f"{name} {statistics.mean(again[name]):.1f}" for name in again), flush=True)
    return {
        "seed": seed,
        "searched": {method: {"pckh": each.pckh, "epochs": each.epochs} for method, each in winners.items()},
        "points": {method: each.point for method, each in winners.items()},
        "again": again,
    }


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95% interval of Student's t."""
    from scipy import stats

    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, float("-inf"), float("inf")
    half = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def summary(repeats: list[dict[str, Any]], trials: int) -> dict[str, Any]:
    """Differences over repeats with their intervals, and ASHA's share of epochs."""
    means = {name: [statistics.mean(each["again"][name]) for each in repeats] for name in (PAPER, *METHODS)}

    def difference(one: str, other: str) -> tuple[float, float, float]:
        return interval([a - b for a, b in zip(means[one], means[other], strict=True)])

    return {
        "means": {name: interval(values) for name, values in means.items()},
        "tpe - random": difference("tpe", "random"),
        "tpe - paper": difference("tpe", PAPER),
        "random - paper": difference("random", PAPER),
        "asha - random": difference("asha", "random"),
        "asha - paper": difference("asha", PAPER),
        "asha - tpe": difference("asha", "tpe"),
        "asha's share of epochs": interval(
            [100 * each["searched"]["asha"]["epochs"] / (trials * EPOCHS) for each in repeats]
        ),
    }


def written(settings: dict[str, Any]) -> str:
    """Settings inside a YAML mapping."""
    return ", ".join(f"{key}: {json.dumps(value).strip(chr(34))}" for key, value in settings.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trials", type=int, default=24, help="of each search")
    parser.add_argument("--folder", type=Path, default=Path("runs/search_benchmark"))
    parser.add_argument("--at-once", type=int, default=2, help="repeats at a time, one core each")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args()
    with ThreadPoolExecutor(given.at_once) as pool:
        folder = given.folder.resolve()
        repeats = list(pool.map(lambda seed: repeat(folder / str(seed), seed, given.trials), range(given.repeats)))
    found = summary(repeats, given.trials)
    if given.format == "json":
        print(json.dumps({"repeats": repeats, "summary": found}, indent=2))
        return
    print(f"PCKh of winners with {len(SEEDS)} new seeds, over {given.repeats} repeats of {given.trials} trials:")
    for name, (mean, low, high) in found.pop("means").items():
        print(f"  {name:10} {mean:6.2f}   95% [{low:.2f}, {high:.2f}]")
    for name, (mean, low, high) in found.items():
        print(f"{name:24} {mean:+7.2f}   95% [{low:+.2f}, {high:+.2f}]")


if __name__ == "__main__":
    main()
