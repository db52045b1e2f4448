"""What a search's space is like before anything trains: which share of its points a constraint rejects."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from search_space.metrics import LATENCY

if TYPE_CHECKING:
    from runners.planning import PlannedTrial
    from runners.record.recorded import RecordedTrial
    from runners.search.feasibility import Verdict
    from search_space import ExpandedSearch, Point

MOST = 500
"""So many points are looked at: counting a network takes a millisecond."""


@dataclass(frozen=True)
class Survey:
    """What some points of a space are like, or all of them.

    Attributes:
        looked_at: how many points.
        whole: whether these are all points of the space; else they were drawn at random.
        feasible: how many of them can be built and break no constraint that follows from the network's counts.
        unbuildable: how many networks cannot be built.
        rejected: how many points break each constraint, by the constraint's text; one point may break several.
        measured: constraints on what is measured (the latency), which were not looked at.
        params: fewest and most parameters of the feasible points; None if there are none.
        seconds: estimated training of a feasible point, in the mean; None where the record tells nothing.
    """

    looked_at: int
    whole: bool
    feasible: int
    unbuildable: int
    rejected: Mapping[str, int]
    measured: tuple[str, ...]
    params: tuple[int, int] | None
    seconds: float | None


def survey(search: ExpandedSearch, recorded: Sequence[RecordedTrial], most: int = MOST) -> Survey:
    """Look at all points of a small space, or at some of a large one, always the same.

    Args:
        search: the search.
        recorded: the record's trials, from which time is estimated.
        most: a space of more points is sampled.

    Raises:
        InputError: for a constraint relative to a variant whose network cannot be built.
    """
    from runners.search.feasibility import judge, resolved

    space = search.space
    constraints = resolved(search)
    whole = space.size is not None and space.size <= most
    generator = random.Random(search.seed)
    points = list(islice(space.points(), most)) if whole else [space.random(generator) for _ in range(most)]
    verdicts = [(point, judge(search.config(point), constraints)) for point in points]
    feasible = [(point, verdict) for point, verdict in verdicts if verdict.feasible]
    broken = Counter(text for _, verdict in verdicts for text in verdict.violations)
    sizes = [int(verdict.figures["params"]) for _, verdict in feasible]
    return Survey(
        looked_at=len(points),
        whole=whole,
        feasible=len(feasible),
        unbuildable=sum(bool(verdict.problems) for _, verdict in verdicts),
        rejected={str(each): broken[str(each)] for each in constraints if each.metric != LATENCY},
        measured=tuple(str(each) for each in search.constraints if each.metric == LATENCY),
        params=(min(sizes), max(sizes)) if sizes else None,
        seconds=_mean_seconds(search, feasible, recorded),
    )


def _mean_seconds(
    search: ExpandedSearch, feasible: Sequence[tuple[Point, Verdict]], recorded: Sequence[RecordedTrial]
) -> float | None:
    """The mean of the estimated seconds of points that are trained to their end."""
    from runners.estimate import estimate_seconds

    trials, counts = [], {}
    for number, (point, verdict) in enumerate(feasible):
        if verdict.counts is not None:
            trial = _trial(search, point, number)
            trials.append(trial)
            counts[trial.variant.id] = verdict.counts
    total = estimate_seconds(trials, counts, recorded) if trials else None
    return None if total is None else total / len(trials)


def _trial(search: ExpandedSearch, point: Point, number: int) -> PlannedTrial:
    """A point as a trial whose time can be estimated: one without an identity."""
    from runners.planning import PlannedTrial
    from search_space import Location, Trial, Variant

    config = search.config(point)
    where = Location(str(search.study.path))
    variant = Variant(f"p{number}", search.label(point), False, None, dict(point), config, where)
    return PlannedTrial(Trial(variant, config.seed, config), fingerprint="", data_version="")
