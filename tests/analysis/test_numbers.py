from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.numbers import NumberFormat, choose_format, decimals
from search_space.metrics import CountFormat


@pytest.mark.parametrize(
    ("kind", "values", "digits", "value", "text"),
    [
        ("millions", [6_237_456], None, 6_237_456, "6.24 M"),
        ("millions", [6_237_456, 3_500_000], 1, 3_500_000, "3.5 M"),
        ("millions", [89_000, 154_000], None, 154_000, "0.154 M"),
        ("millions", [1_000], None, 1_000, "0.0010 M"),
        ("giga", [2_460_000_000], None, 2_460_000_000, "2.46 G"),
        ("giga", [4_200_000], None, 4_200_000, "0.0042 G"),
        ("giga", [0, 2_460_000_000], None, 0, "0.00 G"),
        ("megabytes", [1_900_000], None, 1_900_000, "1.9 MB"),
        ("megabytes", [62_000], None, 62_000, "0.062 MB"),
        ("seconds", [48.2], None, 48.2, "48 s"),
        ("seconds", [4.82], None, 4.82, "4.8 s"),
        ("seconds", [48.2, 900], None, 900, "15.00 min"),
        ("seconds", [3000, 9000], None, 9000, "150.0 min"),
        ("seconds", [10_800], None, 10_800, "3.0 h"),
        ("percent", [76.04], None, 76.04, "76.0"),
        ("percent", [76.04], 2, 76.04, "76.04"),
        ("percent", [0.01], None, 0.01, "0.0"),
        ("number", [0.012345], None, 0.012345, "0.0123"),
        ("number", [812.3], None, 812.3, "812"),
        ("number", [6_237_456], None, 6_237_456, "6,237,456"),
        ("number", [], None, 1.5, "2"),
        ("millionths", [1.23e-5, 8e-4], None, 1.23e-5, "12.3 ×10⁻⁶"),
    ],
)
def test_format_of_a_column(
    kind: CountFormat, values: list[float], digits: int | None, value: float, text: str
) -> None:
    assert choose_format(kind, values, digits).text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.94, "+5.9"), (-5.94, "−5.9"), (0.0, "0.0"), (0.04, "0.0"), (-0.04, "0.0"), (0.06, "+0.1"), (-0.06, "−0.1")],
)
def test_signs_of_differences(value: float, text: str) -> None:
    assert NumberFormat("", 1.0, 1, signed=True).text(value) == text


def test_deviation_has_the_digits_and_unit_of_its_mean() -> None:
    assert NumberFormat("", 1.0, 1).text(76.04, 0.4243) == "76.0 ± 0.4"
    assert NumberFormat("", 1.0, 2).text(76.04, 0.4243) == "76.04 ± 0.42"
    assert NumberFormat("min", 60.0, 1).text(726, 18) == "12.1 ± 0.3 min"


@given(st.floats(-1e5, 1e5), st.integers(0, 4))
def test_what_is_judged_is_what_is_printed(value: float, digits: int) -> None:
    column = NumberFormat("", 1.0, digits)
    printed = column.text(value).replace(",", "").replace("−", "-")
    assert column.rounded(value) == Decimal(printed)
    assert not printed.startswith("-0") or column.rounded(value) < 0


@pytest.mark.parametrize(
    ("values", "expected"), [([76.0, 72.7], 1), ([25.0, 6.0], 0), ([], 0), ([0.125, 2], 3), ([1e-7], 7)]
)
def test_decimals_as_written(values: list[float], expected: int) -> None:
    assert decimals(values) == expected
