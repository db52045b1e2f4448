from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from analysis.provenance import joined_provenance, provenance, runs_behind, study_fingerprint
from analysis.table_model import Provenance
from runners.code_version import code_version

NOON = datetime(2026, 3, 2, 12, 0, 0, 987, tzinfo=timezone(timedelta(hours=2)))


def test_what_stands_in_a_tables_provenance(sample_plan, sample_table) -> None:
    told = provenance(sample_plan, sample_table, now=NOON)
    fingerprints = sorted(f"fp-{variant.id}-{seed}" for variant in sample_plan.expanded.variants for seed in (0, 1))
    assert told.studies == (("sample", hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()),)
    assert told.made == "2026-03-02T10:00:00+00:00"
    assert told.code == f"{code_version()}, training code 1"
    # Complete trials only: neither the failed nor the running ones are behind a number.
    assert set(told.runs) == {f"run-{name}" for name in (
        "bottleneck/0", "bottleneck/1", "hierarchical/0", "hierarchical/1", "wider/0", "average/0", "average/1",
    )}  # fmt: skip
    assert len(told.runs) == len(set(told.runs))
    assert told.runs[:2] == ("run-bottleneck/0", "run-bottleneck/1")


def test_the_time_is_this_moment_unless_given(sample_plan, sample_table) -> None:
    made = datetime.fromisoformat(provenance(sample_plan, sample_table).made)
    assert made.tzinfo is not None
    assert abs((datetime.now(made.tzinfo) - made).total_seconds()) < 60


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda trials: tuple(reversed(trials)), True),
        (lambda trials: trials[1:], False),
        (lambda trials: (replace(trials[0], fingerprint="other"), *trials[1:]), False),
    ],
)
def test_a_studys_fingerprint_is_that_of_its_set_of_trials(sample_plan, change, same: bool) -> None:
    changed = replace(sample_plan, trials=change(sample_plan.trials))
    assert (study_fingerprint(changed) == study_fingerprint(sample_plan)) is same


def test_tables_joined(sample_table) -> None:
    parts = [
        Provenance((("a", "1"),), ("x",), "hglab 1, training code 1", "2026-03-02T10:00:00+00:00"),
        Provenance((("b", "2"),), ("y",), "hglab 1, training code 1", "2026-03-02T10:00:07+00:00"),
    ]
    told = joined_provenance(parts, sample_table.rows)
    assert told.studies == (("a", "1"), ("b", "2"))
    assert told.runs == runs_behind(sample_table.rows)
    assert told.code == "hglab 1, training code 1"
    assert told.made == "2026-03-02T10:00:07+00:00"
