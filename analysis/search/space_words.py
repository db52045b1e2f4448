"""A search in words, before it has found anything: where its dimensions vary, what it seeks, how it goes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.search.words import metric_named

if TYPE_CHECKING:
    from search_space import ExpandedSearch, Objective
    from search_space.dimensions import Dimension


def where(search: ExpandedSearch, dimension: Dimension) -> list[str]:
    """Where a dimension varies, as `block.type is hierarchical`, as far as the search decides it; [] for everywhere."""
    from search_space.conditions import CONDITIONS, depends_on

    dimensions = set(search.space.by_key)
    found = [str(need) for need in dimension.needs]
    condition = next((each for each in CONDITIONS if each.key == dimension.key), None)
    if condition is not None and depends_on(dimension.key) & dimensions:
        others = {need.key for needs in condition.otherwise for need in needs}
        means = f"'{dimension.key}' means something only where "
        words = str(condition).removeprefix(means) if others & dimensions else str(condition.alternatives[0][0])
        found.append(words)
    return [text.replace("'", "") for text in dict.fromkeys(found)]


def aim(objective: Objective) -> str:
    """What is sought: `maximise PCKh`."""
    return f"{'maximise' if objective.direction == 'max' else 'minimise'} {metric_named(objective.metric).header}"


def sampler_words(search: ExpandedSearch) -> str:
    """What proposes points: `nsga2 (population 20), seed 0`."""
    options = search.sampler.model_dump(exclude_none=True)
    name = options.pop("name")
    told = ", ".join(f"{key} {value}" for key, value in options.items())
    return f"{name} ({told}), seed {search.seed}" if told else f"{name}, seed {search.seed}"


def scheduler_words(search: ExpandedSearch, epochs: int) -> str:
    """What stops trials early, of trials of so many epochs: `asha by PCKh: after 1 and 3 epochs the best 1/3 go on`."""
    from runners.search.halving import rungs

    spec = search.scheduler
    if spec.name == "none":
        return f"none, {_epochs(epochs)} for each trial"
    brackets = [" and ".join(map(str, each)) for each in rungs(search, epochs) if each]
    metric = metric_named(spec.metric or search.objectives[0].metric).header
    after = " or ".join(brackets)
    stops = f"after {after} of {_epochs(epochs)} the best 1/{spec.reduction:g} go on" if brackets else "stops none"
    return f"{spec.name} by {metric}: {stops}"


def _epochs(number: int) -> str:
    return f"{number} epoch{'' if number == 1 else 's'}"
