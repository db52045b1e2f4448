"""`hglab run`: train what a study asks for and the record does not hold yet."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.executor import (
    Address,
    Concurrent,
    CpusPerTrial,
    ExecutorName,
    ExecutorOption,
    GpusPerTrial,
    HowToTrain,
    MemoryPerTrial,
    Retry,
    RetryOption,
    TorchCompile,
    check_address,
    command_called,
    make_sweep,
    ui_words,
)
from cli.options import (
    DEFAULT_RUNS,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    Checkpoints,
    Data,
    DataRoot,
    Format,
    Runs,
    Scale,
    Set,
    ShownAs,
    Storage,
    StudyPath,
    TrackingUri,
    guarded,
)

if TYPE_CHECKING:
    from rich.console import Console

    from runners.executors import Executor, Monitor
    from runners.job import Job, Places, Resources
    from runners.launch import Remaining
    from runners.outcome import Outcome
    from runners.planning import Plan


@guarded
def run(
    study: StudyPath,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    checkpoints: Checkpoints = None,
    executor: ExecutorOption = ExecutorName.ray,
    address: Address = None,
    cpus_per_trial: CpusPerTrial = 1,
    gpus_per_trial: GpusPerTrial = None,
    memory_per_trial: MemoryPerTrial = None,
    compiled: TorchCompile = False,
    concurrent: Concurrent = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="VARIANT", help="Train only this variant now; repeatable.", show_default=False),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Train everything again, from the start: whatever is recorded, also by an earlier --fresh.",
        ),
    ] = False,
    retry: RetryOption = None,
    storage: Storage = None,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Train a study's trials, each once, and print its table.

    Trials that the record holds complete are reused; interrupted ones go on from their last epoch; failed ones stay as
    they are unless --retry failed asks for them. Ctrl-C finishes the epochs under way and stops, Ctrl-C twice stops at
    once: run the same command again to go on. Of a search it does what `hglab search` does.

    Exit codes: 0 all trials are complete, 1 a trial failed, 2 bad input, 130 interrupted.

    Example: hglab run studies/quickstart.yaml --scale tiny
    """
    from rich.console import Console
    from rich.markup import escape

    from cli.gpus import gpus_of_a_trial
    from cli.notices import tell_done_otherwise, tell_left_over
    from cli.search import search_on
    from cli.searches import expanded_search, names_a_search
    from cli.studies import planned
    from runners.checkpoints_url import check_usable
    from runners.job import Places, Resources
    from runners.launch import catch_up, remaining
    from runners.otherwise import done_otherwise
    from runners.record.reading import read_trials

    if names_a_search(study):
        _refuse_for_a_search(only, fresh)
        search_on(
            expanded_search(study, scale, data, settings),
            runs,
            tracking_uri,
            data_root,
            checkpoints,
            HowToTrain(
                executor, address, cpus_per_trial, gpus_per_trial, memory_per_trial, compiled, concurrent, retry
            ),
            storage,
            shown_as,
        )
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True, highlight=False)
    console.soft_wrap = not console.is_terminal  # a log keeps its lines whole
    plan = planned(study, scale, data, settings, data_root)
    if checkpoints is not None:
        check_usable(checkpoints)
    places = Places.below(runs, tracking_uri, data_root, checkpoints)
    tell_left_over(console, catch_up(places))
    recorded = read_trials(places.uri)
    rest = remaining(plan, recorded, places, _chosen(plan, only), fresh=fresh, retry_failed=retry is Retry.failed)
    _announce(console, plan, len(rest.reused), len(rest.to_train))
    tell_done_otherwise(console, done_otherwise(rest.to_train, recorded))
    check_address(executor, address)
    gpus = gpus_of_a_trial(gpus_per_trial, address, rest.to_train, recorded) if rest.to_train else 0.0
    if 0 < gpus < 1 and gpus_per_trial is None:
        console.print(f"{gpus:g} of a GPU for each trial, by the memory that such trials took (--gpus-per-trial)")
    resources = Resources(cpus_per_trial, gpus, compiled, memory_per_trial)
    with make_sweep(executor, places, address, concurrent) as runner:
        outcome = _launch(console, plan, rest, places, runner, resources)
    _conclude(console, plan, places, outcome, shown_as, runs, tracking_uri)
    if outcome.interrupted:
        console.print("interrupted: run the same command again to go on from the last epochs")
        raise typer.Exit(EXIT_INTERRUPTED)
    if outcome.error:
        console.print(f"[red]the sweep ended early[/red]: {escape(outcome.error)}; run the same command again to go on")
    if outcome.left_failed:
        some = ", ".join(outcome.left_failed)
        console.print(f"[red]failed before[/red], not tried again: {escape(some)} (--retry failed does)")
    if outcome.unsent:
        console.print(
            f"[red]the record is away[/red]: the results of {len(outcome.unsent)} trials wait on disk "
            f"({escape(', '.join(outcome.unsent))}); run the same command again once it answers"
        )
    if outcome.failed or outcome.left_failed or outcome.error or outcome.unsent:
        raise typer.Exit(EXIT_FAILED)


def _refuse_for_a_search(only: list[str] | None, fresh: bool) -> None:
    """Raises InputError for options that mean nothing to a search."""
    from search_space import InputError

    if only:
        raise InputError.at("--only", "a search has no variants to choose from", "leave it out")
    if fresh:
        hint = "leave it out, or give another --storage for a search from the start"
        raise InputError.at("--fresh", "a search does not train again what is recorded", hint)


def _chosen(plan: Plan, only: list[str] | None) -> set[str] | None:
    """The variants to train now; None for all. Raises InputError for one that the study does not have."""
    from search_space import InputError
    from search_space.problems import did_you_mean

    known = [variant.id for variant in plan.expanded.variants]
    for name in only or ():
        if name not in known:
            raise InputError.at(f"--only {name}", f"the study has no variant '{name}'", did_you_mean(name, known))
    return set(only) if only else None


def _announce(console: Console, plan: Plan, reused: int, to_train: int) -> None:
    expanded = plan.expanded
    console.print(
        f"[bold]{expanded.study.name}[/bold]: {len(plan.trials)} trials ({len(expanded.variants)} variants, "
        f"{len(expanded.study.spec.seeds)} seeds), {reused} reused, {to_train} to train; "
        f"scale {expanded.scale}, data {', '.join(plan.data_versions)}"
    )


def _launch(
    console: Console, plan: Plan, rest: Remaining, places: Places, executor: Executor, resources: Resources
) -> Outcome:
    from cli.progress import SweepProgress, preparing
    from runners.interruption import StopRequest, finishing_epochs_on_interrupt
    from runners.launch import launch
    from search_space.phases import epochs
    from tasks.pose import open_pose

    def prepare() -> None:
        with preparing(console) as show:
            for config in dict.fromkeys(trial.config.data for trial in rest.to_train):
                open_pose(config, places.data_root, places.cache, show)

    display = SweepProgress(console, len(rest.to_train), sum(epochs(trial.config) for trial in rest.to_train))

    requests: set[StopRequest] = set()

    def say() -> None:
        console.print("interrupted: finishing the epochs under way; Ctrl-C again ends them now")

    def displayed(jobs: Sequence[Job], monitor: Monitor) -> None:
        request = StopRequest.of(jobs[0])
        if request.made():
            raise KeyboardInterrupt
        requests.add(request)
        with finishing_epochs_on_interrupt(request, say), display.shown():
            executor(jobs, monitor)

    try:
        return launch(plan, rest, places, resources, displayed, display, prepare=prepare)
    finally:
        for request in requests:
            request.withdraw()


def _conclude(
    console: Console,
    plan: Plan,
    places: Places,
    outcome: Outcome,
    shown_as: ShownAs,
    runs: Path,
    tracking_uri: str | None,
) -> None:
    """Print the table, write it in every format, keep it with the launch."""
    from cli.tables import file_stem, made_table, print_table, write_tables
    from runners.record.writing import Record

    table = made_table(plan, places.uri)
    print_table(table, "json" if shown_as is ShownAs.json else "terminal")
    files = write_tables(table, runs / "tables", file_stem(plan))
    if outcome.launch is not None:
        record = Record(places.uri, places.artifacts)
        for file in files:
            record.log_file(outcome.launch, file)
    console.print("wrote " + ", ".join(str(file) for file in files), soft_wrap=True, markup=False)
    words = [command_called(), "ui", *ui_words(runs, tracking_uri)]
    console.print("browse them:  " + shlex.join(words), soft_wrap=True, markup=False)
