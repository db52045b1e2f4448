"""How a search goes, for the person who waits: live on a terminal, a line per event elsewhere.

A search monitor (see `runners.search.monitor`). What training one trial looks like is the sweep's (`cli.progress`);
what a search adds is the best point or the front so far, and why points were not trained to their end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.progress import add_progress_row
from cli.search_text import figure, header, points, points_table, said, so_many, some_of, trials_of
from cli.text import duration
from runners.lease import describe_holder

if TYPE_CHECKING:
    from runners.job import Job, Progress
    from runners.lease import Holder
    from runners.search.monitor import SearchStanding
    from runners.search.results import SearchedTrial
    from search_space.search import ExpandedSearch


class SearchProgress:
    """A search monitor that shows what it is told on a rich console."""

    def __init__(self, console: Console, search: ExpandedSearch, metric: str) -> None:
        """Watch a search; `metric` is the figure that is shown of a trial while it trains."""
        self._console = console
        self._search = search
        self._metric = metric
        self._running: dict[str, tuple[str, Progress | None]] = {}
        self._standing: SearchStanding | None = None
        self._begin = self._stood = time.monotonic()
        self._ended = 0  # trials: what counts without what trains here
        self._ended_before = 0  # in earlier launches: they say nothing of how fast this one is
        self._first = [dict(point) for point in search.first]
        self._told_best: int | None = None
        self._told_ended = 0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the display up to date while the search runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self.render, console=self._console, refresh_per_second=2, transient=True):
            yield

    def started(self, job: Job) -> None:
        """Show a trial that has begun."""
        self._running[job.name] = (_called(job), None)
        if not self._console.is_terminal:
            self._line(f"{escape(_called(job))}: started")

    def progressed(self, job: Job, progress: Progress) -> None:
        """Show how far a trial is."""
        self._running[job.name] = (_called(job), progress)

    def finished(self, job: Job) -> None:
        """Show a trial that is complete, with its figure."""
        self._line(f"[green]✓[/green] {escape(_called(job))}: {self._outcome(job)}")

    def pruned(self, job: Job, epoch: int) -> None:
        """Show a trial that the scheduler has stopped."""
        words = self._figure_words(self._running.pop(job.name, ("", None))[1])
        self._line(f"[yellow]–[/yellow] {escape(_called(job))}: stopped after {so_many(epoch, 'epoch')}{words}")

    def failed(self, job: Job, error: str) -> None:
        """Show a trial that has failed, and why."""
        self._running.pop(job.name, None)
        self._line(f"[red]✗[/red] {escape(_called(job))}: failed: {escape(error)}")

    def held(self, job: Job, holder: Holder | None) -> None:
        """Show who trains a trial that this launch waits for."""
        self._running.pop(job.name, None)
        self._line(f"{escape(_called(job))}: waiting for it: being trained by {escape(describe_holder(holder))}")

    def taken(self, job: Job) -> None:
        """Show a trial that another launch has completed."""
        self._running.pop(job.name, None)
        self._line(f"[green]✓[/green] {escape(_called(job))}: done by another launch")

    def told(self, trial: SearchedTrial) -> None:
        """Show a point that the record held already, and a first point that is left out: it was asked for by name.
        Others that need no training are counted (`stands`), no more.
        """
        if trial.reused and trial.duplicate_of is None:
            self._line(f"[green]✓[/green] {escape(said(trial, self._search))} (from the record)")
        elif trial.state == "infeasible" and dict(trial.point) in self._first:
            self._first.remove(dict(trial.point))  # samplers may propose it again, which is no news
            why = trial.error or f"it breaks {' and '.join(trial.violations or ())}"
            name = f"{trial.name} {self._search.label(trial.point)}"
            self._line(f"[yellow]left out[/yellow]: the first point {escape(f'{name}: {why}')}")

    def stands(self, standing: SearchStanding) -> None:
        """Take up how far the search is; in a log, say so where it has gone on."""
        ended = self._ended = standing.counted - standing.running
        self._stood = time.monotonic()
        if self._standing is None:
            self._ended_before = self._told_ended = ended
            self._begin = self._stood
        self._standing = standing
        best = standing.best.number if standing.best else None
        if best is not None and best != self._told_best and standing.best is not None:
            self._told_best = best
            if len(self._search.objectives) == 1:
                self._line(f"[bold]best so far[/bold]: {escape(said(standing.best, self._search))}")
        if not self._console.is_terminal and ended > self._told_ended:
            self._told_ended = ended
            self._console.print(self._summary(standing), highlight=False, soft_wrap=True)

    def render(self) -> Group:
        """What is shown at this moment: the trials that train, the best or the front so far, the counts."""
        rows = Table.grid(padding=(0, 2))
        for name, progress in list(self._running.values()):
            words = self._figure_words(progress).removeprefix(", ") if progress else "starting"
            add_progress_row(rows, name, progress, words)
        parts: list[RenderableType] = [rows] if self._running else []
        standing = self._standing
        if standing is not None:
            parts += self._found(standing)
            parts.append(self._summary(standing))
        return Group(*parts)

    def _found(self, standing: SearchStanding) -> list[RenderableType]:
        if len(self._search.objectives) == 1:
            if standing.best is None:
                return [Text("no point is complete yet", style="dim")]
            return [Text.assemble(("best so far  ", "bold"), said(standing.best, self._search))]
        if not standing.front:
            return [Text("no point is complete yet", style="dim")]
        some = some_of(standing.front, self._search)
        count = points(len(standing.front)) + (f", {len(some)} of them:" if len(some) < len(standing.front) else ":")
        return [Text.assemble(("front so far  ", "bold"), count), points_table(some, self._search)]

    def _summary(self, standing: SearchStanding) -> Text:
        now = time.monotonic()
        gone = standing.seconds + now - self._stood
        left = self._left(standing, now, gone)
        running = len(self._running)
        words = [
            (trials_of(self._ended, standing.trials), "bold"),
            (f"  {running} running" if running else "", ""),
            (f"  {standing.pruned} stopped early" if standing.pruned else "", "yellow"),
            (f"  {standing.infeasible} left out" if standing.infeasible else "", ""),
            (f"  {standing.repeated} repeated" if standing.repeated else "", ""),
            (f"  {standing.failed} failed" if standing.failed else "", "red"),
            (f"  {so_many(standing.epochs_trained, 'epoch')}", ""),
            (f"  {duration(gone)} gone", ""),
            (f"  about {duration(left)} left" if left is not None else "", ""),
        ]
        return Text.assemble(*words)

    def _left(self, standing: SearchStanding, now: float, gone: float) -> float | None:
        """The seconds until the trials or the hours are used up, whichever comes first; None while nothing tells."""
        if self._ended >= standing.trials:
            return None
        lefts = []
        if self._ended > self._ended_before:
            each = (now - self._begin) / (self._ended - self._ended_before)
            lefts.append(each * (standing.trials - self._ended))
        if standing.hours is not None:
            lefts.append(max(0.0, standing.hours * 3600 - gone))
        return min(lefts) if lefts else None

    def _outcome(self, job: Job) -> str:
        _, last = self._running.pop(job.name, ("", None))
        took = f" in {duration(last.metrics['seconds'])}" if last and "seconds" in last.metrics else ""
        return f"done{took}{self._figure_words(last)}"

    def _figure_words(self, progress: Progress | None) -> str:
        if progress is None or self._metric not in progress.metrics:
            return ""
        return f", {header(self._metric)} {figure(self._metric, progress.metrics[self._metric])}"

    def _line(self, markup: str) -> None:
        self._console.print(markup, highlight=False)


def _called(job: Job) -> str:
    """What a trial of a search is called: its number, and what sets it apart."""
    return f"{job.variant} {job.label}"
