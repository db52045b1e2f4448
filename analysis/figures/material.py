"""What a figure is drawn from, and how it says that it cannot be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.results import VariantResults
    from runners.job import Places
    from runners.planning import Plan, PlannedTrial
    from runners.predictions import Predictions
    from runners.record.recorded import RecordedTrial


class NothingToDraw(Exception):  # noqa: N818  # a result that a report shows in a sentence, not a fault
    """A figure has nothing to show; `str()` says why, `mend` what to do about it."""

    def __init__(self, why: str, mend: str | None = None) -> None:
        super().__init__(why)
        self.mend = mend


@dataclass(frozen=True)
class Material:
    """What figures are drawn from.

    Attributes:
        plan: what `runners.planning.plan_study` returned.
        recorded: the record's trials, of this study and of any other.
        places: where the record and the weights are.
        options: what the figure is told, laid over what the study's `figures:` says; names and types as in
            `search_space.figure_spec`. A figure that is drawn with others takes its own from the study alone.
    """

    plan: Plan
    recorded: Sequence[RecordedTrial]
    places: Places
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def results(self) -> Mapping[str, VariantResults]:
        """The trials of each variant, by its id, in the study's order."""
        from analysis.frame import trial_frame
        from analysis.results import variant_results

        return variant_results(self.plan, trial_frame(self.plan, self.recorded))

    @cached_property
    def by_name(self) -> Mapping[tuple[str, int], PlannedTrial]:
        """The planned trials by variant and seed."""
        return {(trial.variant.id, trial.seed): trial for trial in self.plan.trials}

    @cached_property
    def _read(self) -> dict[str, Predictions | str]:
        return {}

    def predictions(self, run: str) -> Predictions | str:
        """What a run predicted for the validation images, with errors of N x 16; or, in words, why it is not known.

        Raises:
            InputError: for a record that cannot be read.
        """
        if run not in self._read:
            self._read[run] = self._predictions(run)
        return self._read[run]

    def _predictions(self, run: str) -> Predictions | str:
        from runners.predictions import PREDICTIONS, read_predictions
        from runners.record.details import kept_file
        from tasks.skeleton import MPII_JOINTS

        file = kept_file(self.places.uri, run, PREDICTIONS, self.places.cache / "downloads", self.places.artifacts)
        if not isinstance(file, Path):
            return file or "no predictions are kept with it; --fresh trains again"
        try:
            found = read_predictions(file)
            if (landmarks := found.errors().shape[1]) != len(MPII_JOINTS):  # every figure may then take its errors
                raise ValueError(f"they are of {landmarks} landmarks, not the {len(MPII_JOINTS)} of a pose")
        except ValueError as error:
            return f"its predictions cannot be used ({error}); --fresh trains again"
        return found
