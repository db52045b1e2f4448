"""Constraints: how they are written, when they hold, and by how much they do not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.constraints import CONSTRAINABLE, OPERATORS, Constraint, parse_constraint


@pytest.mark.parametrize(
    ("text", "metric", "operator", "bound", "reference", "shown"),
    [
        ("params <= 6.3e6", "params", "<=", 6.3e6, None, "params <= 6.3e6"),
        ("params<=6300000", "params", "<=", 6.3e6, None, "params <= 6.3e6"),
        ("  binary_macs  <  8.1e9  ", "binary_macs", "<", 8.1e9, None, "binary_macs < 8.1e9"),
        ("real_macs >= 5", "real_macs", ">=", 5, None, "real_macs >= 5"),
        ("size_bytes>1e5", "size_bytes", ">", 1e5, None, "size_bytes > 1e5"),
        ("latency_ms <= 12.5", "latency_ms", "<=", 12.5, None, "latency_ms <= 12.5"),
        ("params <= 1.0 x other/a", "params", "<=", 1, "other/a", "params <= 1 x other/a"),
        ("params <= 0.5x other/a=1,b", "params", "<=", 0.5, "other/a=1,b", "params <= 0.5 x other/a=1,b"),
        ("params <= 2 * t_2/wider", "params", "<=", 2, "t_2/wider", "params <= 2 x t_2/wider"),
    ],
)  # fmt: skip
def test_what_a_study_writes(text: str, metric: str, operator: str, bound: float, reference, shown: str) -> None:
    constraint = parse_constraint(text)
    assert (constraint.metric, constraint.operator, constraint.bound) == (metric, operator, bound)
    assert constraint.reference_name == reference
    assert constraint.is_relative == (reference is not None)
    assert str(constraint) == shown
    assert parse_constraint(str(constraint)) == constraint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no constraint; write METRIC <= NUMBER"),
        ("params", "'params' is no constraint"),
        ("params <=", "'params <=' is no constraint"),
        ("<= 6", "is no constraint"),
        ("params <= 6 7", "is no constraint"),
        ("6e6 >= params", "unknown metric '6e6'"),
        ("parms <= 6e6", "unknown metric 'parms'; did you mean 'params'?"),
        ("pckh >= 80", "pckh is known only once a trial is trained; constraints are over params, binary_macs"),
        ("seconds <= 80", "seconds is known only once a trial is trained"),
        ("params = 6e6", "'=' is no bound; use one of <=, >=, <, >"),
        ("params == 6e6", "'==' is no bound"),
        ("params =< 6e6", "'=<' is no bound"),
        ("params <= six", "'six' is no number"),
        ("params <= true", "'true' is no number"),
        ("params <= 6M", "'6M' is no number"),
        ("params <= 1_000", "'1_000' is no number"),
        ("params <= .nan", "the bound must be a number above 0"),
        ("params <= .inf", "the bound must be a number above 0"),
        ("params <= 0", "the bound must be a number above 0"),
        ("params <= -3", "the bound must be a number above 0"),
        ("params <= 1 x wider", "is no constraint"),
        ("params <= 1 x table2/a/b", "'table2/a/b' names no variant; write STUDY/VARIANT"),
        ("params <= other/a", "'other/a' is no number; write METRIC <= NUMBER"),
    ],
)
def test_what_is_none(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the message is the point
        parse_constraint(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "value", "violation"),
    [
        ("params <= 100", 100, 0),
        ("params <= 100", 110, 0.1),
        ("params <= 100", 0, 0),
        ("params < 100", 99, 0),
        ("params < 100", 150, 0.5),
        ("params >= 100", 100, 0),
        ("params >= 100", 75, 0.25),
        ("params > 100", 101, 0),
        ("params <= 100", math.inf, math.inf),
        ("params <= 100", math.nan, math.inf),
        ("params >= 100", math.nan, math.inf),
    ],
)
def test_violations(text: str, value: float, violation: float) -> None:
    constraint = parse_constraint(text)
    assert constraint.violation(value) == pytest.approx(violation)
    assert constraint.holds(value) == (violation == 0)


@pytest.mark.parametrize("operator", ["<", ">"])
def test_a_strict_bound_is_violated_at_the_bound(operator: str) -> None:
    assert 0 < parse_constraint(f"params {operator} 100").violation(100) < 1e-9


@given(
    st.sampled_from(CONSTRAINABLE),
    st.sampled_from(sorted(OPERATORS)),
    st.floats(1e-3, 1e12),
    st.floats(0, 1e12),
)
def test_a_violation_is_zero_where_the_constraint_holds_and_only_there(metric, operator, bound, value) -> None:
    constraint = Constraint(metric, operator, bound)
    assert (constraint.violation(value) == 0) == constraint.holds(value)
    assert constraint.violation(value) >= 0


def test_a_relative_constraint_waits_for_its_figure() -> None:
    relative = parse_constraint("params <= 0.5 x other/a")
    with pytest.raises(ValueError, match="no absolute bound yet"):
        relative.holds(3)
    with pytest.raises(ValueError, match="no absolute bound yet"):
        relative.violation(3)
    absolute = relative.relative_to(6_000_000)
    assert not absolute.is_relative
    assert absolute.holds(3e6)
    assert absolute.violation(4.5e6) == pytest.approx(0.5)
    assert str(absolute) == "params <= 0.5 x other/a (3e6)"


def test_constraints_that_differ_little_are_told_apart() -> None:
    assert str(parse_constraint("params <= 6236560")) == "params <= 6.23656e6"
    assert str(parse_constraint("params <= 6236561")) == "params <= 6.236561e6"
