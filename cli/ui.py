"""`hglab ui`: MLflow in the browser, on the record."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_RUNS, EXIT_FAILED, Runs, Storage, TrackingUri, guarded

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

    from runners.record.recorded import RecordedLaunch
    from search_space import InputError

_PATIENCE_S = 120


@guarded
def ui(
    runs: Runs = DEFAULT_RUNS,
    tracking_uri: TrackingUri = None,
    search: Annotated[
        bool, typer.Option("--search", help="Open optuna-dashboard on the searches instead (extra `dashboard`).")
    ] = False,
    storage: Storage = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; 0 takes a free one.", show_default="5000; with --search 8080"),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others can reach you if it is not 127.0.0.1.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open MLflow on the record: an experiment per study, a run per launch, a run per trial below it. Ends with Ctrl-C.

    The page opens with the last launched study: its trials grouped by variant, with the settings in which they differ.
    `Views` on the page has more: all trials, all launches. The second address shows the learning curves.

    With --search it is optuna-dashboard on the storage of the searches: their history, fronts, importances. It can
    delete searches and asks for no password, so leave --host at 127.0.0.1 where others could reach it.

    Example: hglab ui --port 5001

    Example: hglab ui --search
    """
    from runners.job import Places
    from runners.record.reading import connect, local_database, read_launches
    from search_space import InputError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server ends with this process
    places = Places.below(runs, tracking_uri)
    if search:
        from cli.dashboard import show_dashboard
        from runners.search.opening import storage_url

        port = 8080 if port is None else port
        if port and _answers(host, port):
            raise _taken(port)
        show_dashboard(storage_url(places, storage), host, port, browser)
        return
    database = local_database(places.uri)
    if database is not None and not database.exists():
        raise InputError.at(
            str(database), "there is no record yet", "run a study first, or name its folder with --runs"
        )
    launches = read_launches(places.uri)
    if places.uri.startswith(("http://", "https://")):
        base = places.uri.rstrip("/")  # its server runs already
        _show(base, launches, _give_views(connect(places.uri), places.uri, launches), browser)
        return
    port = free_port(host) if port == 0 else 5000 if port is None else port
    if _answers(host, port):
        raise _taken(port)
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        places.uri,
        "--host",
        host,
        "--port",
        str(port),
    ]
    command += ["--workers", "1", "--artifacts-destination", places.artifacts.as_uri()]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115  it lives as long as the server; a pipe that nobody reads would fill up and stop the server
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=complaints, text=True, start_new_session=True
    )
    try:
        typer.echo("starting MLflow (about 10 s) ...", err=True)
        base = f"http://{host}:{port}"
        client = connect(base)  # imports MLflow, which takes seconds: while the server does so, too
        _wait(server, host, port, complaints)
        _show(base, launches, _give_views(client, places.uri, launches), browser)
        typer.echo("End it with Ctrl-C.")
        server.wait()
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
    finally:
        _stop(server)


def _give_views(client: MlflowClient, record: str, launches: Sequence[RecordedLaunch]) -> bool:
    """Give the page of every study its views (`runners.record.page`); says whether the server took them."""
    from mlflow.exceptions import MlflowException

    from runners.record.page import experiment_views
    from runners.record.reading import read_links, read_trials

    shown = [*read_trials(record), *read_links(record)]
    try:
        for experiment in {launch.experiment_id for launch in launches}:
            views = experiment_views([trial for trial in shown if trial.experiment_id == experiment])
            known = client.get_experiment(experiment).tags
            for tag, view in views.items():
                if known.get(tag) != view:
                    client.set_experiment_tag(experiment, tag, view)
    except MlflowException as error:
        typer.echo(f"the pages open without hglab's columns: {str(error).splitlines()[0]}", err=True)
        return False
    return True


def _show(base: str, launches: Sequence[RecordedLaunch], views: bool, browser: bool) -> None:
    """Print the addresses, and open the first: the page of the study that was launched last."""
    from runners.record.page import VARIANTS, page_address

    page = f"{base}/#/experiments"
    if launches:
        page = page_address(base, launches[-1].experiment_id, VARIANTS if views else None)
    typer.echo(f"MLflow: {page}")
    if launches:
        typer.echo(f"curves: {page}&compareRunsMode=CHART")
    others = {launch.study: launch.experiment_id for launch in launches}
    for study, experiment in sorted(others.items()):
        if experiment != launches[-1].experiment_id:
            typer.echo(f"{study}: {page_address(base, experiment, VARIANTS if views else None)}")
    if browser and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(page)


def _wait(server: subprocess.Popen[str], host: str, port: int, complaints: IO[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            complaints.seek(0)
            said = complaints.read().strip().splitlines()
            typer.echo("MLflow's server ended: " + (said[-1] if said else f"exit code {server.returncode}"), err=True)
            raise typer.Exit(EXIT_FAILED)
        if _answers(host, port):
            return
        time.sleep(0.2)
    typer.echo(f"MLflow's server did not answer within {_PATIENCE_S} s", err=True)
    raise typer.Exit(EXIT_FAILED)


def _taken(port: int) -> InputError:
    from search_space import InputError

    return InputError.at(f"--port {port}", "something listens there already", f"try --port {port + 1} or --port 0")


def _answers(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health", timeout=1) as answer:
            return bool(answer.status)
    except (urllib.error.HTTPError, http.client.HTTPException):  # something else that listens there
        return True
    except OSError:
        return False


def free_port(host: str) -> int:
    """A TCP port of this machine that nobody listens on at this moment. Raises InputError for a host that is none."""
    from search_space import InputError

    try:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    except OSError as error:
        why = f"cannot listen there ({error.strerror or error})"
        raise InputError.at(f"--host {host}", why, "127.0.0.1 is this machine alone") from None


def _stop(server: subprocess.Popen[str]) -> None:
    """End the server and the processes that it started."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        if server.poll() is None:
            os.killpg(server.pid, end)
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
