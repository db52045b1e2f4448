"""How a search stands, in a sentence or two: what was proposed, what became of it, under which conditions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analysis.search.states import ended, in_words
from runners.search.results import SearchState, counts
from search_space import Problem
from search_space.keys import show_value

if TYPE_CHECKING:
    from runners.search.results import SearchResult

_TOLD: tuple[SearchState, ...] = ("complete", "pruned", "failed", "running", "interrupted")


def tally(result: SearchResult) -> str:
    """What became of the points: `40 trials: 28 complete, 12 stopped early. Left out untrained: 5 points.`"""
    counted = [trial for trial in result.trials if counts(trial)]
    states = Counter(trial.state for trial in counted)
    said = ", ".join(f"{states[state]} {in_words(state)}" for state in _TOLD if states[state])
    one = "trial" if len(counted) == 1 else "trials"
    parts = [f"{len(counted)} {one}: {said}." if said else "No trial has begun."]
    reused = sum(trial.reused for trial in counted)
    if reused:
        parts.append(f"Taken from the record, trained before: {reused}.")
    rejected = sum(trial.state == "infeasible" for trial in result.trials)
    if rejected:
        parts.append(f"Left out untrained: {rejected} {'point' if rejected == 1 else 'points'}{_why(result)}.")
    return " ".join(parts)


def _why(result: SearchResult) -> str:
    """Why points were left out: how many break which constraint, those that break several with each."""
    rejected = [trial for trial in result.trials if trial.state == "infeasible"]
    broken = Counter(text for trial in rejected for text in trial.violations or {})
    said = [f"{count} {'breaks' if count == 1 else 'break'} {text}" for text, count in broken.most_common()]
    unbuilt = sum(not trial.violations for trial in rejected)
    if unbuilt:
        said.append(f"{unbuilt} cannot be built")
    return f" ({'; '.join(said)})" if said else ""


def nothing_fits(result: SearchResult) -> Problem | None:
    """Which constraint keeps a search from training anything, and how near a point came; None where something trained.

    For constraints that only the search itself could judge: the latency is measured point by point.
    """
    rejected = [trial for trial in result.trials if trial.state == "infeasible" and trial.violations]
    if not rejected or any(trial.state != "infeasible" for trial in result.trials):
        return None
    broken = Counter(text for trial in rejected for text in trial.violations or {})
    text, often = broken.most_common(1)[0]
    constraint = next(each for each in result.search.constraints if text.startswith(str(each)))
    breaking = [trial for trial in rejected if text in (trial.violations or {})]
    nearest = min(breaking, key=lambda trial: (trial.violations or {})[text])
    what = f"{often} of the {len(result.trials)} points that were proposed break '{text}'"
    figure = nearest.values.get(constraint.metric)
    if figure is not None:
        what += f"; the nearest has {figure:.4g}: {result.search.label(nearest.point)}"
    return Problem(constraint.location, what, "loosen the bound, or widen the space")


def setting(result: SearchResult) -> str:
    """Under which conditions the trials trained: scale, data, epochs, seed, sampler."""
    search = result.search
    settings = search.settings
    resolution = settings["data.resolution"]
    said = f"Scale {search.scale}; data set {settings['data.name']} ({resolution} px)"
    overrides = {key: value for key, value in search.overrides.items() if key != "data.name"}
    if overrides:
        said += "; with " + ", ".join(f"{key} = {show_value(value)}" for key, value in overrides.items())
    return f"{said}; one seed ({search.trial_seed}). Sampler: {search.sampler.name}, seed {search.seed}."


def search_on(result: SearchResult) -> str:
    """How to find more: by going on, or by more trials where all that were asked for have ended."""
    command = f"hglab search {result.search.study.path}"
    if ended(result) < result.search.trials:
        return f"search on: `{command}`"
    return f"search on, with more trials: `{command} --trials {2 * max(ended(result), result.search.trials)}`"


def caution(result: SearchResult) -> str:
    """What keeps a reader from quoting a search. Trials that were stopped early lost the comparison, too."""
    compared = sum(counts(trial) and trial.state in ("complete", "pruned") for trial in result.trials)
    return (
        f"Values of a search: one seed, chosen among {compared}, and so too good by chance: "
        "promote before quoting (`hglab promote`)."
    )
