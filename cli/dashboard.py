"""`hglab ui --search`: optuna-dashboard in the browser, on the storage of the searches."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import typer

from search_space import InputError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

EXTRA = "dashboard"
_LOCAL = {"127.0.0.1", "localhost", "::1"}


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each question, so that a slow one holds up no other."""

    daemon_threads = True


class _Silent(WSGIRequestHandler):
    """Keeps the terminal for what concerns its reader."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of questions that were answered."""


def show_dashboard(storage: str, host: str, port: int, browser: bool) -> None:
    """Serve optuna-dashboard until the user ends it.

    Raises:
        InputError: without the package, for a storage that does not open or holds no search, for a host or a port on
            which one cannot listen.
    """
    if find_spec("optuna_dashboard") is None:
        hint = f"pip install 'hglab[{EXTRA}]', or from a checkout: pip install -e '.[{EXTRA}]'"
        raise InputError.at("--search", "needs optuna-dashboard, which is not installed", hint)
    searches = _searches(storage)
    from optuna_dashboard import wsgi

    application: Any = wsgi(storage)
    try:
        server = make_server(host, port, only_from(host, application), _Server, _Silent)
    except OSError as error:
        what = f"cannot listen there ({error.strerror or error})"
        raise InputError.at(f"--host {host} --port {port}", what, "try --port 0") from None
    base = f"http://{host}:{server.server_address[1]}"
    with server:
        typer.echo(f"optuna-dashboard: {base}/dashboard")
        for name, number in searches.items():
            typer.echo(f"{name}: {base}/dashboard/studies/{number}")
        typer.echo("End it with Ctrl-C.")
        if browser and sys.stdout.isatty():
            import webbrowser

            webbrowser.open(f"{base}/dashboard")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)


def only_from(host: str, application: WSGIApplication) -> WSGIApplication:
    """An application that answers nobody but those who call it by its own address.

    The dashboard asks for no password and can delete studies. A page from elsewhere that has its own name resolve to
    this machine (DNS rebinding) would be such a caller; its name stands in `Host`. Where the server listens to others
    than this machine, its user has chosen so, under names that are not known here.
    """
    if host not in _LOCAL:
        return application

    def guarded(environment: WSGIEnvironment, start: StartResponse) -> Any:
        if urlsplit(f"//{environment.get('HTTP_HOST', '')}").hostname not in _LOCAL:
            start("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"this server answers to 127.0.0.1 and localhost only\n"]
        return application(environment, start)

    return guarded


def _searches(storage: str) -> dict[str, int]:
    """The searches of a storage by name, the latest first, with the dashboard's numbers for them.

    Raises:
        InputError: for a storage that is not there, or cannot be read. The dashboard would make a new one.
    """
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        url = make_url(storage)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            hint = "search first (hglab search STUDY), or name it with --runs or --storage"
            raise InputError.at(url.database or storage, "there is no storage of searches yet", hint)
        opened = optuna.storages.get_storage(storage)
        studies = opened.get_all_studies()
        return {each.study_name: opened.get_study_id_from_name(each.study_name) for each in reversed(studies)}
    except (SQLAlchemyError, RuntimeError, ImportError) as error:  # ImportError: no driver for this database
        why = str(error).strip().splitlines()[0]
        raise InputError.at("--storage", f"the storage of searches cannot be read ({why})") from None
