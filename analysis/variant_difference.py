"""What two variants differ in: their configurations, their networks, and what came out of their trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.results import MISSING, SeedResult, VariantResults
from analysis.statistics import Comparison, Summary, difference, summarise
from runners.record.chosen import choose_runs
from search_space.conditions import active_settings, unmet
from search_space.keys import all_keys, flatten
from search_space.metrics import HEADLINE, METRICS, Metric
from search_space.table_spec import DeltaColumn, MetricColumn, RatioColumn

if TYPE_CHECKING:
    from blocks.count import Counts
    from runners.planning import Plan
    from runners.record.recorded import RecordedTrial
    from search_space import Variant


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a variant of a plan, called `name`."""

    name: str
    plan: Plan
    variant: Variant

    @property
    def counts(self) -> Counts:
        """What its network costs."""
        return self.plan.counts[self.variant.id]

    @property
    def fingerprints(self) -> frozenset[str]:
        """The identities of its trials."""
        return frozenset(trial.fingerprint for trial in self.plan.trials if trial.variant.id == self.variant.id)


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What is read off a built network.

    Attributes:
        receptive_field: side of the square of the image on which a value of the last heatmaps can depend, in pixels.
        block_receptive_field: the same of a block of the hourglass, on the map that the block reads.
        layers: how many layers there are of each type, by the type's name.
    """

    receptive_field: int
    block_receptive_field: int
    layers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A key of the configuration whose values differ, defaults filled in; `active` says where it means something."""

    key: str
    values: tuple[Any, Any]
    active: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric of both: values by seed, summaries, and the second's mean less the first's where both have one.

    `asked` says whether the table of one of the studies shows it.
    """

    metric: Metric
    values: tuple[Mapping[int, float], Mapping[int, float]]
    summaries: tuple[Summary, Summary]
    difference: Comparison | None
    asked: bool


@dataclass(frozen=True, slots=True)
class VariantDifference:
    """What two variants differ in. Pairs are first and second, everywhere."""

    sides: tuple[Side, Side]
    configuration: tuple[KeyDifference, ...]
    networks: tuple[NetworkFacts, NetworkFacts]
    metrics: tuple[MetricDifference, ...]
    results: tuple[VariantResults, VariantResults]

    @property
    def same_trials(self) -> bool:
        """Whether both are the same trials, trained once: variants of two studies can be."""
        return self.sides[0].fingerprints == self.sides[1].fingerprints


def compare_sides(
    first: Side, second: Side, networks: tuple[NetworkFacts, NetworkFacts], recorded: Sequence[RecordedTrial]
) -> VariantDifference:
    """What two variants differ in.

    Only complete trials enter results; the others are in `VariantDifference.results` with their states.

    Args:
        first: the one that the other is compared with.
        second: the other.
        networks: what was read off their networks.
        recorded: the record's runs.
    """
    results = (_results(first, recorded), _results(second, recorded))
    return VariantDifference(
        (first, second), configuration_difference(first, second), networks, _metrics(first, second, results), results
    )


def configuration_difference(first: Side, second: Side) -> tuple[KeyDifference, ...]:
    """The keys whose values differ, in the order of the configuration, defaults filled in.

    A key that means something for one of the two only differs; one that means something for neither does not, nor does
    one of a level of the hourglass that neither says.
    """
    flat = [_resolved(side) for side in (first, second)]
    found = []
    for key, known in all_keys().items():
        active = [unmet(key, each) is None for each in flat]
        values = [each[key] for each in flat]
        if known.level is not None and all(value == known.default for value in values):
            continue
        if active[0] != active[1] or (all(active) and values[0] != values[1]):
            found.append(KeyDifference(key, (values[0], values[1]), (active[0], active[1])))
    return tuple(found)


def _resolved(side: Side) -> dict[str, Any]:
    """The whole configuration, the number of synthetic images filled in where it is left to the data set."""
    config = side.variant.config
    flat, active = flatten(config), active_settings(config)
    return {**flat, **{key: active[key] for key in flat if key.startswith("data.") and key in active}}


def _results(side: Side, recorded: Sequence[RecordedTrial]) -> VariantResults:
    chosen = choose_runs(recorded)
    trials = []
    for trial in side.plan.trials:
        if trial.variant.id != side.variant.id:
            continue
        run = chosen.get(trial.fingerprint)
        if run is None:
            trials.append(SeedResult(trial.seed, MISSING, None, None, {}))
        else:
            trials.append(SeedResult(trial.seed, run.state, run.run_id, run.error, run.metrics))
    return VariantResults(tuple(trials))


def _metrics(first: Side, second: Side, results: tuple[VariantResults, VariantResults]) -> tuple[MetricDifference, ...]:
    """The metrics that trials report, those of the studies' tables first; none that neither side has."""
    asked = dict.fromkeys([*_asked(first), *_asked(second), HEADLINE])
    found = []
    for name in (*asked, *(name for name in METRICS if name not in asked)):
        metric = METRICS[name]
        values = (results[0].values(name), results[1].values(name))
        if metric.counted or not any((*values, name in asked)):
            continue
        compared = difference(values[1], values[0]) if all(values) else None
        summaries = (summarise(values[0].values()), summarise(values[1].values()))
        found.append(MetricDifference(metric, values, summaries, compared, name in asked))
    return tuple(found)


def _asked(side: Side) -> list[str]:
    """The metrics that the study's table shows."""
    names = []
    for column in side.plan.expanded.study.spec.table.columns:
        if isinstance(column, MetricColumn):
            names.append(column.metric)
        elif isinstance(column, DeltaColumn):
            names.append(column.delta)
        elif isinstance(column, RatioColumn):
            names.append(column.ratio)
    return names
