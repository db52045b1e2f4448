"""From a point of a search to the job of its trial, and to the teachers that points may learn from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from blocks.count import Counts, count
from runners.job import Job, Places, Resources
from runners.launch_run import LaunchRun
from runners.lease import Claim
from runners.planning import PlannedTrial, plan_trial
from runners.record import names
from runners.search.feasibility import Verdict
from search_space import ExpandedSearch, Location, Trial, TrialConfig, Variant
from tasks.version import data_version

_TEACHER = "distillation.teacher"


@dataclass(frozen=True)
class Planner:
    """Plans trials of one launch of a search.

    `versions` are those of data sets by name; one that a point brings is added. `planned` are the trials of points so
    far.
    """

    search: ExpandedSearch
    places: Places
    resources: Resources
    run: LaunchRun
    claim: Claim
    versions: dict[str, str]
    optuna_study: str
    planned: list[PlannedTrial] = field(default_factory=list)

    def job(self, name: str, label: str, config: TrialConfig, verdict: Verdict) -> Job:
        """The job of a point's trial: its run carries the figures of the verdict, and says which trial of Optuna it is.

        Raises:
            InputError: for a teacher that cannot be had.
            DataError: for a data set that is not there.
        """
        assert verdict.counts is not None
        tags = {names.OPTUNA_STUDY: self.optuna_study, names.OPTUNA_TRIAL: name.removeprefix("p")}
        planned = self._planned(name, label, config)
        self.planned.append(planned)
        job = self._job(planned, verdict.counts)
        return replace(job, counts={**job.counts, **verdict.figures}, tags=tags)

    def job_of(self, planned: PlannedTrial) -> Job:
        """The job of a trial that is no point: of a teacher."""
        config = planned.config
        return self._job(planned, count(config.model, config.data.resolution))

    def students(self) -> list[PlannedTrial]:
        """A trial for each teacher that points of the search may learn from; what they need is called after them."""
        search = self.search
        dimension = search.space.by_key.get(_TEACHER)
        named = [search.settings[_TEACHER]] if dimension is None else list(dimension.choices or ())
        references = [reference for reference in named if reference is not None]
        config = search.config({})
        students = []
        for number, reference in enumerate(references, start=1):
            distillation = config.distillation.model_copy(update={"teacher": reference})
            name = f"student_{number}" if len(references) > 1 else "student"  # names tell trials apart
            students.append(
                self._planned(name, search.study.name, config.model_copy(update={"distillation": distillation}))
            )
        return students

    def teachers(self) -> dict[str, str]:
        """The fingerprint of each teacher that points may learn from, by what a message calls it."""
        named = [(student.config.distillation.teacher, student.teacher) for student in self.students()]
        return {f"the teacher '{name}'": teacher.fingerprint for name, teacher in named if teacher is not None}

    def _planned(self, name: str, label: str, config: TrialConfig) -> PlannedTrial:
        if config.data.name not in self.versions:
            self.versions[config.data.name] = data_version(config.data, self.places.data_root)
        search = self.search
        row = Variant(
            id=name,
            label=label,
            baseline=False,
            paper=None,
            settings={},
            config=config.model_copy(update={"seed": 0}),
            location=Location(str(search.study.path)),
        )
        trial = Trial(row, config.seed, config)
        return plan_trial(search.study, search.scale, search.overrides, trial, self.versions)

    def _job(self, planned: PlannedTrial, counts: Counts) -> Job:
        return Job.of(
            planned,
            counts,
            claim=self.claim,
            study=self.search.study.name,
            scale=self.search.scale,
            launch=self.run.id,
            experiment_id=self.run.experiment,
            places=self.places,
            resources=self.resources,
        )
