"""What can be known of a point before it is trained: whether its network can be built, and what it costs.

Counted over the network's description (`blocks.count`), without torch, so that thousands of points are judged in
seconds.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from blocks import Counts, check_model, count
from runners.planning import batch_problems
from search_space import Constraint, ExpandedSearch, InputError, Point, Problem, TrialConfig
from search_space.conditions import contradictions
from search_space.dimensions import show_number
from search_space.keys import flatten
from search_space.metrics import LATENCY, METRICS

SAMPLE = 2000
"""How many points are tried where the space has more of them."""

Latency = Callable[[TrialConfig], float]
"""Milliseconds of one image through the network of a configuration."""


@dataclass(frozen=True)
class Verdict:
    """What is known of a configuration before it is trained.

    Attributes:
        counts: what its network costs; None if there can be no such network.
        figures: the counts by the names of metrics, and the latency in milliseconds where it was measured.
        violations: the constraints that do not hold, as text, each with how far the figure lies beyond the bound, as a
            part of the bound.
        problems: why there can be no such network or trial.
    """

    counts: Counts | None
    figures: Mapping[str, float] = field(default_factory=dict)
    violations: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether it may be trained."""
        return not self.violations and not self.problems


def judge(config: TrialConfig, constraints: Sequence[Constraint], latency: Latency | None = None) -> Verdict:
    """What is known of a configuration before it is trained.

    Args:
        config: the trial.
        constraints: with absolute bounds (`resolved`).
        latency: measures a network; None to leave constraints on the latency aside. It is asked for networks that
            satisfy all other constraints only, since it has to build them.

    Raises:
        ValueError: for a relative constraint.
    """
    problems = _problems(config)
    if problems:
        return Verdict(None, problems=tuple(problems))
    counts = count(config.model, config.data.resolution)
    figures = {name: float(value) for name, value in asdict(counts).items() if name in METRICS}
    violations = _violations(constraints, figures)
    if latency is not None and not violations:
        figures[LATENCY] = latency(config)
        violations = _violations(constraints, figures)
    return Verdict(counts, figures, violations)


def resolved(search: ExpandedSearch, latency: Latency | None = None) -> tuple[Constraint, ...]:
    """The search's constraints with absolute bounds: those relative to a variant have that variant's figure in them.

    Without `latency` constraints on the latency that are relative are left out: only who measures needs them.

    Raises:
        InputError: for a variant whose network cannot be built.
    """
    found: list[Constraint] = []
    problems: list[Problem] = []
    for constraint in search.constraints:
        if not constraint.is_relative or constraint.reference is None:
            found.append(constraint)
            continue
        if constraint.metric == LATENCY and latency is None:
            continue
        verdict = judge(constraint.reference, (), latency if constraint.metric == LATENCY else None)
        if verdict.problems:
            what = f"the network of '{constraint.reference_name}' cannot be built: {verdict.problems[0]}"
            problems.append(Problem(constraint.location, what, "refer to another variant"))
        else:
            found.append(constraint.relative_to(verdict.figures[constraint.metric]))
    if problems:
        raise InputError(problems)
    return tuple(found)


def check_feasible(search: ExpandedSearch) -> None:
    """Make sure that something can be trained: one point is enough.

    The first points are tried, then all points of a space that has few, or a random sample of one that has many. The
    latency is not measured.

    Raises:
        InputError: where none of these is feasible; it says which constraint binds, and how near a point came.
    """
    constraints = [each for each in resolved(search) if each.metric != LATENCY]
    judged: list[tuple[Point, Verdict]] = []
    first = [dict(point) for point in search.first]
    for point in (*first, *(point for point in _points(search) if dict(point) not in first)):
        verdict = judge(search.config(point), constraints)
        if verdict.feasible:
            return
        judged.append((point, verdict))
    raise InputError(_infeasible(search, constraints, judged))


def _problems(config: TrialConfig) -> list[str]:
    found = [what for _, what in contradictions(flatten(config))]
    return [*found, *check_model(config.model, config.data.resolution), *batch_problems(config)]


def _violations(constraints: Sequence[Constraint], figures: Mapping[str, float]) -> dict[str, float]:
    held = {str(each): each.violation(figures[each.metric]) for each in constraints if each.metric in figures}
    return {constraint: beyond for constraint, beyond in held.items() if beyond > 0}


def _has_few(search: ExpandedSearch) -> bool:
    return search.space.size is not None and search.space.size <= SAMPLE


def _points(search: ExpandedSearch) -> Iterator[Point]:
    """All points of a space that has few, or as many random ones, always the same."""
    if _has_few(search):
        yield from search.space.points()
        return
    rng = random.Random(search.seed)
    for _ in range(SAMPLE):
        yield search.space.random(rng)


def _infeasible(
    search: ExpandedSearch, constraints: Sequence[Constraint], judged: Sequence[tuple[Point, Verdict]]
) -> list[Problem]:
    few = _has_few(search)
    tried = f"none of the {search.space.size:,} points" if few else f"none of {SAMPLE:,} random points"
    built = [(point, verdict) for point, verdict in judged if verdict.counts is not None]
    if not built:
        ((reason, _),) = Counter(verdict.problems[0] for _, verdict in judged).most_common(1)
        what = f"{tried} of the space gives a network that can be built; most often since {reason}"
        where = search.study.document.value_location(("search", "space"))
        return [Problem(where, what, "take what cannot be built out of the space, or change the base under it")]
    alone = [each for each in constraints if _exclude(built, each)]
    if alone:
        return [_binding(search, each, tried, built) for each in alone]
    pairs = [pair for pair in itertools.combinations(constraints, 2) if _exclude(built, *pair)]
    if pairs:
        return [
            Problem(
                second.location,
                f"{tried} satisfies both '{first}' and '{second}', though some satisfy one; {_nearest(search, built)}",
                "loosen one of them, or widen the space",
            )
            for first, second in pairs
        ]
    what = f"{tried} satisfies all constraints at once, though any two are satisfied by some; {_nearest(search, built)}"
    return [Problem(constraints[0].location, what, "loosen a bound, or widen the space")]


def _exclude(built: Sequence[tuple[Point, Verdict]], *constraints: Constraint) -> bool:
    """Whether no point satisfies all of these constraints."""
    texts = {str(each) for each in constraints}
    return all(texts & verdict.violations.keys() for _, verdict in built)


def _nearest(search: ExpandedSearch, built: Sequence[tuple[Point, Verdict]]) -> str:
    """The point whose worst violation is the least, in words."""
    point, verdict = min(built, key=lambda pair: max(pair[1].violations.values()))
    shown = " and ".join(f"'{text}' violated by {100 * beyond:.2g}%" for text, beyond in verdict.violations.items())
    return f"the nearest, {search.label(point)}, has {shown}"


def _binding(
    search: ExpandedSearch, constraint: Constraint, tried: str, built: Sequence[tuple[Point, Verdict]]
) -> Problem:
    point, verdict = min(built, key=lambda pair: pair[1].violations[str(constraint)])
    figure = show_number(verdict.figures[constraint.metric])
    what = f"{tried} satisfies '{constraint}'; the nearest has {figure}: {search.label(point)}"
    return Problem(constraint.location, what, "loosen the bound, or widen the space")
