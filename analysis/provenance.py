"""Where a table's numbers come from: which study, which runs, which code, when. Every file of a table carries it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analysis.table_model import Provenance, Row, Table
from runners.code_version import code_version
from search_space import TRAINING_CODE_VERSION

if TYPE_CHECKING:
    from runners.planning import Plan


def provenance(plan: Plan, table: Table, *, now: datetime | None = None) -> Provenance:
    """The provenance of a study's table.

    Args:
        plan: the plan of which the table was made.
        table: what `analysis.table.build_table` returned.
        now: when it was made; None for this moment.
    """
    moment = datetime.now(UTC) if now is None else now.astimezone(UTC)
    return Provenance(
        studies=((plan.expanded.study.name, study_fingerprint(plan)),),
        runs=runs_behind(table.rows),
        code=f"{code_version()}, training code {TRAINING_CODE_VERSION}",
        made=moment.isoformat(timespec="seconds"),
    )


def study_fingerprint(plan: Plan) -> str:
    """The identity of what a study trains: 64 hexadecimal digits, a SHA-256 over its trials' fingerprints, sorted.

    It changes with a trial that is added, removed or changed, and with the data and the version of the training code;
    labels, the table's columns and the order of the rows do not enter.
    """
    fingerprints = sorted({trial.fingerprint for trial in plan.trials})
    return hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()


def runs_behind(rows: Iterable[Row]) -> tuple[str, ...]:
    """The ids of all runs behind the cells of some rows, each once, in the order in which the table meets them."""
    return tuple(dict.fromkeys(run for row in rows for cell in row.cells for run in cell.runs))


def joined_provenance(parts: Sequence[Provenance], rows: Iterable[Row]) -> Provenance:
    """The provenance of a table that joins others, made when the last of them was.

    Args:
        parts: those of the tables, at least one.
        rows: of the joined table.
    """
    return Provenance(
        studies=tuple(study for part in parts for study in part.studies),
        runs=runs_behind(rows),
        code=", ".join(dict.fromkeys(part.code for part in parts)),
        made=max(part.made for part in parts),
    )
