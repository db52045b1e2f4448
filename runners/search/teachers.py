"""The teachers that a search's points learn from: which of them, and of what they need, a launch has to train first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runners.executors import Executor
from runners.job import Job
from runners.mirrored import send_ahead, weights_finder
from runners.planning import PlannedTrial, to_train_for
from runners.record.chosen import choose_runs
from runners.record.reading import read_trials
from runners.search.planner import Planner
from runners.sharing import Watch, train_each_once


@dataclass(frozen=True)
class Teaching:
    """What is to be trained before any point: `trials`, first what others need, and their jobs by fingerprint.

    `failed` are those among them that have failed before, with the errors.
    """

    trials: Sequence[PlannedTrial] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def missing_teachers(planner: Planner) -> Teaching:
    """What points of the search need and is not at hand: not complete in the record, or without weights.

    What only this machine has of the others is sent to the URL of checkpoints, if there is one.

    Raises:
        InputError: for a record that cannot be read, or a URL that does not answer.
    """
    students = planner.students()
    if not students:
        return Teaching()
    places = planner.places
    recorded = read_trials(places.uri)
    chosen = choose_runs(recorded)
    has_weights = weights_finder(places)

    def at_hand(fingerprint: str) -> bool:
        return fingerprint in chosen and chosen[fingerprint].state == "complete" and has_weights(fingerprint)

    trials: dict[str, PlannedTrial] = {}
    for student in students:
        for trial in to_train_for(student, at_hand)[:-1]:
            trials.setdefault(trial.fingerprint, trial)
    send_ahead([*trials.values(), *students], places, fresh=False)
    jobs: dict[str, Job] = {}
    for key, trial in trials.items():
        job = planner.job_of(trial)
        # What is complete without weights is trained again: to its worker those runs are no news.
        known = tuple(
            run.run_id
            for run in recorded
            if run.fingerprint == key and run.ended and run.state in ("complete", "failed")
        )
        jobs[key] = replace(job, claim=replace(job.claim, known=known))
    failed = {
        trial.name: chosen[key].error or "it does not say why"
        for key, trial in trials.items()
        if key in chosen and chosen[key].state == "failed"
    }
    return Teaching(tuple(trials.values()), jobs, failed)


def train_teachers(teaching: Teaching, executor: Executor, watch: Watch, *, retry_failed: bool) -> None:
    """Train what points of a search learn from.

    Args:
        teaching: what is to be trained.
        executor: runs jobs.
        watch: is told how they go.
        retry_failed: whether what has failed before is tried again.

    Raises:
        RuntimeError: if one fails, or has failed before and is not tried again.
        KeyboardInterrupt: if the user interrupts.
    """
    if teaching.failed and not retry_failed:
        name, error = next(iter(teaching.failed.items()))
        raise RuntimeError(f"{name}, from which points learn, has failed before ({error}): --retry failed trains it")
    train_each_once(teaching.trials, teaching.jobs, executor, watch)
    for name, error in watch.outcome.failed.items():
        raise RuntimeError(f"the teacher {name} has failed: {error}")
