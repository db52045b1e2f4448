"""Small pieces of text for people."""

from __future__ import annotations

import pytest

from cli.text import duration, quantity


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (4.2, "4.2 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (75, "1 min 15 s"),
        (3720, "1 h 2 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (9_994, "9.99 k"),
        (9_996, "10.0 k"),
        (99_960, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (6_236_560, "6.24 M"),
        (8_043_000_000, "8.04 G"),
        (3 * 10**15, "3000 T"),
    ],
)
def test_quantities(number: int, text: str) -> None:
    assert quantity(number) == text
