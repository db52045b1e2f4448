"""From an expanded study to a plan: each trial with its identity, each variant with its counts. Nothing is trained.

Imports neither torch nor Ray nor MLflow, so that a plan of a thousand trials answers at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from blocks.count import Counts, count
from blocks.widths import check_model
from search_space import ExpandedStudy, InputError, Problem, Trial, TrialConfig, Variant, fingerprint
from tasks.errors import DataError
from tasks.version import data_version


@dataclass(frozen=True)
class PlannedTrial:
    """A trial with its identity."""

    trial: Trial
    fingerprint: str
    data_version: str

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
    """A study, ready to run: its trials with their identities and the counts of every variant's network."""

    expanded: ExpandedStudy
    trials: tuple[PlannedTrial, ...]
    counts: Mapping[str, Counts]

    @property
    def distinct(self) -> int:
        """How many different trials there are to train."""
        return len({trial.fingerprint for trial in self.trials})

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
    trials = []
    for trial in expanded.trials:
        version = versions[trial.config.data.name]
        trials.append(PlannedTrial(trial, fingerprint(trial.config, version), version))
    return Plan(expanded, tuple(trials), counts)


def _batch_problems(config: TrialConfig) -> list[str]:
    """BatchNorm cannot normalise a single value, which is what a batch of one image leaves of a map of one pixel."""
    smallest = config.data.resolution // 4 // 2**config.model.order
    batch = min(config.training.batch_size, config.data.train_images or config.training.batch_size)
    if smallest == 1 and batch == 1:
        return ["its smallest map is one pixel, for which a batch of one image is too few: raise training.batch_size"]
    return []
