"""`hglab search`: look through a space of networks for the best, and stop and go on as one likes."""

from __future__ import annotations

import signal
from dataclasses import replace
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
    command_called,
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
    checked_root,
    guarded,
)

if TYPE_CHECKING:
    from rich.console import Console

    from runners.job import Places, Resources
    from runners.search.launch import SearchOptions, SearchOutcome
    from search_space import ExpandedSearch


@guarded
def search(
    study: StudyPath,
    scale: Scale = None,
    data: Data = None,
    data_root: DataRoot = None,
    settings: Set = None,
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    checkpoints: Checkpoints = None,
    storage: Storage = None,
    executor: ExecutorOption = ExecutorName.ray,
    address: Address = None,
    cpus_per_trial: CpusPerTrial = 1,
    gpus_per_trial: GpusPerTrial = None,
    memory_per_trial: MemoryPerTrial = None,
    compiled: TorchCompile = False,
    concurrent: Concurrent = None,
    retry: RetryOption = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many trials in all, in place of the study's.", show_default=False)
    ] = None,
    hours: Annotated[
        float | None, typer.Option(min=0.001, help="After so many hours in all nothing begins.", show_default=False)
    ] = None,
    shown_as: Format = ShownAs.terminal,
) -> None:
    """Search a study's space: propose points, train them, stop the poor ones early, and show the best or the front.

    Everything is kept in Optuna's storage: run the same command again, on this machine or another, and it goes on where
    it was. Points whose trials the record holds are told, not trained. Ctrl-C finishes the epochs under way and stops.

    Exit codes: 0 the search is at its end, 1 a trial failed, 2 bad input, 130 interrupted.

    Example: hglab search studies/search_blocks.yaml --scale tiny
    """
    from cli.searches import expanded_search, names_a_search
    from search_space import InputError

    if not names_a_search(study):
        hint = f"train its rows with: hglab run {study}"
        raise InputError.at(str(study), "the study has no `search:`, so there is nothing to search", hint)
    wanted = expanded_search(study, scale, data, settings)
    search_on(
        replace(wanted, trials=trials or wanted.trials, hours=hours or wanted.hours),
        Path(runs),
        tracking_uri,
        data_root,
        checkpoints,
        HowToTrain(executor, address, cpus_per_trial, gpus_per_trial, memory_per_trial, compiled, concurrent, retry),
        storage,
        shown_as,
    )


def search_on(
    wanted: ExpandedSearch,
    runs: Path,
    tracking_uri: str | None,
    data_root: Path | None,
    checkpoints: str | None,
    how: HowToTrain,
    storage: str | None,
    shown_as: ShownAs,
) -> None:
    """Begin a search or go on with it, and show what it found. Options as of the verb.

    Raises:
        InputError: for a search, options or data that cannot be used.
        typer.Exit: with the code, unless all went well.
    """
    from rich.console import Console
    from rich.markup import escape

    from analysis.search.tally import nothing_fits
    from cli.executor import check_address, make_sweep
    from cli.gpus import gpus_of_a_trial
    from cli.notices import tell_left_over
    from runners.checkpoints_url import check_usable
    from runners.job import Places, Resources
    from runners.launch import catch_up
    from runners.search.launch import SearchOptions
    from search_space import InputError

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True, highlight=False)
    console.soft_wrap = not console.is_terminal
    check_address(how.executor, how.address)
    if checkpoints is not None:
        check_usable(checkpoints)
    places = Places.below(runs, tracking_uri, checked_root(data_root), checkpoints)
    tell_left_over(console, catch_up(places))
    share = gpus_of_a_trial(how.gpus, how.address, (), ())
    resources = Resources(how.cpus, share, how.compiled, how.memory)
    _announce(console, wanted)
    with make_sweep(how.executor, places, how.address, how.concurrent) as sweep:
        options = SearchOptions(storage, retry_failed=how.retry is Retry.failed)
        ended = _launch(console, wanted, places, resources, sweep, how.concurrent, options)
    _conclude(console, wanted, ended, shown_as, ui_words(runs, tracking_uri), storage)
    outcome = ended.outcome
    if outcome.interrupted:
        console.print("interrupted: run the same command again to go on where it was")
        raise typer.Exit(EXIT_INTERRUPTED)
    if outcome.error:
        console.print(
            f"[red]the search ended early[/red]: {escape(outcome.error)}; run the same command again to go on"
        )
    unfit = nothing_fits(ended.result)
    if ended.reason and unfit is not None:
        raise InputError([unfit])
    if ended.reason:
        console.print(f"the search ended: {escape(ended.reason)}")
    if outcome.unsent:
        console.print(
            f"[red]the record is away[/red]: the results of {len(outcome.unsent)} trials wait on disk; run the same "
            "command again once it answers"
        )
    if left_failed := _left_failed(ended):
        console.print(
            f"[red]failed before[/red], not tried again: {escape(', '.join(left_failed))} (--retry failed does)"
        )
    if outcome.failed or left_failed or outcome.error or outcome.unsent:
        raise typer.Exit(EXIT_FAILED)


def _left_failed(ended: SearchOutcome) -> list[str]:
    """The trials that have failed, and not in this launch."""
    now = {name.partition("/")[0] for name in ended.outcome.failed}
    trials = (trial for trial in ended.result.trials if trial.state == "failed" and trial.duplicate_of is None)
    return [trial.name for trial in trials if trial.name not in now]


def _announce(console: Console, wanted: ExpandedSearch) -> None:
    from cli.search_text import header, trials_over

    aims = ", ".join(f"{header(each.metric)} ({each.direction})" for each in wanted.objectives)
    console.print(
        f"[bold]{wanted.study.name}[/bold]: {trials_over(wanted)} for {aims}; "
        f"sampler {wanted.sampler.name}, scheduler {wanted.scheduler.name}; scale {wanted.scale}, data "
        f"{wanted.settings['data.name']}"
    )


def _launch(
    console: Console,
    wanted: ExpandedSearch,
    places: Places,
    resources: Resources,
    sweep: object,
    concurrent: int | None,
    options: SearchOptions,
) -> SearchOutcome:
    from cli.progress import preparing
    from cli.search_progress import SearchProgress
    from cli.search_text import shown_metric
    from runners.executors import run_inline
    from runners.interruption import StopRequest, finishing_epochs_on_interrupt
    from runners.search.asker import Asker
    from runners.search.executors import SearchExecutor, search_inline
    from runners.search.halving import Halving
    from runners.search.launch import launch_search
    from runners.sweep import RaySweep
    from search_space import TrialConfig
    from tasks.pose import open_pose

    display = SearchProgress(console, wanted, shown_metric(wanted))
    runner: SearchExecutor = search_inline
    if isinstance(sweep, RaySweep):
        from runners.search.tune import RaySearch

        runner = RaySearch(sweep, concurrent=concurrent)

    def prepare(config: TrialConfig) -> None:
        with preparing(console) as show:
            open_pose(config.data, places.data_root, places.cache, show)

    def say() -> None:
        console.print("interrupted: finishing the epochs under way; Ctrl-C again ends them now")

    def displayed(request: StopRequest) -> SearchExecutor:
        def execute(asker: Asker, halving: Halving | None) -> None:
            with finishing_epochs_on_interrupt(request, say), display.shown():
                runner(asker, halving)

        return execute

    return launch_search(
        wanted,
        places,
        resources,
        displayed,
        sweep if isinstance(sweep, RaySweep) else run_inline,
        display,
        options,
        prepare=prepare,
    )


def _conclude(
    console: Console,
    wanted: ExpandedSearch,
    ended: SearchOutcome,
    shown_as: ShownAs,
    words: list[str],
    storage: str | None,
) -> None:
    """Print what the search has found, and what to do with it."""
    import json
    import shlex

    from rich.console import Console

    from cli.search_state import print_found, result_as_plain
    from runners.search.opening import without_password

    if shown_as is ShownAs.json:
        typer.echo(json.dumps({"search": wanted.study.name, **result_as_plain(ended.result)}, indent=2))
    else:
        print_found(Console(highlight=False), ended.result)
    if not ended.result.complete:
        return
    if storage is not None and without_password(storage) == storage:  # else the environment has it, one hopes
        words = [*words, "--storage", storage]
    path = str(wanted.study.path)
    for what, verb in (("look closer", "front"), ("train the best at full budget", "promote")):
        line = f"{what}:  {shlex.join([command_called(), verb, path, *words])}"
        console.print(line, soft_wrap=True, markup=False)
