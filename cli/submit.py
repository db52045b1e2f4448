"""`hglab submit`: run a study as a job of a Ray cluster, which goes on when this terminal is closed."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from cli.options import EXIT_FAILED, EXIT_INTERRUPTED, StudyPath, guarded

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

_START = 'python -c "from cli.main import main; main()" run'
"""How the head begins it: the code comes with the job, so that hglab need not be installed there."""
_STOP_WAIT_S = 60
"""The seconds that a job which is stopped has to record so; Ray gives 3."""
_INSTALL = "install Ray's part for jobs here and on the cluster (pip install 'ray[default]'), and start its head again"
_SECRET = "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH to the cluster's token: see docs/cluster.md"

CONTEXT = {"ignore_unknown_options": True}
"""What typer needs to know to leave the options of `run` alone."""


@guarded
def submit(
    study: StudyPath,
    address: Annotated[
        str,
        typer.Option(envvar="RAY_API_SERVER_ADDRESS", help="The dashboard of the cluster's head: http://HEAD:8265."),
    ],
    run_options: Annotated[
        list[str] | None, typer.Argument(metavar="RUN_OPTIONS", help="As for hglab run.", show_default=False)
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show the job's output until it ends.")] = False,
) -> None:
    """Run a study, or search, as a job of a Ray cluster; it outlives this terminal.

    The study comes first, then the options of `hglab run`. The study, those that it refers to and hglab's code are sent
    along; --runs and --data-root are folders that all machines of the cluster see under the same path.

    Exit codes: 0 sent, 2 bad input; with --wait 0 all trials are complete, 1 a trial failed, 130 stopped.

    Example: hglab submit studies/quickstart.yaml --scale tiny --runs /shared/runs --address http://head:8265
    """
    words = _checked(study, run_options or [])
    client = _client(address)
    job = _send(client, study, [*words, "--address", "auto"])
    at = shlex.quote(address)
    typer.echo(job)
    typer.echo(f"follow it:  ray job logs --follow --address {at} {job}", err=True)
    typer.echo(f"stop it:    ray job stop --address {at} {job}", err=True)
    if wait:
        _follow(client, job)


def _checked(study: Path, options: Sequence[str]) -> list[str]:
    """The words for `run` there, folders absolute. Raises what `run` itself would raise for these options and study."""
    from cli.run import run
    from cli.searches import expanded_search, names_a_search
    from cli.studies import expanded_study
    from runners.checkpoints_url import check_url
    from runners.search.feasibility import check_feasible
    from search_space import InputError

    if str(study).startswith("-"):
        raise InputError.at(str(study), "the study comes first", "hglab submit STUDY [OPTIONS OF RUN] --address URL")
    alone = typer.Typer(add_completion=False)
    alone.command()(run)
    asked: dict[str, Any] = typer.main.get_command(alone).make_context("hglab run", [str(study), *options]).params
    for name in ("address", "executor"):
        if any(word.split("=")[0] == f"--{name}" for word in options):
            raise InputError.at(f"--{name}", "has no meaning for a job: it runs on the whole cluster", "leave it out")
    if "@" in urlsplit(asked["tracking_uri"] or "").netloc:
        what = "holds a password, and whoever lists the cluster's jobs would read it"
        raise InputError.at("--tracking-uri", what, "set MLFLOW_TRACKING_USERNAME and _PASSWORD where Ray is started")
    if names_a_search(study):
        check_feasible(expanded_search(study, asked["scale"], asked["data"], asked["settings"]))
    else:
        expanded_study(study, asked["scale"], asked["data"], asked["settings"])
    storage = _storage(asked["storage"])
    if asked["checkpoints"]:
        check_url(asked["checkpoints"])  # whether it answers, the head and the nodes say
    words = [study.name, *options, "--runs", str(Path(asked["runs"]).resolve())]
    words += ["--data-root", str(Path(asked["data_root"]).resolve())] if asked["data_root"] else []
    words += ["--checkpoints", asked["checkpoints"]] if asked["checkpoints"] else []
    words += ["--storage", storage] if storage else []
    return words + (["--tracking-uri", asked["tracking_uri"]] if asked["tracking_uri"] else [])


def _storage(given: str | None) -> str | None:
    """The storage of searches for a job: a file by its absolute path. Raises InputError for one with a password."""
    from search_space import InputError

    if given is not None and urlsplit(given).password:
        what = "holds a password, and whoever lists the cluster's jobs would read it"
        hint = "set HGLAB_SEARCH_STORAGE where Ray is started, and not here"
        raise InputError.at("--storage", what, hint)
    sqlite = "sqlite:///"
    if given is not None and given.startswith(sqlite):
        return f"{sqlite}{Path(given.removeprefix(sqlite)).resolve()}"
    return given


def _client(address: str) -> JobSubmissionClient:
    """Ray's client of a cluster. Raises InputError where there is none, or no Ray that can send jobs."""
    from search_space import InputError

    if not address.startswith(("http://", "https://")):
        raise InputError.at(f"--address {address}", "is not the address of a dashboard", "write http://HEAD:8265")
    from ray.exceptions import AuthenticationError

    try:
        from ray.job_submission import JobSubmissionClient

        return JobSubmissionClient(address)
    except AuthenticationError as error:
        what = f"the cluster does not let you in ({str(error).strip().splitlines()[0]})"
        raise InputError.at(f"--address {address}", what, _SECRET) from None
    except (ImportError, ConnectionError, RuntimeError, ValueError) as error:
        what = f"no cluster takes jobs there ({str(error).strip().splitlines()[0]})"
        raise InputError.at(f"--address {address}", what, _INSTALL) from None


def _send(client: JobSubmissionClient, study: Path, words: Sequence[str]) -> str:
    """Send a job and give its id. The study and those from which it takes variants travel along, and no other file."""
    import analysis
    import blocks
    import cli
    import runners
    import search_space
    import tasks
    from search_space import InputError
    from search_space.references import needed_files

    rooms = (search_space, blocks, tasks, runners, analysis, cli)
    with tempfile.TemporaryDirectory() as folder:
        for file in needed_files(study, _teachers(words)):
            shutil.copy(file, folder)
        try:
            return str(
                client.submit_job(
                    entrypoint=f"{_START} {shlex.join(words)}",
                    metadata={"study": study.stem},
                    runtime_env={
                        "working_dir": folder,
                        "py_modules": [str(Path(str(room.__file__)).parent) for room in rooms],
                        "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(_STOP_WAIT_S), "PYTHONUNBUFFERED": "1"},
                    },
                )
            )
        except (ConnectionError, RuntimeError) as error:
            what = f"the cluster does not take the job ({str(error).strip().splitlines()[0]})"
            raise InputError.at("the job", what, _INSTALL) from None


def _teachers(words: Sequence[str]) -> list[str]:
    """The teachers that options of `run` set: `--set distillation.teacher=STUDY/VARIANT`."""
    settings = (word.removeprefix("--set=").partition("=") for word in words)
    return [value.strip() for name, _, value in settings if name.strip() == "distillation.teacher"]


def _follow(client: JobSubmissionClient, job: str) -> None:
    """Show a job's output until it ends, and leave with what became of it. Ctrl-C ends the showing, not the job."""
    import asyncio

    async def show() -> None:
        async for text in client.tail_job_logs(job):
            typer.echo(text, nl=False)

    try:
        asyncio.run(show())
    except KeyboardInterrupt:
        typer.echo(f"the job {job} goes on", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    ended = str(client.get_job_status(job))
    if ended != "SUCCEEDED":
        typer.echo(f"the job {job} has ended: {ended.lower()}", err=True)
        code = client.get_job_info(job).driver_exit_code  # what `run` left with
        raise typer.Exit(EXIT_INTERRUPTED if ended == "STOPPED" else code or EXIT_FAILED)
