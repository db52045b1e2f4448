"""What runs trials: the options that `run` and `search` share, and the executor that they name."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_RUNS

if TYPE_CHECKING:
    from runners.executors import Executor
    from runners.job import Places


class ExecutorName(StrEnum):
    """What runs the trials."""

    ray = "ray"
    inline = "inline"


class Retry(StrEnum):
    """Which trials are tried again."""

    failed = "failed"


@dataclass(frozen=True)
class HowToTrain:
    """The options of that kind, as a verb was given them."""

    executor: ExecutorName
    address: str | None
    cpus: int
    gpus: float | None
    memory: int | None
    compiled: bool
    concurrent: int | None
    retry: Retry | None


ExecutorOption = Annotated[ExecutorName, typer.Option(help="ray: in parallel; inline: one by one here.")]
Address = Annotated[str | None, typer.Option(help="A Ray cluster: auto or host:port.", show_default="this machine")]
CpusPerTrial = Annotated[int, typer.Option(min=1, help="CPU threads of a trial.")]
GpusPerTrial = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="GPUs, or a part of one, of a trial.",
        show_default="by measured memory, else 1 where there is one",
    ),
]
MemoryPerTrial = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="MIB",
        help="Memory of a trial on a CPU, beyond its process; one retry at 1.5 times.",
        show_default="no limit",
    ),
]
TorchCompile = Annotated[
    bool,
    typer.Option("--compile", help="Train through torch.compile: minutes at first, faster on a GPU."),
]
Concurrent = Annotated[
    int | None, typer.Option(min=1, help="At most so many trials at once.", show_default="what the machine carries")
]
RetryOption = Annotated[Retry | None, typer.Option(help="failed: also what failed before.", show_default=False)]


def check_address(name: ExecutorName, address: str | None) -> None:
    """Raises InputError for an address of a cluster where no cluster is asked for."""
    from search_space import InputError

    if address is not None and name is ExecutorName.inline:
        raise InputError.at("--address", "has no meaning with --executor inline", "leave one of them out")


def make_sweep(
    name: ExecutorName, places: Places, address: str | None, concurrent: int | None
) -> AbstractContextManager[Executor]:
    """What runs the trials, to be left at the end: Ray stays up from one wave of a launch to the next."""
    if name is ExecutorName.inline:
        from runners.executors import run_inline

        return contextlib.nullcontext(run_inline)
    import uuid

    from runners.sweep import RaySweep

    scratch = places.trials.parent / "ray" / uuid.uuid4().hex[:12]
    return RaySweep(scratch=scratch, address=address, concurrent=concurrent)


def command_called() -> str:
    """How the user can call this command: by its name, or by its path where it is not on the PATH."""
    import shutil
    import sys

    called = Path(sys.argv[0])
    return "hglab" if shutil.which("hglab") or called.name != "hglab" else os.path.relpath(called)


def ui_words(runs: Path, tracking_uri: str | None) -> list[str]:
    """The options that lead another verb to the same record."""
    words = [] if runs == DEFAULT_RUNS else ["--runs", str(runs)]
    return words + (["--tracking-uri", tracking_uri] if tracking_uri else [])
