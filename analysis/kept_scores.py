"""The figures of single images from the predictions that the record keeps, trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.image_errors import ImageScores, image_scores
from analysis.results import SeedResult, VariantResults, name_seeds
from runners.predictions import PREDICTIONS, read_predictions
from runners.record.details import KeptFile, kept_files

if TYPE_CHECKING:
    from runners.job import Places

NO_PREDICTIONS = "recorded without predictions; --fresh trains again"


@dataclass(frozen=True)
class KeptScores:
    """The scores of a variant by seed, and for each complete seed that has none, why."""

    scores: Mapping[int, ImageScores]
    lacks: Mapping[int, str]

    def on(self, images: ImageScores) -> KeptScores:
        """The same on these images only: a seed that was measured on others lacks its scores."""
        others = {seed for seed, scores in self.scores.items() if not scores.pairs_with(images)}
        return KeptScores(
            {seed: scores for seed, scores in self.scores.items() if seed not in others},
            {**self.lacks, **dict.fromkeys(others, "measured on other images")},
        )

    @property
    def lack(self) -> str | None:
        """Which complete seeds have no scores and why, in words."""
        by_reason: dict[str, list[int]] = {}
        for seed in sorted(self.lacks):
            by_reason.setdefault(self.lacks[seed], []).append(seed)
        return "; ".join(f"{name_seeds(seeds)} {reason}" for reason, seeds in by_reason.items()) or None


def kept_scores(result: VariantResults, metric: str, places: Places) -> KeptScores:
    """The scores of a variant's complete trials for a metric of `analysis.image_errors.PER_IMAGE`.

    Raises:
        InputError: for a record that cannot be read.
    """
    scores: dict[int, ImageScores] = {}
    lacks: dict[int, str] = {}
    runs = [trial.run_id for trial in result.complete if trial.run_id]
    files = kept_files(places.uri, runs, PREDICTIONS, places.cache / "downloads", places.artifacts)
    for trial in result.complete:
        found = _scores_of(trial, metric, files.get(trial.run_id or ""))
        if isinstance(found, str):
            lacks[trial.seed] = found
        else:
            scores[trial.seed] = found
    return KeptScores(scores, lacks)


def reference_images(kept: Sequence[KeptScores]) -> ImageScores | None:
    """The images on which variants are compared: those of the first trial that has any, of the first variant first."""
    return next((scores for each in kept for scores in each.scores.values()), None)


def _scores_of(trial: SeedResult, metric: str, file: KeptFile) -> ImageScores | str:
    """The scores of a complete trial from its predictions, or in words why there are none."""
    if not isinstance(file, Path):
        return f"without predictions: {file}" if file else NO_PREDICTIONS
    try:
        scores = image_scores(read_predictions(file), metric)
    except ValueError as error:
        return f"has predictions that cannot be used: {error}"
    if scores.value != scores.value:
        return "has no annotated joint"
    # Kept in float32 a joint at the very edge may be judged otherwise; more than two are not of this trial.
    recorded = trial.value(metric)
    if recorded is not None and abs(recorded - scores.value) > 2.5 * scores.step:
        return f"has predictions that give {scores.value:.2f}, not the {recorded:.2f} recorded"
    return scores
