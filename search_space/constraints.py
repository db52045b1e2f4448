"""Constraints of a search: what a network may cost, known before it is trained.

`params <= 6.3e6`, or relative to a variant of a study at the same scale, `params <= 1.0 x table2_blocks/hierarchical`.
"""

from __future__ import annotations

import math
import operator
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from search_space.config import TrialConfig
from search_space.dimensions import NOWHERE, show_number
from search_space.metrics import LATENCY as LATENCY
from search_space.metrics import METRICS
from search_space.problems import Location, did_you_mean
from search_space.yaml_loader import parse_scalar

CONSTRAINABLE = (*(name for name, metric in METRICS.items() if metric.counted), LATENCY)
"""What a constraint may be over: counts, and the latency that is measured before a trial begins."""

OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
)
_FORM = re.compile(r"\s*(?P<metric>[\w.]+)\s*(?P<operator><=|>=|<|>|==?|=<|=>|!=)\s*(?P<bound>[^\s<>=]\S*?)"
                   r"(?:\s*[x*]\s*(?P<reference>[A-Za-z]\S*/\S+))?\s*\Z")  # fmt: skip
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_.=,+-]*\Z")
_HINT = 'write METRIC <= NUMBER, as in "params <= 6.3e6", or METRIC <= NUMBER x STUDY/VARIANT'


@dataclass(frozen=True)
class Constraint:
    """A bound on a figure of the network.

    Attributes:
        metric: one of `CONSTRAINABLE`.
        operator: one of `OPERATORS`.
        bound: in the metric's own unit; of a relative constraint the factor, until `relative_to` has made it absolute.
        location: where the constraint stands in the study.
        reference_name: `STUDY/VARIANT` whose figure the bound is a multiple of; None for an absolute bound.
        reference: the configuration of that variant; None for an absolute bound.
    """

    metric: str
    operator: str
    bound: float
    location: Location = field(default=NOWHERE, compare=False)
    reference_name: str | None = None
    reference: TrialConfig | None = field(default=None, repr=False)
    factor: float | None = None

    @property
    def is_relative(self) -> bool:
        """Whether the bound still waits for the figure of the variant that it is a multiple of."""
        return self.reference_name is not None and self.factor is None

    def relative_to(self, figure: float) -> Constraint:
        """The constraint with an absolute bound, where the variant that it refers to has this figure."""
        return replace(self, bound=self.bound * figure, factor=self.bound)

    def holds(self, value: float) -> bool:
        """Whether a network with this figure may be trained.

        Raises:
            ValueError: for a relative constraint that nothing has made absolute.
        """
        if self.is_relative:
            raise ValueError(f"'{self}' has no absolute bound yet: runners.search.feasibility.resolved gives it one")
        return OPERATORS[self.operator](value, self.bound)

    def violation(self, value: float) -> float:
        """How far a figure lies beyond the bound, as a part of the bound: 0 where it holds, 0.1 for a tenth too much.

        Above 0 wherever it does not hold. Raises ValueError as `holds`.
        """
        if self.holds(value):
            return 0.0
        beyond = abs(value - self.bound) / abs(self.bound)
        return math.inf if math.isnan(beyond) else max(beyond, sys.float_info.epsilon)

    def __str__(self) -> str:
        if self.reference_name is None:
            return f"{self.metric} {self.operator} {show_number(self.bound, 15)}"
        factor = self.bound if self.factor is None else self.factor
        absolute = "" if self.factor is None else f" ({show_number(self.bound)})"
        return f"{self.metric} {self.operator} {show_number(factor)} x {self.reference_name}{absolute}"


def parse_constraint(text: str, location: Location = NOWHERE) -> Constraint:
    """The constraint that a study writes. The variant of a relative one is named, not yet resolved.

    >>> str(parse_constraint("params<=6300000"))
    'params <= 6.3e6'

    Raises:
        ValueError: for a text that is none; the message says what, then "; " and how to mend it.
    """
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"'{text}' is no constraint; {_HINT}")
    metric, sign, number, reference = match.group("metric", "operator", "bound", "reference")
    if metric not in METRICS:
        raise ValueError(f"'{text}': unknown metric '{metric}'; {did_you_mean(metric, CONSTRAINABLE)}")
    if metric not in CONSTRAINABLE:
        known = ", ".join(CONSTRAINABLE)
        raise ValueError(f"'{text}': {metric} is known only once a trial is trained; constraints are over {known}")
    if sign not in OPERATORS:
        raise ValueError(f"'{text}': '{sign}' is no bound; use one of {', '.join(OPERATORS)}")
    bound = parse_scalar(number)
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        raise ValueError(f"'{text}': '{number}' is no number; {_HINT}")
    if not (math.isfinite(bound) and bound > 0):
        raise ValueError(f"'{text}': the bound must be a number above 0; {_HINT}")
    if reference is not None and not _REFERENCE.match(reference):
        raise ValueError(f"'{text}': '{reference}' names no variant; write STUDY/VARIANT, as in table2_blocks/wider")
    return Constraint(metric, sign, float(bound), location, reference)
