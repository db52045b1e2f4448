"""The error that everything in this room raises for data that cannot be used."""

from __future__ import annotations


class DataError(ValueError):
    """Data that cannot be used: a missing folder, a file that does not decode, arrays of another shape.

    The message is complete on its own: what is wrong, in which file or field, and how to mend it.
    """
