"""From an expanded study to a plan: each trial with its identity, each variant with its counts. Nothing is trained.

Imports neither torch nor Ray nor MLflow, so that a plan of a thousand trials answers at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from blocks.count import Counts, count
from blocks.widths import check_model
from search_space import ExpandedStudy, InputError, Problem, Trial, TrialConfig, Variant, fingerprint
from search_space.phases import describe, predecessor
from tasks.errors import DataError
from tasks.version import data_version


@dataclass(frozen=True)
class PlannedTrial:
    """A trial with its identity, and the trial whose trained weights it begins from (stacks in sequence)."""

    trial: Trial
    fingerprint: str
    data_version: str
    begins_from: PlannedTrial | None = None

    @property
    def variant(self) -> Variant:
        """The row of the table to which the trial belongs."""
        return self.trial.variant

    @property
    def seed(self) -> int:
        """Which repetition of the variant it is."""
        return self.trial.seed

    @property
    def config(self) -> TrialConfig:
        """What it trains."""
        return self.trial.config

    @property
    def name(self) -> str:
        """How it is called in messages and in the record: `hierarchical/0`."""
        return f"{self.variant.id}/{self.seed}"


@dataclass(frozen=True)
class Plan:
    """A study, ready to run: its trials with their identities and the counts of every variant's network.

    `trials` are those of the table's rows. What they begin from, where stacks are trained in sequence, are `phases`;
    their variants are called after the row that needs them, and have counts, too.
    """

    expanded: ExpandedStudy
    trials: tuple[PlannedTrial, ...]
    counts: Mapping[str, Counts]

    @property
    def phases(self) -> tuple[PlannedTrial, ...]:
        """The trials that a row begins from and that are no row themselves, each once, the first to train first."""
        rows = {trial.fingerprint for trial in self.trials}
        found: dict[str, PlannedTrial] = {}
        for trial in self.trials:
            for phase in reversed(list(ancestors(trial))):
                if phase.fingerprint not in rows:
                    found.setdefault(phase.fingerprint, phase)
        return tuple(found.values())

    @property
    def distinct(self) -> int:
        """How many different trials there are to train, phases among them."""
        return len({trial.fingerprint for trial in (*self.trials, *self.phases)})

    @property
    def data_versions(self) -> dict[str, str]:
        """The version of each data set that the plan uses, by the data set's name."""
        return {trial.config.data.name: trial.data_version for trial in self.trials}


def plan_study(
    expanded: ExpandedStudy, data_root: Path | None = None, known_versions: Mapping[str, str] | None = None
) -> Plan:
    """The plan of a study.

    Args:
        expanded: what `search_space.expand` returned.
        data_root: the folder that holds the data set's files; the synthetic data needs none.
        known_versions: versions of data sets by name, from a launch in the record, so that its table can be made where
            the data is not.

    Raises:
        InputError: for networks that cannot be built, and data that is not there.
    """
    problems: list[Problem] = []
    counts: dict[str, Counts] = {}
    versions = dict(known_versions or {})
    for variant in expanded.variants:
        model, data = variant.config.model, variant.config.data
        wrong = [*check_model(model, data.resolution), *_batch_problems(variant.config)]
        problems += [
            Problem(variant.location, f"the network of '{variant.id}' cannot be built: {what}") for what in wrong
        ]
        if not wrong:
            counts[variant.id] = count(model, data.resolution)
    for trial in expanded.trials:
        data = trial.config.data
        if data.name not in versions:
            try:
                versions[data.name] = data_version(data, data_root)
            except DataError as error:
                raise InputError.at("--data-root", str(error)) from None
    if problems:
        raise InputError(problems)
    trials = _with_identities(expanded, versions)
    for planned in trials:
        for phase in ancestors(planned):
            variant = phase.variant
            if variant.id not in counts:
                counts[variant.id] = count(variant.config.model, variant.config.data.resolution)
    return Plan(expanded, trials, counts)


def ancestors(trial: PlannedTrial) -> Iterator[PlannedTrial]:
    """The trials that this one goes on from: the one it begins from, the one that that begins from, ..."""
    before = trial.begins_from
    while before is not None:
        yield before
        before = before.begins_from


def _with_identities(expanded: ExpandedStudy, versions: Mapping[str, str]) -> tuple[PlannedTrial, ...]:
    def identify(config: TrialConfig) -> str:
        return fingerprint(config, versions[config.data.name])

    identities = [identify(trial.config) for trial in expanded.trials]
    # A phase that is also a row of the table (one stack, say) is that row.
    rows = dict(zip(reversed(identities), reversed(expanded.trials), strict=True))

    made: dict[str, PlannedTrial] = {}  # a phase that two rows share is called after the first

    def planned(trial: Trial, identity: str, row: Variant) -> PlannedTrial:
        before, version = predecessor(trial.config), versions[trial.config.data.name]
        if before is None:
            return PlannedTrial(trial, identity, version)
        earlier = identify(before)
        owner = rows.get(earlier)
        if owner is None and earlier not in made:
            made[earlier] = planned(_phase(row, before), earlier, row)
        begins_from = planned(owner, earlier, owner.variant) if owner else made[earlier]
        return PlannedTrial(trial, identity, version, begins_from)

    return tuple(
        planned(trial, identity, trial.variant) for trial, identity in zip(expanded.trials, identities, strict=True)
    )


def _phase(row: Variant, config: TrialConfig) -> Trial:
    """A trial from which one of a row's begins, called after the row: `stacks_3:stack_2`.

    The colon keeps it apart from every row: no id of a variant has one.
    """
    variant = replace(
        row,
        id=f"{row.id}:stack_{config.model.stacks}",
        label=f"{row.label}: {describe(config)}",
        baseline=False,
        paper=None,
        config=config.model_copy(update={"seed": 0}),
    )
    return Trial(variant, config.seed, config)


def _batch_problems(config: TrialConfig) -> list[str]:
    """BatchNorm cannot normalise a single value, which is what a batch of one image leaves of a map of one pixel."""
    smallest = config.data.resolution // 4 // 2**config.model.order
    batch = min(config.training.batch_size, config.data.train_images or config.training.batch_size)
    if smallest == 1 and batch == 1:
        return ["its smallest map is one pixel, for which a batch of one image is too few: raise training.batch_size"]
    return []
