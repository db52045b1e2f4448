"""A launch: take off what the record holds complete, train the rest, record how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from runners.executors import Executor, Monitor
from runners.job import Job, Places, Resources
from runners.launch_run import begin_launch, end_launch
from runners.lease import Claim, heartbeat_s, hold
from runners.mirrored import send_ahead, weights_finder
from runners.outcome import Outcome
from runners.planning import Plan, PlannedTrial, learns_from, to_train_for
from runners.record.buffer import outboxes
from runners.record.chosen import choose_runs
from runners.record.left_over import LeftOver, send_left_over
from runners.record.links import link_reused
from runners.record.liveness import boot_id
from runners.record.patience import RecordAway
from runners.record.reading import read_trials
from runners.record.recorded import RecordedTrial
from runners.record.writing import Record
from runners.sharing import Watch, train_each_once
from search_space import InputError
from tasks.errors import DataError


@dataclass(frozen=True)
class Remaining:
    """What a plan still asks for.

    Attributes:
        reused: trials that the record holds complete.
        to_train: trials to train, with those whose weights they need; `fresh` ones from the start.
        failed: trials that have failed and are left as they are, with the errors; a retry trains them.
        known: the runs that had ended, by fingerprint. Those of another launch that end later are news.
    """

    reused: tuple[PlannedTrial, ...]
    to_train: tuple[PlannedTrial, ...]
    failed: tuple[tuple[PlannedTrial, str], ...] = ()
    fresh: bool = False
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)


def remaining(
    plan: Plan,
    recorded: Sequence[RecordedTrial],
    places: Places,
    only: set[str] | None = None,
    *,
    fresh: bool = False,
    retry_failed: bool = False,
) -> Remaining:
    """Split a plan by what the record holds, of this study or any other; doubles in the plan train once.

    A trial that needs the weights of another, to begin from or of its teacher, asks for that one first: again, if the
    record holds it complete but its weights are not in `places`. Where that one has failed, both are left as failed.

    Args:
        plan: what is asked for.
        recorded: every trial of the record.
        places: where weights would lie.
        only: train these variants; the others are left for another launch.
        fresh: train everything again, whatever the record holds.
        retry_failed: train what has failed again, too. What fails for a reason would fail again.
    """
    has_weights = weights_finder(places)
    chosen = {} if fresh else choose_runs(recorded)
    complete = {fingerprint for fingerprint, run in chosen.items() if run.state == "complete"}
    reused = tuple(trial for trial in plan.trials if trial.fingerprint in complete)
    distinct: dict[str, PlannedTrial] = {}
    failed: dict[str, tuple[PlannedTrial, str]] = {}
    for trial in plan.trials:
        if trial.fingerprint in complete or (only is not None and trial.variant.id not in only):
            continue
        run = chosen.get(trial.fingerprint)
        if run is not None and _has_failed(run) and not retry_failed:
            failed.setdefault(trial.fingerprint, (trial, run.error or "it does not say why"))
            continue
        needed = to_train_for(trial, lambda key: key in complete and has_weights(key))
        broken = next((phase for phase in reversed(needed) if _has_failed(chosen.get(phase.fingerprint))), None)
        if broken is not None and not retry_failed:
            how = "learns" if learns_from(trial, broken) else "begins"
            failed.setdefault(trial.fingerprint, (trial, f"it {how} from {broken.name}, which has failed"))
            continue
        for each in needed:
            distinct.setdefault(each.fingerprint, each)
    known: dict[str, list[str]] = {}
    for run in recorded:
        # A run that was closed as interrupted may yet become complete, when what waits on disk is sent.
        if run.ended and run.state in ("complete", "failed") and run.fingerprint in distinct:
            known.setdefault(run.fingerprint, []).append(run.run_id)
    return Remaining(reused, tuple(distinct.values()), tuple(failed.values()), fresh, known)


def _has_failed(run: RecordedTrial | None) -> bool:
    return run is not None and run.state == "failed"


def catch_up(places: Places) -> LeftOver:
    """Send what trials of earlier launches could not: before the record is read, so that it holds all there is.

    Nothing is opened where nothing waits.
    """
    if not outboxes(places.trials):
        return LeftOver()
    return send_left_over(places.trials, Record(places.uri, places.artifacts))


def launch(
    plan: Plan,
    rest: Remaining,
    places: Places,
    resources: Resources,
    executor: Executor,
    monitor: Monitor,
    *,
    prepare: Callable[[], None],
) -> Outcome:
    """Train what remains of a plan.

    Args:
        plan: what was asked for.
        rest: what the record does not hold yet (see `remaining`).
        places: the record, the checkpoints, the cache, the data.
        resources: what each trial may use.
        executor: runs the trials.
        monitor: is told how they go.
        prepare: readies the data, so that trials do not wait for each other to do it.

    Raises:
        InputError: for data that cannot be used, a record that cannot be opened, or a URL of checkpoints that does not
            answer, before anything trains; for a heartbeat in the environment that is none (`runners.lease`).
    """
    outcome = Outcome(reused=len(rest.reused), left_failed={trial.name: error for trial, error in rest.failed})
    beat = heartbeat_s()
    if rest.to_train:
        try:
            prepare()
        except DataError as error:
            raise InputError.at("the data", str(error)) from None
        send_ahead(rest.to_train, places, fresh=rest.fresh)
    expanded = plan.expanded
    wanted = {trial.fingerprint for trial in rest.to_train}
    run = begin_launch(
        expanded.study,
        places,
        wanted,
        scale=expanded.scale,
        overrides=expanded.overrides,
        data_versions=plan.data_versions,
    )
    outcome.launch = run.id
    record, recorded = run.record, run.recorded
    jobs: dict[str, Job] = {}
    try:
        with hold(run.folder, run.id, Claim(beat)):
            record.log_file(run.id, expanded.study.path)
            link_reused(record, places.uri, run.experiment, run.id, rest.reused, recorded)
            context = {
                "study": expanded.study.name,
                "scale": expanded.scale,
                "launch": run.id,
                "experiment_id": run.experiment,
                "places": places,
                "resources": resources,
            }
            for trial in rest.to_train:
                known = tuple(rest.known.get(trial.fingerprint, ()))
                claim = Claim(beat, known=known, fresh=rest.fresh, boot=boot_id())
                jobs[trial.fingerprint] = Job.of(trial, plan.counts[trial.variant.id], claim=claim, **context)
            _train(rest, jobs, executor, Watch(monitor, outcome), outcome)
            with suppress(InputError, RecordAway):  # it is away: the next launch does this
                if outcome.elsewhere:
                    done = [trial for trial in rest.to_train if trial.name in outcome.elsewhere]
                    link_reused(record, places.uri, run.experiment, run.id, done, read_trials(places.uri))
                run.others.look(run.here)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except InputError as error:
        outcome.error = str(error)
        raise
    except Exception as error:  # of the executor or the record, not of a trial
        outcome.error = f"{type(error).__name__}: {error}"
    finally:
        end_launch(run, places, list(jobs.values()), outcome)
    return outcome


def _train(rest: Remaining, jobs: Mapping[str, Job], executor: Executor, watch: Watch, outcome: Outcome) -> None:
    """Train what remains. An interruption, or an executor that breaks down, ends it; what was trained is kept."""
    try:
        train_each_once(rest.to_train, jobs, executor, watch)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except InputError:
        raise
    except Exception as error:  # Ray itself has failed
        outcome.error = f"{type(error).__name__}: {error}"
