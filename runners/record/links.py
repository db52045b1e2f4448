"""Trials of other studies in a study's experiment, so that the experiment shows the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runners.planning import PlannedTrial
from runners.record import names
from runners.record.chosen import choose_runs
from runners.record.page import run_address
from runners.record.reading import read_links
from runners.record.recorded import RecordedTrial

if TYPE_CHECKING:
    from runners.record.writing import Record


def link_reused(
    record: Record,
    uri: str,
    experiment: str,
    parent: str,
    reused: Sequence[PlannedTrial],
    recorded: Sequence[RecordedTrial],
) -> int:
    """Give each reused trial that another study trained a short run in this study's experiment; gives how many.

    The run carries the settings and the last metrics of the original, and says which run that is. It is of a kind of
    its own: who reads trials never meets it. A trial that the experiment already shows is left alone.

    Args:
        record: the record.
        uri: its tracking URI.
        experiment: the study's experiment.
        parent: the launch's run.
        reused: trials that the record holds complete.
        recorded: every trial of the record.
    """
    chosen = choose_runs(recorded)
    shown = {run.fingerprint for run in recorded if run.experiment_id == experiment and run.state == "complete"}
    links = [link for link in read_links(uri) if link.experiment_id == experiment]
    for link in links:
        if not link.ended:  # whoever was writing it is gone; should it live, it ends it as complete after all
            record.close_open(link.run_id, "interrupted")
    shown |= {link.fingerprint for link in links if link.state == "complete"}
    made = 0
    for trial in reused:
        original = chosen.get(trial.fingerprint)
        if original is None or trial.fingerprint in shown:
            continue
        _link(record, experiment, parent, trial, original)
        shown.add(trial.fingerprint)
        made += 1
    return made


def _link(record: Record, experiment: str, parent: str, trial: PlannedTrial, original: RecordedTrial) -> None:
    address = run_address("", original.experiment_id, original.run_id).removeprefix("/")
    tags = {
        **names.grouping_tags(trial.variant.id, trial.seed, original.scale, original.settings),
        names.KIND: names.LINK_KIND,
        names.STUDY: original.study,
        names.SCALE: original.scale,
        names.VARIANT: trial.variant.id,
        names.LABEL: trial.variant.label,
        names.SEED: str(trial.seed),
        names.FINGERPRINT: trial.fingerprint,
        names.LAUNCH: parent,
        names.SETTINGS: dict(original.settings),
        names.PROVENANCE: dict(original.provenance),
        names.ORIGINAL: original.run_id,
        names.NOTE: f"Trained in the study {original.study}: [the original run]({address})",
    }
    run = record.start_run(experiment, trial.name, tags, parent)
    record.log_params(run, original.settings)
    record.log_epochs(run, [(int(original.metrics.get("epoch", 0)), original.metrics)])
    record.end_run(run, "complete")
