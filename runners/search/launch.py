"""A launch of a search: begin or take up Optuna's study, train what it asks for, record how it ended."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from runners.executors import Executor
from runners.interruption import StopRequest
from runners.job import Job, Places, Resources
from runners.launch_run import LaunchRun, begin_launch, end_launch
from runners.lease import Claim, heartbeat_s, hold
from runners.outcome import Outcome
from runners.record import names
from runners.record.chosen import choose_runs
from runners.record.links import link_reused
from runners.record.liveness import boot_id
from runners.record.patience import RecordAway
from runners.record.reading import read_launches, read_trials
from runners.search.asker import Asker
from runners.search.executors import SearchExecutor
from runners.search.feasibility import check_feasible, judge, resolved
from runners.search.halving import make_halving
from runners.search.latency import latency_of
from runners.search.ledger import Ledger
from runners.search.monitor import SearchMonitor
from runners.search.opening import storage_url
from runners.search.patience import StorageAway
from runners.search.planner import Planner
from runners.search.results import SearchResult
from runners.search.storage import check_unchanged, create_study
from runners.search.teachers import Teaching, missing_teachers, train_teachers
from runners.sharing import Watch
from search_space import ExpandedSearch, InputError, TrialConfig
from tasks.errors import DataError
from tasks.version import data_version

_LOOK_S = 5.0
_BEAT_S = 15.0


@dataclass(frozen=True)
class SearchOutcome:
    """How a launch of a search ended.

    `outcome` is what it trained; `result` the whole search as it stands; `reason` why it ended before all its trials.
    """

    outcome: Outcome
    result: SearchResult
    reason: str | None = None


@dataclass(frozen=True)
class SearchOptions:
    """What a launch of a search may differ in without being another search."""

    storage: str | None = None
    retry_failed: bool = False


def launch_search(
    search: ExpandedSearch,
    places: Places,
    resources: Resources,
    executor: Callable[[StopRequest], SearchExecutor],
    teach: Executor,
    monitor: SearchMonitor,
    options: SearchOptions,
    *,
    prepare: Callable[[TrialConfig], None],
) -> SearchOutcome:
    """Search on, from where the storage stands to the end of the search.

    Args:
        search: what is searched.
        places: the record, the checkpoints, the cache, the data.
        resources: what each trial may use.
        executor: makes what runs the search's jobs, given how the launch is asked to stop.
        teach: trains teachers that points need and the record does not hold.
        monitor: is told how it goes.
        options: the storage, and whether what failed is tried again.
        prepare: readies the data of a configuration.

    Raises:
        InputError: for a space in which nothing is feasible, data that cannot be used, a record or a storage that
            cannot be opened: before anything trains.
    """
    check_feasible(search)
    url = storage_url(places, options.storage)
    study = create_study(search, url)
    latency = latency_of(search, study)
    constraints = resolved(search, latency)
    claim = Claim(heartbeat_s(), boot=boot_id())
    point = search.first[0] if search.first else search.space.random(random.Random(search.seed))
    example = search.config(point)
    try:
        versions: dict[str, str] = {example.data.name: data_version(example.data, places.data_root)}
        prepare(example)
    except DataError as error:
        raise InputError.at("the data", str(error)) from None
    check_unchanged(study, url, {f"the data set '{name}'": version for name, version in versions.items()})
    outcome = Outcome(reused=0)
    run = begin_launch(
        search.study,
        places,
        set(),
        scale=search.scale,
        overrides=search.overrides,
        data_versions=versions,
        tags={names.OPTUNA_STUDY: study.study_name},
    )
    outcome.launch = run.id
    planner = Planner(search, places, resources, run, claim, versions, study.study_name)
    request = StopRequest(places.trials / f".stop.{run.id}", places.checkpoints)
    ledger = Ledger(search, study, url, run.id, has_ended(places.uri), options.retry_failed)
    asker = Asker(
        ledger=ledger,
        plan=planner.job,
        judge=lambda config: judge(config, constraints, latency),
        stopped=request.made,
        prune=lambda job, epoch: _mark_pruned(run, job, epoch),
        monitor=monitor,
        watch=Watch(monitor, outcome),
        constraints=constraints,
    )
    teaching = Teaching()
    try:
        with hold(run.folder, run.id, claim), _beating(ledger):
            run.record.log_file(run.id, search.study.path)
            check_unchanged(study, url, planner.teachers())
            teaching = missing_teachers(planner)
            train_teachers(teaching, teach, Watch(monitor, outcome), retry_failed=options.retry_failed)
            asker.begin()
            try:
                executor(request)(asker, make_halving(search, search.space.most_epochs, ledger.curves))
            finally:
                _show_recorded(planner)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except InputError as error:
        outcome.error = str(error)
        raise
    except Exception as error:  # of the executor, the record or the storage, not of a trial
        outcome.error = f"{type(error).__name__}: {error}"
    finally:
        with suppress(Exception):  # the storage is away: silence tells other launches that this one is gone
            ledger.end()
        end_launch(run, places, [*teaching.jobs.values(), *asker.jobs.values()], outcome)
        request.withdraw()
    try:
        result = ledger.result()
    except StorageAway:  # as it stood when it was last looked at
        result = ledger.last or SearchResult(search, (), url, study.study_name)
    return SearchOutcome(outcome, result, asker.reason)


def _mark_pruned(run: LaunchRun, job: Job, epoch: int) -> None:
    """Say in the record why a trial's run of this launch was interrupted; if it is away, Optuna's storage says it."""
    with suppress(InputError, RecordAway):
        for trial in read_trials(job.places.uri, job.fingerprint):
            if trial.launch == run.id:
                run.record.tag(trial.run_id, names.PRUNED, f"after epoch {epoch}")


def _show_recorded(planner: Planner) -> None:
    """Show in the search's experiment the trials of points that other studies have trained."""
    run, uri = planner.run, planner.places.uri
    with suppress(InputError, RecordAway):  # it is away: the next launch that is told of them does this
        recorded = read_trials(uri)
        complete = {key for key, chosen in choose_runs(recorded).items() if chosen.state == "complete"}
        known = [trial for trial in planner.planned if trial.fingerprint in complete]
        link_reused(run.record, uri, run.experiment, run.id, known, recorded)


def has_ended(uri: str) -> Callable[[str], bool]:
    """Says of a launch, by its id, whether the record knows that it has ended; it looks again every few seconds."""
    known: dict[str, bool] = {}
    looked = -math.inf

    def ended(launch: str) -> bool:
        nonlocal known, looked
        if time.monotonic() - looked > _LOOK_S:
            looked = time.monotonic()
            with suppress(InputError):
                known = {each.run_id: each.ended for each in read_launches(uri)}
        return known.get(launch, False)

    return ended


@contextmanager
def _beating(ledger: Ledger) -> Iterator[None]:
    """Let other launches of the search see that this one lives, for as long as it does."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_S):
            with suppress(Exception):  # the storage is busy or away: the next beat may arrive
                ledger.beat()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_BEAT_S)
