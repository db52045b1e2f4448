"""From an expanded study to a plan: each trial with its identity, each variant with its counts. Nothing is trained.

Imports neither torch nor Ray nor MLflow, so that a plan of a thousand trials answers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from blocks.checks import check_model
from blocks.count import Counts, count
from search_space import ExpandedStudy, InputError, Problem, Study, Trial, TrialConfig, Variant, fingerprint
from search_space.phases import describe, predecessor
from search_space.teachers import find_teachers
from tasks.errors import DataError
from tasks.version import data_version


@dataclass(frozen=True)
class PlannedTrial:
    """A trial with its identity, and the trials that have to be trained before it.

    `begins_from` is the one whose trained weights it begins from (stacks in sequence), `teacher` the one whose heatmaps
    it learns from (distillation).
    """

    trial: Trial
    fingerprint: str
    data_version: str
    begins_from: PlannedTrial | None = None
    teacher: PlannedTrial | None = None

    @property
    def needs(self) -> tuple[PlannedTrial, ...]:
        """The trials whose trained weights it cannot do without."""
        return tuple(trial for trial in (self.begins_from, self.teacher) if trial is not None)

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

    `trials` are those of the table's rows. What they need besides are `phases`: stacks trained in sequence, and
    teachers. Their variants are called after the row that needs them, and have counts, too.
    """

    expanded: ExpandedStudy
    trials: tuple[PlannedTrial, ...]
    counts: Mapping[str, Counts]

    @property
    def phases(self) -> tuple[PlannedTrial, ...]:
        """The trials that a row needs and that are no row themselves, each once, the first to train first."""
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
        InputError: for networks that cannot be built, data that is not there, and teachers that cannot be had
            (`search_space.teachers`).
    """
    teachers = find_teachers(expanded.study, expanded.scale, expanded.overrides, expanded.variants)
    problems: list[Problem] = []
    counts: dict[str, Counts] = {}
    versions = dict(known_versions or {})
    for variant in expanded.variants:
        model, data = variant.config.model, variant.config.data
        wrong = [*check_model(model, data.resolution), *batch_problems(variant.config)]
        problems += [
            Problem(variant.location, f"the network of '{variant.id}' cannot be built: {what}") for what in wrong
        ]
        if not wrong:
            counts[variant.id] = count(model, data.resolution)
    for reference, teacher in teachers.items():
        wrong = [*check_model(teacher.config.model, teacher.config.data.resolution), *batch_problems(teacher.config)]
        what = f"the network of the teacher '{reference}' cannot be built"
        problems += [Problem(teacher.variant.location, f"{what}: {each}") for each in wrong]
    for trial in expanded.trials:
        data = trial.config.data
        if data.name not in versions:
            try:
                versions[data.name] = data_version(data, data_root)
            except DataError as error:
                raise InputError.at("--data-root", str(error)) from None
    if problems:
        raise InputError(problems)
    trials = _with_identities(expanded.trials, versions, teachers)
    for planned in trials:
        for phase in ancestors(planned):
            variant = phase.variant
            if variant.id not in counts:
                counts[variant.id] = count(variant.config.model, variant.config.data.resolution)
    return Plan(expanded, trials, counts)


def plan_trial(
    study: Study, scale: str, overrides: Mapping[str, Any], trial: Trial, versions: Mapping[str, str]
) -> PlannedTrial:
    """The plan of one trial that is no row of an expanded study: of a point of a search.

    Args:
        study: the study that is run; teachers are looked for beside it.
        scale: of the launch.
        overrides: settings of the command line.
        trial: the trial. What it needs is called after its variant (`ancestors` gives it).
        versions: the versions of data sets by name.

    Raises:
        InputError: for a teacher that cannot be had (`search_space.teachers`).
    """
    return _with_identities([trial], versions, find_teachers(study, scale, overrides, [trial.variant]))[0]


def ancestors(trial: PlannedTrial) -> Iterator[PlannedTrial]:
    """The trials that this one needs, and those that they need, each once: what is trained last comes first."""
    yield from reversed(to_train_for(trial, lambda fingerprint: False)[:-1])


def to_train_for(trial: PlannedTrial, is_there: Callable[[str], bool]) -> list[PlannedTrial]:
    """What to train so that a trial can be: what it needs first, itself last, each once.

    Args:
        trial: the trial, which is to be trained itself.
        is_there: whether the trained weights of a fingerprint are at hand. What those needed is not asked for.
    """
    found: dict[str, PlannedTrial] = {}

    def visit(each: PlannedTrial) -> None:
        for before in each.needs:
            if before.fingerprint not in found and not is_there(before.fingerprint):
                visit(before)
        found.setdefault(each.fingerprint, each)

    visit(trial)
    return list(found.values())


def learns_from(trial: PlannedTrial, other: PlannedTrial) -> bool:
    """Whether another trial is a trial's teacher, or one that the teacher needs."""
    teacher = trial.teacher
    return teacher is not None and other.fingerprint in {each.fingerprint for each in (teacher, *ancestors(teacher))}


def _with_identities(
    trials: Sequence[Trial], versions: Mapping[str, str], teachers: Mapping[str, Trial]
) -> tuple[PlannedTrial, ...]:
    def identify(config: TrialConfig) -> str:
        reference = config.distillation.teacher
        teacher = None if reference is None else identify(teachers[reference].config)
        return fingerprint(config, versions[config.data.name], teacher)

    identities = [identify(trial.config) for trial in trials]
    # What a row needs may be a row of the table itself (one stack, say): then it is that row.
    rows = dict(zip(reversed(identities), reversed(trials), strict=True))

    made: dict[str, PlannedTrial] = {}  # what two rows need is called after the first

    def needed(trial: Trial, row: Variant) -> PlannedTrial:
        identity = identify(trial.config)
        if identity in rows:
            return planned(rows[identity], identity, rows[identity].variant)
        if identity not in made:
            made[identity] = planned(trial, identity, row)
        return made[identity]

    def planned(trial: Trial, identity: str, row: Variant) -> PlannedTrial:
        before, reference = predecessor(trial.config), trial.config.distillation.teacher
        begins_from = teacher = None
        if before is not None:
            begins_from = needed(_phase(row, before), row)
        if reference is not None:
            called = _teacher(row, reference, teachers[reference])
            teacher = needed(called, called.variant)
        return PlannedTrial(trial, identity, versions[trial.config.data.name], begins_from, teacher)

    return tuple(planned(trial, identity, trial.variant) for trial, identity in zip(trials, identities, strict=True))


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


def _teacher(row: Variant, reference: str, teacher: Trial) -> Trial:
    """The teacher of a row's trials, called after the row, `student:teacher`, unless it is a row itself."""
    label = f"{row.label}: teacher {reference}"
    variant = replace(teacher.variant, id=f"{row.id}:teacher", label=label, baseline=False, paper=None, group=row.group)
    return Trial(variant, teacher.seed, teacher.config)


def batch_problems(config: TrialConfig) -> list[str]:
    """BatchNorm cannot normalise a single value, which is what a batch of one image leaves of a map of one pixel."""
    smallest = config.data.resolution // 4 // 2**config.model.order
    batch = min(config.training.batch_size, config.data.train_images or config.training.batch_size)
    if smallest == 1 and batch == 1:
        return ["its smallest map is one pixel, for which a batch of one image is too few: raise training.batch_size"]
    return []
