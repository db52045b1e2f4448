"""A report's contents as one HTML page that needs nothing but itself.

The templates escape whatever they are given; tables come escaped from `analysis.render.html`. A policy in the page
forbids the browser to load anything, and to run any script but the one that sorts tables.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from analysis.report.contents import Contents
from runners.record.page import run_address

if TYPE_CHECKING:
    from jinja2 import Environment

    from analysis.report.search import SearchContents
    from analysis.table_model import Table
    from runners.record.recorded import RecordedLaunch, RecordedTrial

_MOST_VALUES = 12
_MOST_SENTENCES = 14  # in sight; the others are folded away

HEADINGS = (
    ("question", "Question"),
    ("results", "Results"),
    ("statistics", "Statistics"),
    ("figures", "Figures"),
    ("settings", "Settings that differ"),
    ("networks", "Networks"),
    ("failures", "Failures"),
    ("provenance", "Provenance"),
)
"""The sections of a report: anchor and heading."""


SEARCH_HEADINGS = (
    ("question", "Question"),
    ("results", "Results"),
    ("figures", "Figures"),
    ("trials", "Trials"),
    ("failures", "Failures"),
    ("provenance", "Provenance"),
)
"""The sections of the report of a search."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A study on the index page: its report, or in `reason` why there is none."""

    study: str
    scale: str
    launched: datetime
    file: str | None = None
    title: str = ""
    trials: int = 0
    complete: int = 0
    failed: int = 0
    reason: str | None = None


def report_page(contents: Contents, tracking: str, *, served: bool) -> str:
    """The page of a report.

    Args:
        contents: what `analysis.report.contents.gather` gave.
        tracking: the address of MLflow's server, to which run ids are links.
        served: whether that server runs for itself; else it is the one that `hglab ui` starts.
    """
    tables = {
        "results": _html(contents.table),
        "compared": _html(contents.compared),
        "settings": _html(contents.settings),
        "networks": _html(contents.networks),
    }
    return _study_page(
        "report.html",
        contents,
        tracking,
        served=served,
        tables=tables,
        headings=HEADINGS,
        code=contents.provenance.code,
        variants=len(contents.table.rows),
        shown=_shown,
        most_sentences=_MOST_SENTENCES,
    )


def search_page(contents: SearchContents, tracking: str, *, served: bool) -> str:
    """The page of the report of a search.

    Args:
        contents: what `analysis.report.search.gather_search` gave.
        tracking: the address of MLflow's server, to which run ids are links.
        served: whether that server runs for itself; else it is the one that `hglab ui` starts.
    """
    from analysis.search.states import in_words

    return _study_page(
        "search.html",
        contents,
        tracking,
        served=served,
        tables={"results": _html(contents.table)},
        headings=SEARCH_HEADINGS,
        code=_code(),
        in_words=in_words,
        looks=_LOOKS.get,
    )


_LOOKS = {
    **{state: state for state in ("complete", "running", "interrupted", "failed")},
    **{"pruned": "interrupted", "waiting": "missing", "infeasible": "faint", "repeated": "faint"},
}
"""By which class of the style a state of a point is shown."""


def index_page(entries: Sequence[IndexEntry]) -> str:
    """The page that lists the reports of a folder."""
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return _environment().get_template("index.html").render(entries=entries, made=made, code=_code(), **_frame())


def _study_page(template: str, contents: Contents | SearchContents, tracking: str, *, served: bool, **rest: Any) -> str:
    """The page of a study or of a search: its contents, links to its runs, and what its own template needs besides."""

    def address(run: RecordedTrial | RecordedLaunch) -> str:
        return run_address(tracking.rstrip("/"), run.experiment_id, run.run_id)

    rest |= {"it": contents, "run_address": address, "served": served}
    return _environment().get_template(template).render(**rest, **_frame())


def _code() -> str:
    return f"hglab {version('hglab')}"


def _html(table: Table | None) -> Any:
    from markupsafe import Markup

    from analysis.render.html import to_html

    return Markup(to_html(table)) if table is not None else None


def _shown(values: Sequence[str]) -> str:
    """Values in words, the first of them where there are many."""
    more = len(values) - _MOST_VALUES
    return ", ".join(values[:_MOST_VALUES]) + (f" and {more} more" if more > 0 else "")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _frame() -> dict[str, Any]:
    """What every page has: style, script, and the policy that allows this script only."""
    from markupsafe import Markup

    style, script = _file("style.css"), _file("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return {"style": Markup(style), "script": Markup(script), "policy": policy, "moment": _moment}


@cache
def _file(name: str) -> str:
    return files("analysis.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined

    names = ("page.html", "study.html", "parts.html", "report.html", "search.html", "index.html")
    templates = {name: _file(name) for name in names}
    return Environment(
        loader=DictLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
