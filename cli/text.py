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
