"""Small pieces of text for people."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A length of time, to two units.

    >>> [duration(seconds) for seconds in (4.2, 75, 3720, 200000)]
    ['4.2 s', '1 min 15 s', '1 h 2 min', '2 d 7 h']
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def quantity(number: int) -> str:
    """A count to three digits, with a unit prefix: k, M, G, T.

    >>> [quantity(number) for number in (0, 999, 9472, 6_236_560, 8_043_000_000)]
    ['0', '999', '9.47 k', '6.24 M', '8.04 G']
    """
    if number < 1000:
        return f"{number}"
    scaled, prefix = float(number), ""
    for next_prefix in ("k", "M", "G", "T"):
        if round(scaled, 2 if scaled < 10 else 1 if scaled < 100 else 0) < 1000:
            break
        scaled, prefix = scaled / 1000, next_prefix
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{digits}f} {prefix}"
