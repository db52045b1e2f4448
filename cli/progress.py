"""How a sweep goes, for the person who waits: live on a terminal, a line per event elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.text import duration
from runners.lease import describe_holder
from search_space import TrialConfig
from search_space.metrics import HEADLINE, METRICS
from search_space.phases import epochs

if TYPE_CHECKING:
    from rich.progress import TaskID

    from runners.job import Job, Progress
    from runners.lease import Holder
    from tasks.crops import Progress as CropProgress


class SweepProgress:
    """A monitor (see `runners.executors`) that shows what it is told on a rich console."""

    def __init__(self, console: Console, total: int, all_epochs: int) -> None:
        """Watch `total` trials that have `all_epochs` epochs together."""
        self._console = console
        self._total = total
        self._epochs = all_epochs
        self._epochs_done = 0
        self._running: dict[str, Progress | None] = {}
        self._seen: dict[str, int] = {}
        self._done = 0
        self._failed = 0
        self._begin = time.monotonic()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the display up to date while the sweep runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self._render, console=self._console, refresh_per_second=2, transient=True):
            yield

    def started(self, job: Job) -> None:
        """Show a trial that has begun."""
        if not self._seen and not self._running and not self._done:  # not the time that Ray took to start
            self._begin = time.monotonic()
        self._running[job.name] = None
        if not self._console.is_terminal:
            self._line(f"{job.name}: started")

    def progressed(self, job: Job, progress: Progress) -> None:
        """Show how far a trial is."""
        self._epochs_done += max(0, progress.epoch - self._seen.get(job.name, 0))
        self._seen[job.name] = max(progress.epoch, self._seen.get(job.name, 0))
        self._running[job.name] = progress

    def finished(self, job: Job) -> None:
        """Show a trial that is complete, with its headline figure."""
        last = self._running.pop(job.name, None)
        self._done += 1
        figure = (
            f", {METRICS[HEADLINE].header} {last.metrics[HEADLINE]:.2f}" if last and HEADLINE in last.metrics else ""
        )
        took = f" in {duration(last.metrics['seconds'])}" if last and "seconds" in last.metrics else ""
        self._line(f"[green]✓[/green] {escape(job.name)}: done{took}{figure}")

    def failed(self, job: Job, error: str) -> None:
        """Show a trial that has failed, and why."""
        self._running.pop(job.name, None)
        self._failed += 1
        self._forget_epochs(job)
        self._line(f"[red]✗[/red] {escape(job.name)}: failed: {escape(error)}")

    def held(self, job: Job, holder: Holder | None) -> None:
        """Show who trains a trial that this launch waits for."""
        self._running.pop(job.name, None)
        self._line(f"{escape(job.name)}: waiting for it: being trained by {escape(describe_holder(holder))}")

    def taken(self, job: Job) -> None:
        """Show a trial that another launch has completed."""
        self._running.pop(job.name, None)
        self._done += 1
        self._forget_epochs(job)
        self._line(f"[green]✓[/green] {escape(job.name)}: done by another launch")

    def _forget_epochs(self, job: Job) -> None:
        """Take the epochs that a trial will not train here off those that are waited for."""
        self._epochs -= epochs(TrialConfig.model_validate(job.config)) - self._seen.get(job.name, 0)

    def _line(self, markup: str) -> None:
        self._console.print(markup, highlight=False)

    def _render(self) -> Group:
        rows = Table.grid(padding=(0, 2))
        for name, progress in list(self._running.items()):
            figure = (
                f"{METRICS[HEADLINE].header} {progress.metrics.get(HEADLINE, float('nan')):.2f}"
                if progress
                else "starting"
            )
            add_progress_row(rows, name, progress, figure)
        ended = self._done + self._failed
        elapsed = time.monotonic() - self._begin
        left = elapsed / self._epochs_done * (self._epochs - self._epochs_done) if self._epochs_done else None
        summary = Text.assemble(
            (f"{ended}/{self._total} trials", "bold"),
            f"  {len(self._running)} running",
            (f"  {self._failed} failed", "red" if self._failed else ""),
            f"  {duration(elapsed)} gone",
            f"  about {duration(max(0.0, left))} left" if left is not None else "",
        )
        return Group(rows, summary)


def add_progress_row(rows: Table, name: str, progress: Progress | None, words: str) -> None:
    """Add a trial that trains: its name, a bar of its epochs, and how it stands in words."""
    epoch, total = (progress.epoch, progress.epochs) if progress else (0, 1)
    count = f"epoch {epoch}/{total}" if progress else ""
    rows.add_row(Text(f"  {name}"), ProgressBar(total=total, completed=epoch, width=24), count, words)


@contextmanager
def preparing(console: Console) -> Iterator[CropProgress]:
    """A callback for `tasks.crops`: shows images being decoded, which happens once for each data set and resolution."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def show(split: str, done: int, total: int) -> None:
            if split not in bars:
                bars[split] = progress.add_task(f"preparing {split} images", total=total)
                if not console.is_terminal:
                    console.print(f"preparing {total} {split} images (once)", highlight=False)
            progress.update(bars[split], completed=done)

        yield show
